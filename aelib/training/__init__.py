"""Training: an NNX face over a pure, compiled step.

``fit`` trains one model, ``sweep`` several side by side in one compiled call. Both minimise the
same objective, written down once in ``_problem.objective``, with the same step, ``_loop.advance``.
"""

from aelib.training._corruption import hide as hide
from aelib.training._errors import TrainingDiverged as TrainingDiverged
from aelib.training._errors import TrainingInterrupted as TrainingInterrupted
from aelib.training._fit import fit as fit
from aelib.training._progress import NoProgress as NoProgress
from aelib.training._progress import Progress as Progress
from aelib.training._progress import ProgressBar as ProgressBar
from aelib.training._results import FitResult as FitResult
from aelib.training._results import History as History
from aelib.training._results import SweepResult as SweepResult
from aelib.training._sweep import sweep as sweep

__all__ = [
    "FitResult",
    "History",
    "NoProgress",
    "Progress",
    "ProgressBar",
    "SweepResult",
    "TrainingDiverged",
    "TrainingInterrupted",
    "fit",
    "hide",
    "sweep",
]

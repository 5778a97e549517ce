"""Training: an NNX face over a pure, compiled loop.

``fit`` trains one model, ``sweep`` many side by side. A batch takes the same way in both, through
one module after the other. ``_fit`` or ``_sweep`` has its arguments checked by ``_settings`` and
``_examples`` and calls ``_train``, which asks ``_compile`` for a program and runs it from tick to
tick. In the program a ``_tick`` draws batches for the ``_kernel``, which takes the optimizer's
steps on the ``_objective`` of what ``_corruption`` leaves of a batch. ``_results``, ``_errors`` and
``_progress`` say what came of it, ``_keep`` and ``_load`` keep it in a file. Only a sweep has
``_runs``, whose models ``_padding`` makes equally large.
"""

from aelib.training._corruption import hide as hide
from aelib.training._errors import TrainingDiverged as TrainingDiverged
from aelib.training._errors import TrainingInterrupted as TrainingInterrupted
from aelib.training._fit import fit as fit
from aelib.training._load import load as load
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
    "load",
    "sweep",
]

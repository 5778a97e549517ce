"""How wide a bottleneck should be, and what its numbers cost in bits.

Three questions. *Which size?* :func:`pca_error_budget` splits the error against a clean signal
into signal lost and noise kept, :func:`predicted_error_budget` and :func:`retention_threshold` say
where the least of it is. *Memorized?*
:func:`memorization`, :func:`noise_gain`, :func:`effective_dimension`. *How many bits?*
:func:`reverse_water_filling` is the least rate for a Gaussian source; :class:`Quantizer`,
:class:`CodeModel` and :func:`rate_curve` measure what a code takes, and
:class:`ReconstructionAxes` are coordinates in which it takes little. Rates are in nats.

Example:
    >>> import aelib
    >>> from aelib.lab import rate_distortion
    >>> budget = rate_distortion.predicted_error_budget([9.0, 4.0, 0.5, 0.1], 1.0, range(5))
    >>> budget.best  # components worth retaining under noise of variance 1
    2
"""

from aelib.lab.rate_distortion._code_model import CodeModel as CodeModel
from aelib.lab.rate_distortion._curve import RateCurve as RateCurve
from aelib.lab.rate_distortion._curve import rate_curve as rate_curve
from aelib.lab.rate_distortion._divergence import effective_dimension as effective_dimension
from aelib.lab.rate_distortion._divergence import noise_gain as noise_gain
from aelib.lab.rate_distortion._error_budget import ErrorBudget as ErrorBudget
from aelib.lab.rate_distortion._error_budget import pca_error_budget as pca_error_budget
from aelib.lab.rate_distortion._error_budget import pca_errors as pca_errors
from aelib.lab.rate_distortion._error_budget import (
    predicted_error_budget as predicted_error_budget,
)
from aelib.lab.rate_distortion._error_budget import retention_threshold as retention_threshold
from aelib.lab.rate_distortion._error_budget import signal_spectrum as signal_spectrum
from aelib.lab.rate_distortion._memorization import Memorization as Memorization
from aelib.lab.rate_distortion._memorization import memorization as memorization
from aelib.lab.rate_distortion._quantizer import SCALAR_GAP as SCALAR_GAP
from aelib.lab.rate_distortion._quantizer import Quantizer as Quantizer
from aelib.lab.rate_distortion._reconstruction_axes import (
    ReconstructionAxes as ReconstructionAxes,
)
from aelib.lab.rate_distortion._water_filling import WaterFilling as WaterFilling
from aelib.lab.rate_distortion._water_filling import reverse_water_filling as reverse_water_filling

__all__ = [
    "SCALAR_GAP",
    "CodeModel",
    "ErrorBudget",
    "Memorization",
    "Quantizer",
    "RateCurve",
    "ReconstructionAxes",
    "WaterFilling",
    "effective_dimension",
    "memorization",
    "noise_gain",
    "pca_error_budget",
    "pca_errors",
    "predicted_error_budget",
    "rate_curve",
    "retention_threshold",
    "reverse_water_filling",
    "signal_spectrum",
]

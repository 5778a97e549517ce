"""How wide a bottleneck should be, and what its numbers cost in bits.

Three questions. *Which size?* :func:`pca_error_budget` splits the error against a clean signal
into signal lost and noise kept, :func:`predicted_error_budget` and :func:`keeping_threshold` say
where the least of it is, :func:`stein_error` finds it without a clean signal, :func:`choose_size`
reads it off several seeds. *Learnt by heart?* :func:`memorisation`, :func:`noise_passed`. *How many
bits?* :func:`reverse_water_filling` is the least rate for a Gaussian source; :class:`Quantiser`,
:class:`CodeModel` and :func:`rate_curve` measure what a code takes, and :class:`DrawnAxes` are the
coordinates in which it takes little. Rates are in nats.

>>> from aelib.lab import rate_distortion
>>> budget = rate_distortion.predicted_error_budget([9.0, 4.0, 0.5, 0.1], 1.0, range(5))
>>> budget.best  # numbers worth keeping under noise of variance 1
2
"""

from aelib.lab.rate_distortion._axes import DrawnAxes as DrawnAxes
from aelib.lab.rate_distortion._choice import Choice as Choice
from aelib.lab.rate_distortion._choice import choose_size as choose_size
from aelib.lab.rate_distortion._code_model import CodeModel as CodeModel
from aelib.lab.rate_distortion._code_model import plug_in_entropy as plug_in_entropy
from aelib.lab.rate_distortion._curve import RateCurve as RateCurve
from aelib.lab.rate_distortion._curve import rate_curve as rate_curve
from aelib.lab.rate_distortion._denoising import ErrorBudget as ErrorBudget
from aelib.lab.rate_distortion._denoising import keeping_threshold as keeping_threshold
from aelib.lab.rate_distortion._denoising import pca_error_budget as pca_error_budget
from aelib.lab.rate_distortion._denoising import pca_errors as pca_errors
from aelib.lab.rate_distortion._denoising import predicted_error_budget as predicted_error_budget
from aelib.lab.rate_distortion._denoising import signal_spectrum as signal_spectrum
from aelib.lab.rate_distortion._memory import Memorisation as Memorisation
from aelib.lab.rate_distortion._memory import memorisation as memorisation
from aelib.lab.rate_distortion._quantise import SCALAR_GAP as SCALAR_GAP
from aelib.lab.rate_distortion._quantise import Quantiser as Quantiser
from aelib.lab.rate_distortion._stein import effective_dimension as effective_dimension
from aelib.lab.rate_distortion._stein import noise_passed as noise_passed
from aelib.lab.rate_distortion._stein import stein_error as stein_error
from aelib.lab.rate_distortion._water_filling import WaterFilling as WaterFilling
from aelib.lab.rate_distortion._water_filling import reverse_water_filling as reverse_water_filling

__all__ = [
    "SCALAR_GAP",
    "Choice",
    "CodeModel",
    "DrawnAxes",
    "ErrorBudget",
    "Memorisation",
    "Quantiser",
    "RateCurve",
    "WaterFilling",
    "choose_size",
    "effective_dimension",
    "keeping_threshold",
    "memorisation",
    "noise_passed",
    "pca_error_budget",
    "pca_errors",
    "plug_in_entropy",
    "predicted_error_budget",
    "rate_curve",
    "reverse_water_filling",
    "signal_spectrum",
    "stein_error",
]

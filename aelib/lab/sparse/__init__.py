"""Two kinds of sparsity, told apart: residuals with exact zeros, and codes with few active units.

:func:`least_absolute` adds up atoms so that an example's *residuals* are exactly zero in many
places; :func:`ista` finds a *code* that is exactly zero in many places. :func:`dictionary` makes an
autoencoder whose atoms have a fixed length, so that no penalty on its codes can be had for nothing,
and :func:`purity` says how well a unit's strongest examples agree on a class.
"""

from aelib.lab.sparse._adam import adam as adam
from aelib.lab.sparse._dictionary import Atoms as Atoms
from aelib.lab.sparse._dictionary import dictionary as dictionary
from aelib.lab.sparse._ista import ista as ista
from aelib.lab.sparse._ista import optimality_gap as optimality_gap
from aelib.lab.sparse._least_absolute import LeastAbsolute as LeastAbsolute
from aelib.lab.sparse._least_absolute import least_absolute as least_absolute
from aelib.lab.sparse._units import active_units as active_units
from aelib.lab.sparse._units import keep_largest as keep_largest
from aelib.lab.sparse._units import purity as purity

__all__ = [
    "Atoms",
    "LeastAbsolute",
    "active_units",
    "adam",
    "dictionary",
    "ista",
    "keep_largest",
    "least_absolute",
    "optimality_gap",
    "purity",
]

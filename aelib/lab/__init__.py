"""What only a chapter of the book, or its lab, measures with.

These modules import the library; nothing imports them. They may change with the book.
"""

from typing import TYPE_CHECKING

from aelib._lazy import attach

if TYPE_CHECKING:
    import aelib.lab.cells as cells
    import aelib.lab.classifiers as classifiers
    import aelib.lab.code_length as code_length
    import aelib.lab.defects as defects
    import aelib.lab.glyphs as glyphs
    import aelib.lab.manifold as manifold
    import aelib.lab.planted as planted
    import aelib.lab.probes as probes
    import aelib.lab.rate_distortion as rate_distortion
    import aelib.lab.regularized_pca as regularized_pca
    import aelib.lab.sparse as sparse

__all__ = [
    "cells",
    "classifiers",
    "code_length",
    "defects",
    "glyphs",
    "manifold",
    "planted",
    "probes",
    "rate_distortion",
    "regularized_pca",
    "sparse",
]

__getattr__ = attach(__name__, __all__)


def __dir__() -> list[str]:
    return __all__

"""What draws on the book's pages: checked claims, figures, explorables and exercises.

These modules import neither the library nor :mod:`aelib.lab`.
"""

from typing import TYPE_CHECKING

from aelib._lazy import attach

if TYPE_CHECKING:
    import aelib.page.claims as claims
    import aelib.page.exercises as exercises
    import aelib.page.explorables as explorables
    import aelib.page.plots as plots

__all__ = [
    "claims",
    "exercises",
    "explorables",
    "plots",
]

__getattr__ = attach(__name__, __all__)


def __dir__() -> list[str]:
    return __all__

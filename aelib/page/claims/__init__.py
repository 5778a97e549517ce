"""Claims a chapter makes about its own measurements, checked where they are made.

A chapter calls :func:`check` with the words of a claim, what was measured, the bound it has to
meet and the reason of the bound; :class:`ClaimFailed` is raised when the measurement does not meet
it, so that a book whose claims have stopped being true does not build. :func:`verdict` draws the
card of a claim and :func:`forest` the plot of all that was measured for it.
"""

from aelib.page.claims._check import ClaimFailed as ClaimFailed
from aelib.page.claims._check import check as check
from aelib.page.claims._check import forest as forest
from aelib.page.claims._check import verdict as verdict
from aelib.page.claims._interval import mean_interval as mean_interval
from aelib.page.claims.record import Measurement as Measurement

__all__ = [
    "ClaimFailed",
    "Measurement",
    "check",
    "forest",
    "mean_interval",
    "verdict",
]

"""Claims a chapter makes about its own measurements, checked where they are made.

A chapter calls :func:`check` with the words of a claim, what was measured and the bound it has to
meet. The result is drawn as a badge with the number, and :class:`ClaimFailed` is raised when the
measurement does not meet the bound, so that a book whose claims have stopped being true does not
build.
"""

from aelib.page.claims._badge import MIME_TYPE as MIME_TYPE
from aelib.page.claims._badge import STYLE as STYLE
from aelib.page.claims._badge import WORDS as WORDS
from aelib.page.claims._badge import badge as badge
from aelib.page.claims._claim import Claim as Claim
from aelib.page.claims._claim import ClaimFailed as ClaimFailed
from aelib.page.claims._claim import check as check
from aelib.page.claims._format import measurement as measurement
from aelib.page.claims._format import number as number
from aelib.page.claims._format import requirement as requirement
from aelib.page.claims._interval import mean_interval as mean_interval
from aelib.page.claims._interval import t_quantile as t_quantile

__all__ = [
    "MIME_TYPE",
    "STYLE",
    "WORDS",
    "Claim",
    "ClaimFailed",
    "badge",
    "check",
    "mean_interval",
    "measurement",
    "number",
    "requirement",
    "t_quantile",
]

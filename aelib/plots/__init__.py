"""Figures of the book: one style, pictures in grids, curves over seeds, sliders that work offline.

Matplotlib is imported when something is drawn, not before.
"""

from ._figure import svg_of as svg_of
from ._images import images as images
from ._images import rows as rows
from ._lines import interval as interval
from ._lines import losses as losses
from ._slider import Slider as Slider
from ._slider import slider as slider
from ._style import INK as INK
from ._style import PALETTE as PALETTE
from ._style import RULE as RULE
from ._style import style as style
from ._style import use as use
from ._svg import texts as texts
from ._svg import themed_svg as themed_svg

__all__ = [
    "INK",
    "PALETTE",
    "RULE",
    "Slider",
    "images",
    "interval",
    "losses",
    "rows",
    "slider",
    "style",
    "svg_of",
    "texts",
    "themed_svg",
    "use",
]

"""Figures of the book: one style, pictures in grids, curves over seeds, sliders that work offline.

Matplotlib is imported when something is drawn, not before.
"""

from aelib.page.plots._images import images as images
from aelib.page.plots._images import rows as rows
from aelib.page.plots._lines import interval as interval
from aelib.page.plots._lines import losses as losses
from aelib.page.plots._slider import slider as slider
from aelib.page.plots._style import INK as INK
from aelib.page.plots._style import PALETTE as PALETTE
from aelib.page.plots._style import color as color
from aelib.page.plots._style import use as use
from aelib.page.plots._svg import themed_svg as themed_svg

__all__ = [
    "INK",
    "PALETTE",
    "color",
    "images",
    "interval",
    "losses",
    "rows",
    "slider",
    "themed_svg",
    "use",
]

"""Letters and digits as smooth fields, warped by parameters whose tangents are exact.

:func:`fields` renders one smooth high-resolution field per character and font, :func:`render`
warps a field into an image of 28 × 28 pixels, and :func:`tangents` differentiates the image with
respect to rotation, shift, scale and shear. :func:`load` makes a dataset of them, known to
:func:`aelib.data.load` as ``"glyphs"``.
"""

from aelib.data.glyphs._alphabets import ALPHABETS as ALPHABETS
from aelib.data.glyphs._fields import fields as fields
from aelib.data.glyphs._fonts import DEFAULT_FONTS as DEFAULT_FONTS
from aelib.data.glyphs._fonts import FONTS as FONTS
from aelib.data.glyphs._homoglyphs import TOLERANCE as TOLERANCE
from aelib.data.glyphs._homoglyphs import distances as distances
from aelib.data.glyphs._homoglyphs import homoglyphs as homoglyphs
from aelib.data.glyphs._load import item_tangents as item_tangents
from aelib.data.glyphs._load import load as load
from aelib.data.glyphs._render import PARAMETERS as PARAMETERS
from aelib.data.glyphs._render import SIZE as SIZE
from aelib.data.glyphs._render import render as render
from aelib.data.glyphs._render import render_many as render_many
from aelib.data.glyphs._render import tangents as tangents

__all__ = [
    "ALPHABETS",
    "DEFAULT_FONTS",
    "FONTS",
    "PARAMETERS",
    "SIZE",
    "TOLERANCE",
    "distances",
    "fields",
    "homoglyphs",
    "item_tangents",
    "load",
    "render",
    "render_many",
    "tangents",
]

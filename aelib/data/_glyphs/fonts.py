"""Outlines of characters, from the fonts that Matplotlib ships."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aelib._checks import check_choices
from aelib._lazy import require

if TYPE_CHECKING:
    from matplotlib.path import Path as Outline

_DEJAVU = tuple(
    f"DejaVu{family}{style}"
    for family, slant in (("Sans", "Oblique"), ("SansMono", "Oblique"), ("Serif", "Italic"))
    for style in ("", "-Bold", f"-{slant}", f"-Bold{slant}")
)
_STIX = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta")
# Computer Modern in TeX's encoding, where only letters and digits are at their Unicode places.
_COMPUTER_MODERN = ("cmr10", "cmb10", "cmss10", "cmti10", "cmtt10")

# Text fonts shipped with Matplotlib. Those whose names start with cm hold the Latin alphabet and
# digits only, the others all four alphabets.
FONTS = _DEJAVU + _STIX + _COMPUTER_MODERN

# Upright text fonts with all four alphabets.
DEFAULT_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "STIXGeneral",
)


def check_fonts(fonts: Sequence[str], alphabets: Sequence[str]) -> tuple[str, ...]:
    """The names of the fonts, once each, or an error where one is unknown or lacks an alphabet."""
    chosen = check_choices("fonts", fonts, FONTS)
    if set(alphabets) - {"latin", "digits"}:
        for font in chosen:
            if font in _COMPUTER_MODERN:
                raise ValueError(
                    f"fonts: {font!r} holds the alphabets latin and digits only, "
                    f"got {', '.join(alphabets)}"
                )
    return chosen


@cache
def _font_file(font: str) -> str:
    matplotlib = require("matplotlib", purpose='load("glyphs")')
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf")


def outline(font: str, character: str) -> Outline:
    """The unhinted outline, in units of the em, baseline at zero and centered horizontally.

    Hinting moves the outline's points to whole pixels, so the hinted shape jumps as it is scaled
    or turned; the outline itself is what has derivatives.

    Args:
        font: a name in ``FONTS``.
        character: one character.

    Returns:
        A Matplotlib path, y pointing up.

    Raises:
        ValueError: if the font has no glyph for the character.
    """
    file = _font_file(font)  # says so where Matplotlib is missing
    from matplotlib.font_manager import FontProperties, get_font
    from matplotlib.path import Path as Outline
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    if not get_font(file).get_char_index(ord(character)):
        raise ValueError(f"character: the font {font!r} has no glyph for {character!r}")
    path = TextPath((0.0, 0.0), character, size=1.0, prop=FontProperties(fname=file))
    # Flattened at a thousand units per em; Path.get_extents solves for each curve's extrema in
    # Python, and would take twice as long as all the rest.
    x = np.concatenate(path.to_polygons(Affine2D().scale(1000.0)))[:, 0] / 1000.0
    return Outline(path.vertices - ((x.min() + x.max()) / 2, 0.0), path.codes)

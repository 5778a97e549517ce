"""Characters of different alphabets that are the same picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aelib._lazy import require
from aelib.data._glyphs.alphabets import ALPHABETS, check_alphabets
from aelib.data._glyphs.fields import fields
from aelib.data._glyphs.fonts import check_fonts

TOLERANCE = 0.11
"""Distance below which two characters count as the same picture. The closest pair of letters of
*one* alphabet, which are different letters to every reader, is н and п in STIX General Bold, at
0.114; letters that are drawn from one outline are at 0, and those that a font draws twice
(Ο and o in STIX General) mostly below 0.1."""


def distances(first: np.ndarray, second: np.ndarray) -> NDArray[np.float64]:
    """Relative distances between fields at rest, 0 for the same picture.

    The Euclidean distance of two fields, over the larger of their norms.

    Args:
        first: fields, ``[m, s, s]``.
        second: fields, ``[n, s, s]``.

    Returns:
        Distances in [0, √2], ``[m, n]``.

    Example:
        >>> import aelib
        >>> from aelib.lab.glyphs import fields
        >>> latin, cyrillic = (fields([("DejaVuSans", c)]) for c in ("A", "А"))
        >>> distances(latin, cyrillic).item()
        0.0
    """
    distance = require("scipy.spatial.distance", purpose='load("glyphs")')
    a, b = first.reshape(len(first), -1), second.reshape(len(second), -1)
    norms = np.linalg.norm(a, axis=1)[:, None], np.linalg.norm(b, axis=1)[None, :]
    # Differences first, then squares: the cheaper expansion of the square would leave 1e-8 and
    # more of rounding where two fields are equal.
    return np.asarray(distance.cdist(a, b) / np.maximum(*norms), np.float64)


def homoglyphs(
    alphabets: Sequence[str] = tuple(ALPHABETS), *, fonts: Sequence[str] = ("DejaVuSans",)
) -> dict[str, str]:
    """Find the characters that equal one of an alphabet earlier in ``ALPHABETS``.

    Fields at rest are compared within each font. A character that equals an earlier one in any of
    the fonts is listed, whether or not the earlier alphabet is among those asked for: so alphabets
    loaded one by one share no picture either.

    Args:
        alphabets: which alphabets' characters to look at.
        fonts: in which fonts.

    Returns:
        For each such character, the closest character of the first alphabet that has its picture.

    Example:
        >>> found = homoglyphs(["greek"])
        >>> found["Α"] == "A", "Ω" in found, len(found)
        (True, False, 15)
    """
    chosen = check_alphabets(alphabets)
    order = list(ALPHABETS)
    found: dict[str, str] = {}
    for font in check_fonts(fonts, chosen):
        for name in chosen:
            own = _samples(font, ALPHABETS[name])
            for earlier in order[: order.index(name)]:
                apart = distances(own, _samples(font, ALPHABETS[earlier]))
                for row in np.flatnonzero(apart.min(axis=1) < TOLERANCE):
                    closest = ALPHABETS[earlier][int(np.argmin(apart[row]))]
                    found.setdefault(ALPHABETS[name][row], closest)
    return found


def _samples(font: str, characters: str) -> NDArray[np.float32]:
    # Every second row and column: all there is to see in a field that is smooth over two samples.
    return fields([(font, character) for character in characters])[:, ::2, ::2]

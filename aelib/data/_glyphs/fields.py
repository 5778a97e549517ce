"""From outlines to smooth fields: the cubic B-spline coefficients that :func:`render` warps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_number
from aelib._lazy import require
from aelib.data._glyphs.fonts import outline

OVERSAMPLING = 4  # coefficients per pixel of the final image, in each direction
FIELD_SIZE = 32 * OVERSAMPLING  # two pixels of paper around the 28 × 28 image at rest
_EM = 18.0  # pixels per em: the widest glyph, Ж in DejaVu Serif Bold Italic, spans 25 of the 28
_MIDLINE = 0.3  # height above the baseline, in em, that is put at the center of the image
_SPLINE_VARIANCE = 1.0 / 3.0  # of the cubic B-spline, in squared spacings of its knots


def fields(pairs: Sequence[tuple[str, str]], *, blur: float = 0.5) -> NDArray[np.float32]:
    """Smooth fields of ink of some characters, at rest.

    The unhinted outline is filled with exact coverage of each cell of a grid four times finer than
    the image, smoothed by a Gaussian, and the samples are taken as the coefficients of a cubic
    B-spline. B-splines are non-negative and sum to one, so the field stays in [0, 1]; it has two
    continuous derivatives everywhere and a bounded third one (Unser, 1999), which is what makes
    the tangents of a rendered image exact. The Gaussian and the spline smooth together by ``blur``.

    All characters of a font share one size and one baseline, so that o, O and 0 stay different;
    each is centered horizontally.

    Args:
        pairs: ``(font, character)`` for each field, fonts by the names of Matplotlib's files.
        blur: standard deviation of all smoothing, in pixels of the image; at least 0.15.

    Returns:
        Coefficients in [0, 1], 1 = ink, of shape ``[len(pairs), 128, 128]``, rows from the top.

    Raises:
        ValueError: if the blur is less than the spline's own, or a font lacks a character.

    Example:
        >>> fields([("DejaVuSans", "A"), ("DejaVuSerif", "Я")]).shape
        (2, 128, 128)

    References:
        M. Unser (1999), Splines: a perfect fit for signal and image processing, IEEE Signal
        Processing Magazine 16(6).
    """
    blur = check_number("blur", blur, at_least=0.15)  # pixels; the spline alone has 0.144
    out = np.empty((len(pairs), FIELD_SIZE, FIELD_SIZE), np.float32)
    for index, (font, character) in enumerate(pairs):
        out[index] = _field(font, character, blur)
    return out


# A field takes 64 KiB; the six default fonts with all four alphabets are 1050 of them.
@lru_cache(maxsize=2048)
def _field(font: str, character: str, blur: float) -> NDArray[np.float32]:
    ndimage = require("scipy.ndimage", purpose='load("glyphs")')
    spread = np.sqrt((blur * OVERSAMPLING) ** 2 - _SPLINE_VARIANCE)
    smooth = ndimage.gaussian_filter(_coverage(font, character), spread, mode="constant")
    # Paper to the very edge: sampling beyond the field then continues it without a step.
    smooth[[0, -1]] = 0.0
    smooth[:, [0, -1]] = 0.0
    return smooth.astype(np.float32)


def _coverage(font: str, character: str) -> np.ndarray:
    """How much of each fine cell is ink, filled by Agg without snapping to the grid."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.transforms import Affine2D

    renderer = RendererAgg(FIELD_SIZE, FIELD_SIZE, 72)
    context = renderer.new_gc()
    context.set_antialiased(True)
    context.set_snap(False)
    context.set_linewidth(0.0)
    to_cells = Affine2D().translate(0.0, -_MIDLINE).scale(_EM * OVERSAMPLING)
    to_cells.translate(FIELD_SIZE / 2, FIELD_SIZE / 2)
    renderer.draw_path(context, outline(font, character), to_cells, (0.0, 0.0, 0.0))
    return np.asarray(renderer.buffer_rgba())[..., 3] / np.float64(255.0)

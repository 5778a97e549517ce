"""The dataset ``"glyphs"``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from aelib._checks import check_count, check_number
from aelib.data._dataset import Dataset
from aelib.data._glyphs.alphabets import ALPHABETS, check_alphabets
from aelib.data._glyphs.fields import fields
from aelib.data._glyphs.fonts import DEFAULT_FONTS, check_fonts
from aelib.data._glyphs.homoglyphs import homoglyphs
from aelib.data._glyphs.render import PARAMETERS, SIZE, render_many

DEFORMATION = {"rotation": 0.1, "shift_x": 0.7, "shift_y": 0.7, "log_scale": 0.08, "shear": 0.1}
"""Standard deviations of the parameters at ``deformation=1``, before they are cut off at two
standard deviations; about the variation of a carefully handwritten line."""


def load_glyphs(
    *,
    alphabets: Sequence[str] = ("latin", "digits"),
    fonts: Sequence[str] = DEFAULT_FONTS,
    num_per_glyph: int = 10,
    deformation: float | Mapping[str, float] = 1.0,
    binarize: bool = False,
    noise: float = 0.0,
    blur: float = 0.5,
    keep_homoglyphs: bool = False,
    seed: int = 0,
) -> Dataset:
    """Images of characters, each drawn in every font under its own small transform.

    The class is the character. A character that has the same picture as one of an earlier alphabet
    is left out (order: Latin, digits, Greek, Cyrillic), whichever alphabets are asked for.

    Args:
        alphabets: among ``"latin"``, ``"digits"``, ``"greek"``, ``"cyrillic"``.
        fonts: text fonts that Matplotlib ships, by the names of their files. The default ones are
            upright and have all four alphabets; those of Computer Modern (``"cmr10"`` and the
            like) have the first two.
        num_per_glyph: images of each character in each font.
        deformation: factor on the usual spread of all transforms, or the standard deviation of
            each parameter by its name, the others being zero. Parameters are normal, cut off at
            two standard deviations.
        binarize: make each pixel 1 where its value (noise included) exceeds one half, else 0.
        noise: standard deviation of Gaussian noise added to each pixel, not clipped to [0, 1].
        blur: standard deviation of the smoothing, in pixels.
        keep_homoglyphs: keep the characters that share a picture.
        seed: of the transforms and the noise, which draw from separate keys: the same seed with
            another noise shows the same glyphs.

    Returns:
        A dataset of 28 × 28 images in [0, 1], 1 = ink, with the extras ``parameters`` ``[n, 5]``,
        ``font``, ``alphabet`` ``[n]`` (numbers into ``metadata``) and ``clean`` ``[n, 784]``, the
        image before noise and thresholding.

    Raises:
        TypeError: if an option is of the wrong kind.
        ValueError: if an option is out of its range.
        ModuleNotFoundError: without Matplotlib or SciPy.

    Example:
        >>> glyphs = load_glyphs(alphabets=("digits",), fonts=("DejaVuSans",), num_per_glyph=2)
        >>> glyphs.x.shape, glyphs.label_names[:3], glyphs.extras["parameters"].shape
        ((20, 784), ('0', '1', '2'), (20, 5))
    """
    names = check_alphabets(alphabets)
    font_names = check_fonts(fonts, names)
    spread = _spread(deformation)
    num_per_glyph = check_count("num_per_glyph", num_per_glyph)
    noise = check_number("noise", noise, at_least=0)
    seed = check_count("seed", seed, at_least=0)
    same_picture = {} if keep_homoglyphs else homoglyphs(names, fonts=font_names)
    kept = [
        (c, k) for k, name in enumerate(names) for c in ALPHABETS[name] if c not in same_picture
    ]
    bank = fields([(font, c) for font in font_names for c, _ in kept], blur=blur)

    n = len(bank) * num_per_glyph
    index = np.tile(np.arange(len(bank), dtype=np.int32), num_per_glyph)
    key_transform, key_noise = jax.random.split(jax.random.key(seed))
    normal = jax.random.truncated_normal(key_transform, -2.0, 2.0, (n, len(PARAMETERS)))
    parameters = jnp.asarray(spread, jnp.float32) * normal.astype(jnp.float32)
    images = render_many(jnp.asarray(bank), jnp.asarray(index), parameters)
    clean = np.asarray(images).reshape(n, SIZE * SIZE)
    x = clean
    if noise:
        draw = jax.random.normal(key_noise, clean.shape, jnp.float32)
        x = clean + np.float32(noise) * np.asarray(draw)
    if binarize:
        x = (x > 0.5).astype(np.float32)
    label = index % len(kept)
    return Dataset(
        name="glyphs",
        x=x,
        labels=label.astype(np.int32),
        shape=(SIZE, SIZE),
        label_names=tuple(c for c, _ in kept),
        units="share of ink, 0 = paper to 1 = ink" + (", thresholded at 1/2" if binarize else ""),
        source="rendered by aelib from the fonts that Matplotlib ships",
        license="MIT for what is made here; the fonts themselves stay in Matplotlib, under the "
        "DejaVu (Bitstream Vera and Arev), SIL OFL 1.1 (STIX) and BaKoMa (cm…) licenses",
        citation="aelib; fonts: DejaVu; STIX; BaKoMa Computer Modern (B. K. Malyshev).",
        description="Characters drawn from smooth fields, sheared, scaled, turned and shifted by "
        "known amounts. Characters that share a picture with one of an earlier alphabet "
        + ("are kept." if keep_homoglyphs else "are left out."),
        extras={
            "parameters": np.asarray(parameters),
            "font": (index // len(kept)).astype(np.int32),
            "alphabet": np.asarray([k for _, k in kept], np.int32)[label],
            "clean": clean,
        },
        metadata={
            "parameter_names": PARAMETERS,
            "fonts": font_names,
            "alphabets": names,
            "homoglyphs": same_picture,
            "blur": blur,
        },
    )


def _spread(deformation: float | Mapping[str, float]) -> list[float]:
    if isinstance(deformation, Mapping):
        for name in deformation:
            if name not in PARAMETERS:
                raise ValueError(
                    f"deformation: expected names among {', '.join(PARAMETERS)}; got {name!r}"
                )
        given = {name: deformation.get(name, 0.0) for name in PARAMETERS}
        return [check_number(f"deformation[{n!r}]", v, at_least=0) for n, v in given.items()]
    factor = check_number("deformation", deformation, at_least=0)
    return [factor * DEFORMATION[name] for name in PARAMETERS]

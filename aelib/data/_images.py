"""Images that come with scikit-image: scanned text, photographs and textures."""

from __future__ import annotations

import io
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib._lazy import require
from aelib.data._binarize import binarize as to_black_and_white
from aelib.data._dataset import Dataset
from aelib.data._files import installed_file
from aelib.data._patches import cut_patches

_BSD = "distributed with scikit-image (BSD-3-Clause)"
_CITATION = (
    "S. van der Walt et al. (2014), scikit-image: image processing in Python, PeerJ 2:e453, "
    "doi:10.7717/peerj.453"
)
# Rec. 709 weights of linear light, as in skimage.color.rgb2gray.
_LUMINANCE = np.array([0.2125, 0.7154, 0.0721])


class _Entry(NamedTuple):
    digest: str
    what: str
    origin: str
    license: str


_ENTRIES = {
    "page": _Entry(
        "341a6f0a61557662b02734a9b6e56ec33a915b2c41886b97509dedf2a43b47a3",
        "A scanned page of print, black on white under uneven light: one threshold for the whole "
        "page turns a dark corner black, Sauvola's does not.",
        "origin not stated",
        _BSD,
    ),
    "text": _Entry(
        "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
        "A photographed piece of text, black on white.",
        "Wikipedia, File:Corner.png",
        f"public domain; {_BSD}",
    ),
    "camera": _Entry(
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        "A photographer with his camera, in gray.",
        "Lav Varshney",
        "CC0-1.0",
    ),
    "astronaut": _Entry(
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "Portrait of the astronaut Eileen Collins, in color.",
        "NASA Great Images database",
        f"public domain; {_BSD}",
    ),
    "coffee": _Entry(
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "A cup of coffee on wood, in color.",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        "CC0-1.0",
    ),
    "chelsea": _Entry(
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "A cat's face, in color.",
        "Stéfan van der Walt",
        "CC0-1.0",
    ),
    "brick": _Entry(
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
        "A brick wall, in gray: a texture with a period.",
        "CC0Textures, Bricks25, rectified, cropped and scaled",
        "CC0-1.0",
    ),
    "grass": _Entry(
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
        "Grass, in gray: a texture of fine lines.",
        "DeviantArt, linolafett, Grass-01, cropped",
        "CC0-1.0",
    ),
    "gravel": _Entry(
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
        "Gravel, in gray: a texture of grains.",
        "CC0Textures, Gravel04, scaled and cropped",
        "CC0-1.0",
    ),
}


def read_image(name: str) -> NDArray[np.uint8]:
    """The image as published: 8-bit values, ``[h, w]`` or ``[h, w, 3]``."""
    Image = require("PIL.Image", purpose=f'load("{name}")')
    content = installed_file("skimage", f"data/{name}.png", _ENTRIES[name].digest)
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def load_image(
    name: str,
    *,
    patch_size: int | tuple[int, int] | None = None,
    stride: int | tuple[int, int] | None = None,
    num_patches: int | None = None,
    seed: int = 0,
    blocks: tuple[int, int] | None = None,
    gray: bool = False,
    binarize: str | float | None = None,
) -> Dataset:
    """Load one image, whole or as patches.

    The image is cut into blocks (four by four, or fewer if patches are large), a patch lies wholly
    inside one, and a split keeps each block in one part, so no pixel is in two parts. Blocks that
    touch still look alike at their borders.

    Args:
        name: which image.
        patch_size: side of the patches, or their height and width; ``None`` for the whole image.
        stride: step between patches; ``None`` for patches that do not overlap.
        num_patches: take this many patches at random positions, none twice, instead of a grid.
        seed: decides the random positions.
        blocks: number of blocks down and across.
        gray: whether a color image is turned to gray (luminance after Rec. 709).
        binarize: ``"otsu"``, ``"sauvola"`` (a threshold for each pixel, for uneven light) or a
            threshold in [0, 1); values above it become 1 (light), the others 0 (dark).

    Returns:
        Values in [0, 1], ``[n, h·w(·c)]``. With patches, ``extras["corner"]`` has the row and
        column of each, ``groups`` its block.

    Raises:
        ValueError: if an option does not fit the image.
    """
    if patch_size is None and (stride, num_patches, blocks) != (None, None, None):
        raise ValueError("patch_size: expected with stride, num_patches and blocks, got None")
    entry = _ENTRIES[name]
    pixels: np.ndarray = read_image(name).astype(np.float64) / 255
    if gray and pixels.ndim == 3:
        pixels = pixels @ _LUMINANCE
    units = "intensity, 0 = black, 1 = white (8-bit values / 255)"
    metadata: dict[str, Any] = {}
    if binarize is not None:
        if pixels.ndim == 3:
            raise ValueError("binarize: expected a gray image; pass gray=True as well")
        light, threshold, rule = to_black_and_white(pixels[None], binarize)
        pixels = light[0]
        units = f"1 = light, 0 = dark ({rule})"
        metadata = {"binarize": rule, "threshold": threshold}
    values = pixels.astype(np.float32)[None]
    groups, extras = None, {}
    if patch_size is not None:
        values, corners, groups = cut_patches(
            values[0],
            patch_size,
            stride=stride,
            num_patches=num_patches,
            seed=seed,
            blocks=blocks,
        )
        extras = {"corner": corners}
    return Dataset(
        name=name,
        x=values.reshape(len(values), -1),
        shape=values.shape[1:],
        units=units,
        source=f"scikit-image, skimage.data.{name}; {entry.origin}",
        license=entry.license,
        citation=_CITATION,
        description=entry.what,
        groups=groups,
        extras=extras,
        metadata=metadata,
    )


page = partial(load_image, "page")
text = partial(load_image, "text")
camera = partial(load_image, "camera")
astronaut = partial(load_image, "astronaut")
coffee = partial(load_image, "coffee")
chelsea = partial(load_image, "chelsea")
brick = partial(load_image, "brick")
grass = partial(load_image, "grass")
gravel = partial(load_image, "gravel")

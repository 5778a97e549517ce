"""Pictures of any depth, mode and orientation: read without loss, or refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from aelib._checks import check_choice, require_all
from aelib._lazy import require
from aelib.data._patches import pair

if TYPE_CHECKING:
    from PIL.Image import Image

_PURPOSE = "reading pictures"
_DEPTHS = ("8", "10", "12", "14", "16")
# Pillow's modes, by how a value is kept. It reads 16 bits a channel in color as the upper 8.
_EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV")
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
# Tags of EXIF and TIFF.
_ORIENTATION = 0x0112  # from 5 on, rows are columns
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_BITS, _SAMPLE_FORMAT, _SIGNED = 258, 339, 2


class Pictures(NamedTuple):
    """Pictures in [0, 1], ``[n, h, w]`` or ``[n, h, w, 3]``, and what a value means."""

    values: Float[np.ndarray, "n h w ..."]
    units: str


class _Header(NamedTuple):
    mode: str
    depth: str
    height: int
    width: int
    orientation: int


def read_pictures(
    files: Sequence[Path],
    size: int | tuple[int, int] | None,
    *,
    gray: bool = False,
    bits: int | None = None,
) -> Pictures:
    """Read pictures of one depth, turned upright as their EXIF orientation says.

    Args:
        files: the pictures.
        size: height and width to scale them to; None leaves them as they are.
        gray: whether color is turned to gray.
        bits: bits that 16-bit pictures use; None for the fewest of 8, 10, 12, 14 and 16 that hold
            every value of all the pictures.

    Returns:
        Gray pictures if ``gray``, or if none is in color.

    Raises:
        ValueError: if depths or (without ``size``) sizes differ, or a picture has values that
            cannot be brought to [0, 1], transparent parts or an unknown mode.
        ModuleNotFoundError: without Pillow.

    Warns:
        UserWarning: if sizes differ and are scaled to one.
    """
    if bits is not None:
        bits = int(check_choice("bits", str(bits), _DEPTHS))
    wanted = None if size is None else pair("size", size)
    headers = [_read_header(file) for file in files]
    for file, header in zip(files, headers, strict=True):
        if header.depth != headers[0].depth:
            raise ValueError(
                f"root: expected pictures of one depth, got {headers[0].depth} in {files[0]} and "
                f"{header.depth} in {file}"
            )
    shapes = {header[2:4]: file for file, header in zip(files, headers, strict=True)}
    if len(shapes) > 1:
        listed = ", ".join(f"{h} × {w} ({shapes[h, w].name})" for h, w in sorted(shapes)[:4])
        if wanted is None:
            raise ValueError(f"size: expected one, as pictures differ: {listed}; got None")
        warnings.warn(
            f"size: pictures differ in height and width, {listed}; all are scaled to "
            f"{wanted[0]} × {wanted[1]}, so that equal things have unequal sizes",
            UserWarning,
            stacklevel=2,
        )
    depth = headers[0].depth
    is_gray = gray or depth != "8 bits" or all(h.mode in ("1", "L", "LA") for h in headers)
    height, width = wanted or headers[0][2:4]
    values = np.empty((len(files), height, width, *(() if is_gray else (3,))), np.float32)
    largest = 0.0
    for row, file in enumerate(files):
        image = _open_upright(file)
        if depth == "8 bits":
            image = _opaque(image, file).convert("L" if is_gray else "RGB")
        else:
            image, top = _as_float(image, file, depth)
            largest = max(largest, top)
        values[row] = np.asarray(_scaled(image, height, width), np.float32)
    if depth == "float":
        return Pictures(values, "intensity, 0 = black, 1 = white")
    if depth == "8 bits":
        used = 8
    else:
        used = bits or next(int(b) for b in _DEPTHS if largest < 2 ** int(b))
        if largest >= 2**used:
            raise ValueError(f"bits: expected enough for the value {largest:g}, got {bits}")
    top_value = 2**used - 1
    units = f"intensity, 0 = black, 1 = white ({used}-bit values / {top_value})"
    return Pictures(values / np.float32(top_value), units)


def read_mask(mask: Path, picture: Path, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """A mask in the size of the pictures: True where any part of a pixel is not black.

    A mask without an orientation of its own that fits the picture only as it is stored was drawn on
    it so, and is turned with it.

    Raises:
        ValueError: if the mask has not the size of its picture, cannot be read, or is stored with
            losses, which blur it.
    """
    header = _read_header(picture)
    with _opened(mask) as stored:
        if stored.format == "JPEG":
            raise ValueError(
                f"ground_truth: expected a mask stored without losses, {mask} is a JPEG, whose "
                "black is not black at borders"
            )
        if stored.size == (header.height, header.width) != (header.width, header.height):
            stored.getexif().setdefault(_ORIENTATION, header.orientation)
        image = _upright(stored)
    if image.size != (header.width, header.height):
        raise ValueError(
            f"ground_truth: expected a mask of {header.width} × {header.height} for "
            f"{picture.parent.name}/{picture.name}, got {image.size[0]} × {image.size[1]}"
        )
    if image.mode in _SIXTEEN_BITS or image.mode in ("F", "1", "L"):
        marked = np.asarray(image) != 0
    else:  # what is transparent is not drawn
        channels = np.asarray(image.convert("RGBA"))
        marked = channels[..., :3].any(axis=-1) & (channels[..., 3] > 0)
    # In floating point, so that one pixel in a thousand is not rounded away.
    pillow = require("PIL.Image", purpose=_PURPOSE)
    fraction = pillow.fromarray(marked.astype(np.float32))
    return np.asarray(_scaled(fraction, *shape)) > 0


def _read_header(file: Path) -> _Header:
    with _opened(file) as image:
        mode, width, height = image.mode, image.width, image.height
        _check_layout(image, file)
        orientation = image.getexif().get(_ORIENTATION, 1)  # of a PNG, after all of its pixels
        if orientation >= 5:  # only turned does a TIFF tell its size in every release of Pillow
            width, height = _upright(image).size
    if mode in _EIGHT_BITS:
        depth = "8 bits"
    elif mode in _SIXTEEN_BITS:
        depth = "16 bits"
    elif mode == "F":
        depth = "float"
    else:
        raise ValueError(f"root: expected a picture in gray or color, got mode {mode} in {file}")
    return _Header(mode, depth, height, width, orientation)


def _check_layout(image: Any, file: Path) -> None:
    """Refuse what Pillow would read as another picture than the one that is stored."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a telephone's picture, and its preview after it
        raise ValueError(f"root: expected one picture in a file, got {frames} in {file}")
    if image.mode in _EIGHT_BITS and any(";16" in str(tile[3]) for tile in image.tile):
        raise ValueError(
            f"root: expected 8 bits a channel in color or beside an alpha channel, got 16 in "
            f"{file}, of which Pillow reads the upper 8; save it with 8 bits, or in gray"
        )
    tags = getattr(image, "tag_v2", {})
    if image.mode not in _EIGHT_BITS and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        raise ValueError(f"root: expected 0 for black, but in {file} it is white; save it inverted")
    if tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED and tags.get(_BITS, (1,))[0] == 16:
        raise ValueError(
            f"root: expected values without a sign, got 16 bits with one in {file}; save it without"
        )


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    pillow = require("PIL.Image", purpose=_PURPOSE)
    try:
        # Not by its name: by name, Pillow maps an uncompressed TIFF that is to be turned into
        # memory in the wrong shape, and its pixels are scrambled.
        with file.open("rb") as stream, pillow.open(stream) as image:
            yield image
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, EOFError) as error:
        unknown = isinstance(error, pillow.UnidentifiedImageError)
        raise ValueError(
            f"root: expected a picture that Pillow reads, {file} is damaged or something else "
            f"({'of no format that it knows' if unknown else error})"
        ) from error


def _open_upright(file: Path) -> Image:
    """The picture as viewers show it, turned by the orientation that a camera noted."""
    with _opened(file) as image:
        return _upright(image)


def _upright(image: Any) -> Image:
    upright: Image = require("PIL.ImageOps", purpose=_PURPOSE).exif_transpose(image)
    upright.load()
    return upright


def _opaque(image: Image, file: Path) -> Image:
    """Without an alpha channel; in RGB, but for gray pictures."""
    if image.has_transparency_data:
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
        if alpha.min() < 255:
            raise ValueError(
                f"root: expected opaque pictures, {file} is transparent in places; put it on a "
                "background first"
            )
    return image if image.mode in ("1", "L", "LA") else image.convert("RGB")


def _as_float(image: Image, file: Path, depth: str) -> tuple[Image, float]:
    """The picture in floating point, its values as stored, and the largest of them."""
    pixels: np.ndarray = np.asarray(image)
    if depth == "float":
        inside = (pixels >= 0) & (pixels <= 1)
        require_all(f"root: {file}", pixels, inside, "floating-point values in [0, 1]")
    else:
        inside = (pixels >= 0) & (pixels < 2**16)
        require_all(f"root: {file}", pixels, inside, "values of 16 bits")
    pillow = require("PIL.Image", purpose=_PURPOSE)
    return pillow.fromarray(pixels.astype(np.float32)), float(pixels.max())


def _scaled(image: Image, height: int, width: int) -> Image:
    if image.size == (width, height):
        return image
    return image.resize((width, height), require("PIL.Image", purpose=_PURPOSE).Resampling.BOX)

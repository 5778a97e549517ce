"""Patches of an image, statistics of patches, and maps of their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, Real
from numpy.typing import ArrayLike

from aelib._checks import check_array


def as_pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """Return a pair of positive whole numbers, from one for both directions or from a pair.

    Raises:
        ValueError: if it is neither.
    """
    pair = (value, value) if isinstance(value, int | np.integer) else tuple(value)
    if len(pair) != 2 or any(int(side) != side or side < 1 for side in pair):
        raise ValueError(f"{name}: expected a positive whole number or a pair, got {value!r}")
    return int(pair[0]), int(pair[1])


def cut_patches(
    image: Real[ArrayLike, "h w *channels"],
    patch_size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
) -> tuple[Real[np.ndarray, "n ph pw *channels"], Int[np.ndarray, "n 2"]]:
    """Cut an image into patches that cover all of it, and overlap if the stride is small.

    The last patch of each row and column is moved back to the edge of the image, so that no pixel
    is left out.

    Args:
        image: gray, or with channels last.
        patch_size: side of a patch, or height and width.
        stride: step from a patch to the next; None for the patch's own size.

    Returns:
        Patches, and their top left corners (row, column).

    Raises:
        ValueError: if the image has another shape or is smaller than a patch.

    Example:
        >>> import numpy as np
        >>> patches, corners = cut_patches(np.arange(20).reshape(4, 5), 3, stride=2)
        >>> patches.shape, corners.tolist()
        ((4, 3, 3), [[0, 0], [0, 2], [1, 0], [1, 2]])
    """
    pixels = check_array("image", image, finite=False)
    patch = as_pair("patch_size", patch_size)
    if pixels.ndim not in (2, 3) or pixels.shape[0] < patch[0] or pixels.shape[1] < patch[1]:
        raise ValueError(
            f"image: expected [h, w] or [h, w, c] of at least {patch[0]} × {patch[1]} pixels, "
            f"got {pixels.shape}"
        )
    step = as_pair("stride", patch if stride is None else stride)
    starts = [_starts(pixels.shape[axis] - patch[axis], step[axis]) for axis in range(2)]
    corners = np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, 2)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, patch, axis=(0, 1))
    values = windows[corners[:, 0], corners[:, 1]]
    if pixels.ndim == 3:  # the window's axes come last: [n, c, ph, pw]
        values = np.moveaxis(values, 1, -1)
    return np.ascontiguousarray(values), corners


def heat_map(
    scores: Float[ArrayLike, "n ..."],
    corners: Int[ArrayLike, "n 2"],
    image_shape: Sequence[int],
    *,
    patch_size: int | tuple[int, int] | None = None,
) -> Float[np.ndarray, "h w"]:
    """Arrange the scores of patches as an image; the mean where patches overlap.

    Args:
        scores: one number for each pixel of each patch, ``[n, ph, pw]``; or one for each patch,
            ``[n]``, which is then used for all of its pixels.
        corners: top left corners, as :func:`cut_patches` returns them.
        image_shape: height and width of the image.
        patch_size: side of a patch, or height and width; needed for one number per patch.

    Returns:
        One number for each pixel; NaN where no patch lies.

    Raises:
        ValueError: if shapes do not fit or a patch reaches beyond the image.

    Example:
        >>> import numpy as np
        >>> _, corners = cut_patches(np.zeros((2, 3)), 2, stride=1)
        >>> heat_map([1.0, 3.0], corners, (2, 3), patch_size=2)
        array([[1., 2., 3.],
               [1., 2., 3.]])
    """
    values = np.asarray(scores, np.float64)
    starts = np.asarray(corners)
    if values.ndim not in (1, 3) or starts.shape != (len(values), 2):
        raise ValueError(
            "scores, corners: expected [n, ph, pw] or [n], and [n, 2]; "
            f"got {np.shape(scores)} and {starts.shape}"
        )
    height, width = int(image_shape[0]), int(image_shape[1])
    if values.ndim == 3:
        patch: tuple[int, ...] = values.shape[1:]
    elif patch_size is None:
        raise ValueError("patch_size: expected it with one score per patch, got None")
    else:
        patch = as_pair("patch_size", patch_size)
    outside = (starts < 0) | (starts + np.array(patch) > (height, width))
    if outside.any():
        index = int(np.argwhere(outside)[0, 0])
        raise ValueError(
            f"corners: expected patches of {patch[0]} × {patch[1]} inside {height} × {width}, "
            f"got {tuple(starts[index].tolist())} at index {index}"
        )
    row, column = starts.T
    count = np.zeros((height, width))
    np.add.at(count, (row, column), 1)
    total = np.zeros((height, width))
    if values.ndim == 1:
        np.add.at(total, (row, column), values)
        total = _sum_over_patches(total, patch)
    else:
        rows, columns = (
            start[:, None] + np.arange(side) for start, side in zip(starts.T, patch, strict=True)
        )
        np.add.at(total, (rows[:, :, None], columns[:, None, :]), values)
    count = _sum_over_patches(count, patch)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _sum_over_patches(
    at_corners: Float[np.ndarray, "h w"], patch: tuple[int, ...]
) -> Float[np.ndarray, "h w"]:
    """For each pixel, the sum over the patches that cover it, of numbers given at their corners."""
    down = np.zeros_like(at_corners)
    for shift in range(patch[0]):
        down[shift:] += at_corners[: len(at_corners) - shift]
    total = np.zeros_like(down)
    for shift in range(patch[1]):
        total[:, shift:] += down[:, : down.shape[1] - shift]
    return total


def patch_statistics(
    patches: Real[ArrayLike, "n ..."], *, shape: tuple[int, ...] | None = None
) -> Float[np.ndarray, "n 3"]:
    """Mean, standard deviation and roughness of each patch.

    Args:
        patches: ``[n, h, w]`` or ``[n, h, w, c]``; or flat, ``[n, d]``, with ``shape``.
        shape: shape of one patch.

    Returns:
        Mean, standard deviation, and the root of the mean squared difference between neighboring
        pixels.

    Raises:
        ValueError: if the patches have another shape, or are less than two pixels high or wide.

    Example:
        >>> import numpy as np
        >>> patch_statistics(np.array([[[0.0, 1.0], [0.0, 1.0]]])).round(3)
        array([[0.5  , 0.5  , 0.707]])
    """
    values = np.asarray(patches, np.float64)
    if shape is not None:
        values = values.reshape(len(values), *shape)
    if values.ndim not in (3, 4) or min(values.shape[1:3]) < 2:
        raise ValueError(
            f"patches: expected [n, h, w] or [n, h, w, c], h and w at least 2, got {values.shape}"
        )
    axes = tuple(range(1, values.ndim))
    down = np.square(np.diff(values, axis=1)).mean(axis=axes)
    across = np.square(np.diff(values, axis=2)).mean(axis=axes)
    roughness = np.sqrt((down + across) / 2)
    return np.stack([values.mean(axis=axes), values.std(axis=axes), roughness], axis=1)


def _starts(last: int, step: int) -> Int[np.ndarray, " starts"]:
    """0, step, 2 step, … up to ``last``, and ``last`` itself."""
    starts = np.arange(0, last + 1, step)
    return starts if starts[-1] == last else np.append(starts, last)

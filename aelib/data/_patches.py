"""Patches of an image, in blocks that do not overlap, so that splits do not either."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_count, check_counts
from aelib.data._split import shuffle_keys


class Patches(NamedTuple):
    """Patches ``[n, h, w(, c)]``, their top left corners ``[n, 2]`` and block numbers ``[n]``."""

    values: np.ndarray
    corners: NDArray[np.int64]
    blocks: NDArray[np.int64]


def pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """A positive integer or a pair of them, as a pair."""
    values = check_counts(name, (value, value) if np.ndim(value) == 0 else value)
    if len(values) != 2:
        raise ValueError(f"{name}: expected a whole number or a pair of them, got {value!r}")
    return values[0], values[1]


def block_grid(
    size: tuple[int, int], patch: tuple[int, int], blocks: tuple[int, int] | None
) -> tuple[int, int]:
    """How many blocks the image is cut into, down and across.

    By default four each way, or fewer where a block would not hold two patches
    side by side.

    Raises:
        ValueError: if a patch does not fit in a block, or there are fewer than three blocks.
    """
    grid = blocks or (
        max(1, min(4, size[0] // (2 * patch[0]))),
        max(1, min(4, size[1] // (2 * patch[1]))),
    )
    largest = (size[0] // grid[0], size[1] // grid[1])
    if patch[0] > largest[0] or patch[1] > largest[1]:
        raise ValueError(
            f"patch_size: expected at most {largest}, the size of one of {grid[0]} × {grid[1]} "
            f"blocks of the {size[0]} × {size[1]} image, got {patch}"
        )
    if grid[0] * grid[1] < 3:
        raise ValueError(
            "blocks: expected at least 3, for train, validation and test, "
            f"got {grid[0]} × {grid[1]}"
        )
    return grid


def cut_patches(
    image: np.ndarray,
    patch_size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    num_patches: int | None = None,
    seed: int = 0,
    blocks: tuple[int, int] | None = None,
) -> Patches:
    """Cut an image into patches, each wholly inside one block.

    Args:
        image: ``[h, w]`` or ``[h, w, c]``.
        patch_size: side of a patch, or height and width.
        stride: step between patches of a block, down and across; ``None`` for the patch's own
            size, so that patches do not overlap.
        num_patches: take this many, at random positions without repetition, instead of a grid.
        seed: decides the random positions.
        blocks: number of blocks down and across.

    Raises:
        ValueError: if ``stride`` and ``num_patches`` are both given, patches do not fit, or there
            are fewer positions than ``num_patches``.
    """
    if stride is not None and num_patches is not None:
        raise ValueError("stride, num_patches: expected at most one of the two")
    patch = pair("patch_size", patch_size)
    size = (image.shape[0], image.shape[1])
    grid = block_grid(size, patch, None if blocks is None else pair("blocks", blocks))
    step = (1, 1) if num_patches is not None else pair("stride", stride or patch)
    down, down_block = _starts(size[0], grid[0], patch[0], step[0])
    across, across_block = _starts(size[1], grid[1], patch[1], step[1])
    corners = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1).reshape(-1, 2)
    block = (down_block[:, None] * grid[1] + across_block[None, :]).reshape(-1)
    if num_patches is not None:
        num_patches = check_count("num_patches", num_patches, at_most=len(corners))
        keys = shuffle_keys(len(corners), f"patches/{size}/{patch}/{grid}/{seed}")
        chosen = np.argsort(keys, kind="stable")[:num_patches]
        corners, block = corners[chosen], block[chosen]
    windows = np.lib.stride_tricks.sliding_window_view(image, patch, axis=(0, 1))
    values = windows[corners[:, 0], corners[:, 1]]
    if image.ndim == 3:  # the window's axes come last: [n, c, h, w]
        values = np.moveaxis(values, 1, -1)
    return Patches(np.ascontiguousarray(values), corners, block)


def _starts(
    length: int, parts: int, patch: int, step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where patches may start along one axis, and in which part of it each of them lies."""
    edges = np.arange(parts + 1) * length // parts
    starts = [np.arange(edges[i], edges[i + 1] - patch + 1, step) for i in range(parts)]
    return np.concatenate(starts), np.repeat(np.arange(parts), [len(s) for s in starts])

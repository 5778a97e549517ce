"""Patches of one picture in blocks, so that calibration and test share no pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.anomaly._checks import group_numbers
from aelib.anomaly._patches import as_pair


def spatial_blocks(
    corners: ArrayLike,
    patch_size: int | tuple[int, int],
    image_shape: Sequence[int],
    *,
    grid: int | tuple[int, int] = 4,
    margin: int = 0,
) -> NDArray[np.int64]:
    """In which block of the image each patch lies.

    The image is cut into ``grid`` blocks. A patch that crosses a border between blocks belongs to
    none, so that patches of different blocks share no pixel; with a margin they keep their
    distance, for what lies on both sides of a border is still alike.

    Args:
        corners: top left corners of the patches, ``[n, 2]`` (row, column).
        patch_size: side of a patch, or height and width.
        image_shape: height and width of the image.
        grid: number of blocks down and across.
        margin: pixels that patches keep from borders inside the image.

    Returns:
        ``[n]`` numbers of blocks from 0; -1 for a patch in none.

    Raises:
        ValueError: if shapes do not fit, or a patch with its margins is larger than a block.

    Example:
        >>> spatial_blocks([[0, 0], [0, 3], [0, 4], [4, 4]], 2, (8, 8), grid=2)
        array([ 0, -1,  1,  3])
    """
    places = np.asarray(corners)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"corners: expected shape [n, 2], got {places.shape}")
    if margin < 0:
        raise ValueError(f"margin: expected at least 0, got {margin}")
    patch, parts = as_pair("patch_size", patch_size), as_pair("grid", grid)
    block = np.zeros((2, len(places)), np.int64)
    inside = np.ones(len(places), bool)
    for axis in range(2):
        length, count = int(image_shape[axis]), parts[axis]
        edges = np.arange(count + 1) * length // count
        if patch[axis] + margin * min(count - 1, 2) > np.diff(edges).min():
            raise ValueError(
                f"grid: expected blocks of at least a patch of {patch[axis]} with a margin of "
                f"{margin}, got {int(np.diff(edges).min())} pixels ({count} blocks of {length})"
            )
        start, end = places[:, axis], places[:, axis] + patch[axis]
        number = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, count - 1)
        first = edges[number] + np.where(number > 0, margin, 0)
        last = edges[number + 1] - np.where(number < count - 1, margin, 0)
        inside &= (start >= first) & (end <= last)
        block[axis] = number
    return np.where(inside, block[0] * parts[1] + block[1], -1)


def split_groups(
    groups: ArrayLike, *, fraction: float = 0.5, random_state: int | np.random.Generator = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide items in two, each group (block, batch, person) wholly in one part.

    Args:
        groups: the group of each item, ``[n]`` integers; items with a negative number, which are in
            no block, go to neither part.
        fraction: share of the groups in the first part, which has at least one, as has the second.
        random_state: a seed or NumPy generator.

    Returns:
        Item numbers of the first part (to calibrate) and of the second (to test), ascending.

    Raises:
        ValueError: if there are fewer than two groups, or the fraction is not in (0, 1).

    Example:
        >>> first, second = split_groups([0, 0, 1, 1, -1, 2, 2], fraction=0.3)
        >>> len(first), len(second)
        (2, 4)
    """
    given = np.asarray(groups)
    rows = np.flatnonzero(given >= 0)
    member, sizes = group_numbers("groups", given[rows], len(rows))
    chosen = choose_groups(len(sizes), fraction, 1, np.random.default_rng(random_state))[0]
    return rows[chosen[member]], rows[~chosen[member]]


def choose_groups(
    count: int, fraction: float, num_splits: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    """For each split, a random choice of the same number of groups, ``[num_splits, count]``.

    Raises:
        ValueError: if there are fewer than two groups, or the fraction is not in (0, 1).
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction: expected a share in (0, 1), got {fraction}")
    if count < 2:
        raise ValueError(f"groups: expected at least two, one for each part, got {count}")
    first = min(max(round(fraction * count), 1), count - 1)
    ranks = random.random((num_splits, count)).argsort(axis=1).argsort(axis=1)
    return ranks < first

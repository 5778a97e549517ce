"""Patches of one image in blocks, so that calibration and test share no pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import ArrayLike

from aelib._checks import check_array, check_count, check_fraction
from aelib.anomaly._checks import group_indices
from aelib.anomaly._patches import as_pair


def spatial_blocks(
    corners: Int[ArrayLike, "n 2"],
    patch_size: int | tuple[int, int],
    image_shape: Sequence[int],
    *,
    grid: int | tuple[int, int] = 4,
    margin: int = 0,
) -> Int[np.ndarray, " n"]:
    """Index of the block of the image that each patch lies in.

    The image is cut into ``grid`` blocks. A patch that crosses a border between blocks belongs to
    none, so that patches of different blocks share no pixel; with a margin they keep their
    distance, since neighboring pixels on both sides of a border are still correlated.

    Args:
        corners: top left corners of the patches (row, column).
        patch_size: side of a patch, or height and width.
        image_shape: height and width of the image.
        grid: number of blocks down and across.
        margin: pixels that patches keep from borders inside the image.

    Returns:
        Indices of blocks from 0; -1 for a patch in none.

    Raises:
        ValueError: if shapes do not fit, or a patch with its margins is larger than a block.

    Example:
        >>> spatial_blocks([[0, 0], [0, 3], [0, 4], [4, 4]], 2, (8, 8), grid=2)
        array([ 0, -1,  1,  3])
    """
    starts = check_array("corners", corners, shape=("n", 2))
    margin = check_count("margin", margin, at_least=0)
    patch, parts = as_pair("patch_size", patch_size), as_pair("grid", grid)
    block = np.zeros((2, len(starts)), np.int64)
    inside = np.ones(len(starts), bool)
    for axis in range(2):
        length, count = int(image_shape[axis]), parts[axis]
        edges = np.arange(count + 1) * length // count
        if patch[axis] + margin * min(count - 1, 2) > np.diff(edges).min():
            raise ValueError(
                f"grid: expected blocks of at least a patch of {patch[axis]} with a margin of "
                f"{margin}, got {int(np.diff(edges).min())} pixels ({count} blocks of {length})"
            )
        start, end = starts[:, axis], starts[:, axis] + patch[axis]
        number = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, count - 1)
        first = edges[number] + np.where(number > 0, margin, 0)
        last = edges[number + 1] - np.where(number < count - 1, margin, 0)
        inside &= (start >= first) & (end <= last)
        block[axis] = number
    return np.where(inside, block[0] * parts[1] + block[1], -1)


def split_groups(
    groups: Int[ArrayLike, " n"],
    *,
    fraction: float = 0.5,
    random_state: int | np.random.Generator = 0,
) -> tuple[Int[np.ndarray, " first"], Int[np.ndarray, " second"]]:
    """Divide examples in two parts, each group (block, batch, person) wholly in one of them.

    Args:
        groups: the group of each example; examples with a negative number, which are in no block,
            go to neither part.
        fraction: fraction of the groups in the first part; each part has at least one.
        random_state: a seed or NumPy generator.

    Returns:
        Example indices of the first part (to calibrate) and of the second (to test), ascending.

    Raises:
        ValueError: if there are fewer than two groups, or the fraction is not in (0, 1).

    Example:
        >>> first, second = split_groups([0, 0, 1, 1, -1, 2, 2], fraction=0.3)
        >>> len(first), len(second)
        (2, 4)
    """
    given = np.asarray(groups)
    rows = np.flatnonzero(given >= 0)
    member, sizes = group_indices("groups", given[rows], len(rows))
    chosen = choose_groups(len(sizes), fraction, 1, np.random.default_rng(random_state))[0]
    return rows[chosen[member]], rows[~chosen[member]]


def choose_groups(
    count: int, fraction: float, num_splits: int, random: np.random.Generator
) -> Bool[np.ndarray, "num_splits count"]:
    """For each split, a random choice of the same number of groups.

    Args:
        count: number of groups.
        fraction: fraction of them to choose; at least one is chosen, and one is not.
        num_splits: number of splits.
        random: source of the random numbers.

    Returns:
        Which groups are chosen.

    Raises:
        ValueError: if there are fewer than two groups, or the fraction is not in (0, 1).
    """
    fraction = check_fraction("fraction", fraction)
    if count < 2:
        raise ValueError(f"groups: expected at least two, one for each part, got {count}")
    first = min(max(round(fraction * count), 1), count - 1)
    smallest = np.argpartition(random.random((num_splits, count)), first, axis=1)[:, :first]
    chosen = np.zeros((num_splits, count), bool)
    np.put_along_axis(chosen, smallest, True, axis=1)
    return chosen

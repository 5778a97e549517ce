"""Which examples go to training, validation and test: the same on every machine and release."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aelib._checks import check_fraction

DEFAULT_FRACTIONS = (0.7, 0.15, 0.15)


def shuffle_keys(count: int, purpose: str) -> NDArray[np.uint64]:
    """One 64-bit key per example: SplitMix64 of its number, started from a hash of ``purpose``.

    NumPy may change the streams of its generators between releases (NEP 19); a split that is
    called fixed may not. SplitMix64 (Steele, Lea and Flood, 2014) is a bijection of 64-bit
    integers, so no two examples share a key.

    Args:
        count: number of examples.
        purpose: the text that starts the sequence, such as the dataset's name and the seed.

    Returns:
        Keys of shape ``[count]``; sorting by them shuffles the examples.
    """
    digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
    start = np.uint64(int.from_bytes(digest, "little"))
    key = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def check_fractions(fractions: Sequence[float]) -> tuple[float, float, float]:
    """Three numbers in [0, 1] that sum to one, or a ``ValueError`` that says what is wrong."""
    values = tuple(
        check_fraction(f"fractions[{index}]", fraction, closed=True)
        for index, fraction in enumerate(fractions)
    )
    if len(values) != 3:
        raise ValueError(
            f"fractions: expected three numbers (train, validation, test), got {len(values)}"
        )
    if abs(sum(values) - 1.0) > 1e-6:
        raise ValueError(f"fractions: expected values that sum to 1, got {sum(values):g}")
    return values[0], values[1], values[2]


def split_indices(
    count: int,
    fractions: Sequence[float],
    purpose: str,
    groups: np.ndarray | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Divide ``count`` examples in three, keeping the examples of a group together.

    Groups are put in a shuffled order and cut where the number of examples comes closest to the
    fractions asked for, so a part is as large as its fraction up to half of a group.

    Args:
        count: number of examples.
        fractions: of train, validation and test.
        purpose: decides the shuffle, see :func:`shuffle_keys`.
        groups: label of each example's group, shape ``[count]``; ``None`` when each example is its
            own.

    Returns:
        Three arrays of example numbers, each in ascending order.

    Raises:
        ValueError: if there are fewer groups than parts with a fraction above zero.
    """
    parts = check_fractions(fractions)
    if groups is None:
        member = np.arange(count)
        sizes = np.ones(count, dtype=np.int64)
    else:
        _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        member = member.reshape(-1)
    wanted = [part > 0 for part in parts]
    if len(sizes) < sum(wanted):
        what = "examples" if groups is None else "groups of examples that stay together"
        raise ValueError(
            f"split: expected at least {sum(wanted)} {what}, one for each part, got {len(sizes)}"
            + " (a single picture is cut into examples by load's patch_size)" * (count == 1)
        )
    order = np.argsort(shuffle_keys(len(sizes), purpose), kind="stable")
    reached = np.concatenate([[0], np.cumsum(sizes[order])])
    cuts = [0]
    for part in range(2):
        target = sum(parts[: part + 1]) * count
        cut = int(np.argmin(np.abs(reached - target)))
        # Leave every part that was asked for at least one group.
        lowest = cuts[-1] + int(wanted[part])
        highest = len(sizes) - sum(wanted[part + 1 :])
        cuts.append(min(max(cut, lowest), highest))
    cuts.append(len(sizes))
    part_of_group = np.empty(len(sizes), dtype=np.int64)
    for part in range(3):
        part_of_group[order[cuts[part] : cuts[part + 1]]] = part
    part_of_example = part_of_group[member]
    first, second, third = (np.flatnonzero(part_of_example == part) for part in range(3))
    return first, second, third

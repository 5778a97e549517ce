"""Arguments that several files of this room take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def check_counts(name: str, counts: ArrayLike, *, stacked: bool = True) -> NDArray[np.int64]:
    """Counts as int64, ``[cells, genes]`` or, where allowed, ``[runs, cells, genes]``.

    Raises:
        TypeError: if they are not numbers.
        ValueError: if the shape does not fit, or a value is negative, not whole or not finite.
    """
    given: NDArray[Any] = np.asarray(counts)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected counts, got dtype {given.dtype}")
    wanted = "[cells, genes] or [runs, cells, genes]" if stacked else "[cells, genes]"
    if given.ndim not in ((2, 3) if stacked else (2,)) or 0 in given.shape:
        raise ValueError(f"{name}: expected shape {wanted}, none of them 0, got {given.shape}")
    wrong = ~(np.isfinite(given) & (given >= 0))
    wrong[~wrong] = given[~wrong] != np.floor(given[~wrong])
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"{name}: expected whole numbers of at least 0, got {given[index]} at index {index}"
        )
    return given.astype(np.int64)


def check_like(name: str, values: ArrayLike, like: NDArray[Any]) -> Floats:
    """Values as float64, in the shape of ``like``, finite.

    Raises:
        ValueError: if they are not.
    """
    array = np.asarray(values, np.float64)
    if array.shape != like.shape:
        raise ValueError(f"{name}: expected shape {like.shape}, got {array.shape}")
    if not np.isfinite(array).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}: expected finite values, got {array[index]} at index {index}")
    return array


def check_share(share: float) -> float:
    """A share strictly between 0 and 1.

    Raises:
        ValueError: if it is not.
    """
    if isinstance(share, bool) or not 0 < share < 1:
        raise ValueError(f"share: expected a number in (0, 1), got {share!r}")
    return float(share)

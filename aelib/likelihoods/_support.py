"""Checks of data against the support of a likelihood, on concrete (not traced) arrays."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from aelib._checks import check_array, check_cast, require_all


def numeric(x: ArrayLike, name: str = "x") -> np.ndarray:
    """``x`` as a NumPy array of real numbers with at least a batch axis.

    Raises:
        TypeError: anything else: strings, objects, complex numbers, a masked array.
        ValueError: a single number, or a number that the type of computation does not hold.
    """
    array = check_array(name, x, finite=False)
    check_cast(name, array, jnp.zeros(()).dtype)
    if array.ndim == 0:
        raise ValueError(f"{name}: expected [batch, ...], got a single number, {array}")
    return array


def observed(x: np.ndarray, mask: ArrayLike | None) -> np.ndarray:
    """Where to look: everywhere, or where ``mask`` is true.

    Raises:
        ValueError: the mask is not boolean or not shaped like ``x``.
    """
    if mask is None:
        return np.ones(x.shape, bool)
    mask = check_array("mask", mask)
    if mask.dtype != bool:
        raise ValueError(f"mask: expected booleans (True = observed), got dtype {mask.dtype}")
    if mask.shape != x.shape:
        raise ValueError(f"mask: expected the shape of x, {x.shape}, got {mask.shape}")
    return mask


def require(
    accepted: np.ndarray, x: np.ndarray, seen: np.ndarray, expected: str, hint: str = ""
) -> None:
    """Every seen value must be accepted, or the first that is not is reported with its index.

    Raises:
        ValueError: e.g. ``x: expected values in [0, 1], got 1.7 at index (3, 12)``.
    """
    require_all("x", x, accepted | ~seen, expected, hint)


def require_finite(x: np.ndarray, seen: np.ndarray) -> None:
    """Real, finite values."""
    require(np.isfinite(x.astype(np.float64)), x, seen, "finite values")


def require_counts(x: np.ndarray, seen: np.ndarray) -> None:
    """Whole numbers from 0 up, of any numeric dtype."""
    wide = x.astype(np.float64)
    # NaN fails both comparisons, infinity fails the first.
    whole = np.isfinite(wide) & (wide == np.floor(wide)) & (wide >= 0)
    require(whole, x, seen, "counts (whole numbers, 0 or more)")
    dtype = jnp.zeros(()).dtype
    exact = np.where(seen, wide, 0.0).astype(dtype) == np.where(seen, wide, 0.0)
    require(exact, x, seen, f"counts that {dtype} holds exactly")


def require_features(x: np.ndarray, shape: tuple[int, ...] | None, owner: str) -> None:
    """The trailing axes must be those a per-feature parameter was made for."""
    if shape is not None and x.shape[1:] != shape:
        raise ValueError(
            f"x: expected features of shape {shape}, for which {owner} was made, got {x.shape[1:]}"
        )


def require_exposure(exposure: ArrayLike) -> None:
    """Exposures are positive and finite."""
    given = check_array("exposure", exposure, finite=False)
    array = np.atleast_1d(given.astype(np.float64))
    positive = np.isfinite(array) & (array > 0)
    require_all("exposure", array, positive, "positive, finite values")

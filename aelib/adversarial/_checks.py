"""Arguments that several files of this room take."""

from __future__ import annotations

from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np

Norm = Literal["linf", "l2"]


def concrete(value: Any) -> bool:
    """Whether there are numbers to look at, as there are not while JAX traces a function."""
    return not isinstance(value, jax.core.Tracer)


def check_norm(norm: str) -> None:
    """Raise a ValueError unless it is a norm that is known here."""
    if norm not in get_args(Norm):
        expected = " or ".join(map(repr, get_args(Norm)))
        raise ValueError(f"norm: expected {expected}, got {norm!r}")


def check_items(name: str, x: Any) -> jax.Array:
    """Items in [0, 1], ``[n, ...]``, as they are if they are floats.

    Raises:
        TypeError: if they are not floating-point numbers.
        ValueError: if there is no axis of items, or a value is NaN or outside [0, 1].
    """
    array = x if isinstance(x, jax.Array) else np.asarray(x)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(f"{name}: expected floating-point numbers in [0, 1], got {array.dtype}")
    if array.ndim < 2 or not array.size:
        raise ValueError(f"{name}: expected shape [n, ...], not empty, got {array.shape}")
    if concrete(array):
        values = np.asarray(array, np.float64)
        bad = ~((values >= 0) & (values <= 1))  # true for NaN
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"{name}: expected values in [0, 1], got {values[place]:g} at index {place}"
            )
    return jnp.asarray(array)


def check_epsilon(
    epsilon: Any, num_items: int, dtype: jnp.dtype, name: str = "epsilon"
) -> jax.Array:
    """The attack strength: one number, or one for each item, not negative.

    Raises:
        ValueError: if the shape does not fit, or a value is negative, infinite or NaN.
    """
    array = epsilon if isinstance(epsilon, jax.Array) else np.asarray(epsilon)
    if array.shape not in ((), (num_items,)):
        raise ValueError(
            f"{name}: expected one number or shape ({num_items},), one for each item; "
            f"got shape {array.shape}"
        )
    if concrete(array):
        values = np.atleast_1d(np.asarray(array, np.float64))
        bad = ~((values >= 0) & (values < np.inf))
        if bad.any():
            index = int(np.argmax(bad))
            where = f" at index {index}" if array.shape else ""
            raise ValueError(
                f"{name}: expected finite numbers of at least 0, got {values[index]:g}{where}"
            )
    return jnp.asarray(array, dtype)


def check_labels(labels: Any, num_items: int) -> jax.Array:
    """One class for each item, whole numbers from 0.

    Raises:
        TypeError: if they are not whole numbers.
        ValueError: if there is not one for each item, or one is negative.
    """
    array = labels if isinstance(labels, jax.Array) else np.asarray(labels)
    if not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"labels: expected whole numbers, got {array.dtype}")
    if array.shape != (num_items,):
        raise ValueError(
            f"labels: expected shape ({num_items},), one for each item; got {array.shape}"
        )
    if concrete(array) and (np.asarray(array) < 0).any():
        index = int(np.argmax(np.asarray(array) < 0))
        raise ValueError(f"labels: expected 0, 1, ..., got {int(array[index])} at index {index}")
    return jnp.asarray(array)


def per_item(value: jax.Array, x: jax.Array) -> jax.Array:
    """A number, or one for each item, in a shape that broadcasts with the items."""
    return value if value.ndim == 0 else value.reshape(-1, *([1] * (x.ndim - 1)))


def over_features(x: jax.Array) -> tuple[int, ...]:
    """The axes of an item."""
    return tuple(range(1, x.ndim))

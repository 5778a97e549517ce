"""Checks of examples, strengths and labels, which may also be traced by JAX."""

from __future__ import annotations

from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float, Int

from aelib._arrays import as_jax, as_real
from aelib._checks import check_choice, require_all

Norm = Literal["linf", "l2"]


def concrete(value: object) -> bool:
    """Whether there are numbers to look at, as there are not while JAX traces a function."""
    return not isinstance(value, jax.core.Tracer)


def check_norm(norm: str) -> None:
    """Raise a ValueError unless it is a norm that is known here."""
    check_choice("norm", norm, get_args(Norm))


def check_examples(name: str, x: Float[ArrayLike, "n ..."]) -> Float[Array, "n ..."]:
    """Return examples in [0, 1], in the floating type they have.

    Args:
        name: the argument's name, for the message.
        x: what was given; values are not looked at while JAX traces them.

    Raises:
        TypeError: if they are not floating-point numbers.
        ValueError: if there is no axis of examples, or a value is NaN or outside [0, 1].
    """
    array = as_real(name, x)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise TypeError(f"{name}: expected floating-point numbers in [0, 1], got {array.dtype}")
    if array.ndim < 2 or not array.size:
        raise ValueError(f"{name}: expected shape [n, ...], not empty, got {array.shape}")
    if concrete(array):
        values = np.asarray(array)
        require_all(name, values, (values >= 0) & (values <= 1), "values in [0, 1]")
    return as_jax(name, array)


def check_epsilon(
    epsilon: Float[ArrayLike, "*n"], num_examples: int, dtype: DTypeLike, name: str = "epsilon"
) -> Float[Array, "*shape"]:
    """Return the attack strength: one number, or one for each example, not negative.

    Args:
        epsilon: what was given; values are not looked at while JAX traces them.
        num_examples: number of examples.
        dtype: floating type of the examples.
        name: the argument's name, for the message.

    Raises:
        ValueError: if the shape does not fit, or a value is negative, infinite or NaN.
    """
    array = as_real(name, epsilon)
    if array.shape not in ((), (num_examples,)):
        raise ValueError(
            f"{name}: expected one number or shape ({num_examples},), one for each example; "
            f"got shape {array.shape}"
        )
    if concrete(array):
        values = np.asarray(array)
        require_all(name, values, (values >= 0) & (values < np.inf), "finite numbers of at least 0")
    return jnp.asarray(array, dtype)


def check_labels(
    labels: Int[ArrayLike, " n"], num_examples: int, num_classes: int | None = None
) -> Int[Array, " n"]:
    """Return one class for each example, whole numbers from 0.

    Args:
        labels: what was given; values are not looked at while JAX traces them.
        num_examples: number of examples.
        num_classes: number of classes, if known.

    Raises:
        TypeError: if they are not whole numbers.
        ValueError: if there is not one for each example, or one is not a class.
    """
    array = as_real("labels", labels)
    if not jnp.issubdtype(array.dtype, jnp.integer):
        raise TypeError(f"labels: expected whole numbers, got {array.dtype}")
    if array.shape != (num_examples,):
        raise ValueError(
            f"labels: expected shape ({num_examples},), one for each example; got {array.shape}"
        )
    if concrete(array):
        values = np.asarray(array)
        last = "..." if num_classes is None else f"..., {num_classes - 1}"
        below = values < (np.inf if num_classes is None else num_classes)
        require_all("labels", values, (values >= 0) & below, f"0, 1, {last}")
    return as_jax("labels", array)


def check_strength(strength: Float[Array, "*shape"]) -> None:
    """Refuse NaN, which is no measure of an attack: the example would be counted as robust.

    Args:
        strength: values of a criterion; they are not looked at while JAX traces them.

    Raises:
        ValueError: naming the first example whose strength is NaN.
    """
    if concrete(strength):
        values = np.asarray(strength)
        hint = "; margin gives NaN for a label beyond the last class"
        require_all("objective", values, ~np.isnan(values), "numbers", hint)


def fraction_above_zero(strength: Float[Array, "*k n"]) -> Float[Array, "*k"]:
    """Fraction of examples with a positive strength; NaN if the strength of an example is."""
    return jnp.mean(jnp.where(jnp.isnan(strength), jnp.nan, strength > 0), axis=-1)


def per_example(value: Float[Array, "*shape"], x: Float[Array, "n ..."]) -> Float[Array, "*shape"]:
    """A number, or one for each example, in a shape that broadcasts with the examples."""
    return value if value.ndim == 0 else value.reshape(-1, *([1] * (x.ndim - 1)))


def over_features(x: Float[Array, "n ..."]) -> tuple[int, ...]:
    """The axes of an example."""
    return tuple(range(1, x.ndim))

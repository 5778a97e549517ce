"""The changes an attacker may make: a ball around each example, intersected with [0, 1]."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from aelib._arrays import as_jax
from aelib.adversarial._checks import (
    Norm,
    check_epsilon,
    check_examples,
    check_norm,
    over_features,
    per_example,
)


def project(
    candidate: Float[ArrayLike, "n ..."],
    x: Float[ArrayLike, "n ..."],
    *,
    epsilon: Float[ArrayLike, "*n"],
    norm: Norm = "linf",
) -> Float[Array, "n ..."]:
    r"""Project candidates to the points within ``epsilon`` of an example, with values in [0, 1].

    For ``"linf"`` each value is clipped on its own. For ``"l2"`` the nearest point of ball *and*
    box is :math:`x + \operatorname{clip}(s\,(c - x), -x, 1 - x)` for the largest factor
    :math:`s \le 1` that stays in the ball: that is what the Karush-Kuhn-Tucker conditions say, with
    :math:`s = 1 / (1 + \lambda)`. (First shrinking to the ball and then clipping also ends in both,
    but not at the nearest point.)

    The result is in ball and box *exactly*: computed without rounding, its distance from ``x`` is
    at most ``epsilon`` (as a number of the type of ``x``). Sums are rounded towards ``x``; for
    ``"l2"``, where a length is a rounded sum of squares, the radius is lowered by the bound of that
    rounding, a relative (d + 8) units of the last place.

    Args:
        candidate: points to project; a value that is NaN becomes that of the example.
        x: the examples, values in [0, 1].
        epsilon: radius, one number or one for each example.
        norm: ``"linf"``, the largest change of a value; ``"l2"``, the length of the change.

    Returns:
        The nearest points of ball and box.

    Raises:
        TypeError: if the examples are not floating-point numbers.
        ValueError: if a shape does not fit, ``epsilon`` is negative or the norm is unknown; unless
            traced by JAX, if an example has a value outside [0, 1].

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[0.0, 0.5, 1.0]])
        >>> project(x + 0.25, x, epsilon=0.125)
        Array([[0.125, 0.625, 1.   ]], dtype=float32)
        >>> far = jnp.array([[3.0, 4.5, 1.0]])
        >>> [round(float(v), 3) for v in project(far, x, epsilon=0.5, norm="l2")[0]]
        [0.3, 0.9, 1.0]
    """
    check_norm(norm)
    x = check_examples("x", x)
    candidate = as_jax("candidate", candidate, x.dtype)
    if candidate.shape != x.shape:
        raise ValueError(f"candidate: expected the shape of x, {x.shape}, got {candidate.shape}")
    return project_unchecked(candidate, x, check_epsilon(epsilon, len(x), x.dtype), norm)


@functools.partial(jax.jit, static_argnums=3)
def project_unchecked(
    candidate: Float[Array, "n ..."],
    x: Float[Array, "n ..."],
    epsilon: Float[Array, "*n"],
    norm: Norm,
) -> Float[Array, "n ..."]:
    """:func:`project` for arguments that are known to be right."""
    change = candidate - x
    change = jnp.where(jnp.isnan(change), 0, change)
    radius = per_example(epsilon, x)
    if norm == "linf":
        return _towards(x, jnp.clip(change, -radius, radius))
    flat = change.reshape(len(x), -1)
    room = jnp.where(change > 0, 1 - x, x).reshape(flat.shape)
    factor = jax.vmap(_shrink)(flat, room, jnp.broadcast_to(epsilon, (len(x),)))
    return _towards(x, jnp.clip(change * per_example(factor, x), -x, 1 - x))


@functools.partial(jax.jit, static_argnums=3)
def random_start(
    key: PRNGKeyArray, x: Float[Array, "n ..."], epsilon: Float[Array, "*n"], norm: Norm
) -> Float[Array, "n ..."]:
    """A random point of the ball around each example, with values in [0, 1].

    Uniform in the ball, then projected to the box, so many values lie on its edge where those of
    the example do. Arguments are known to be right.
    """
    radius = per_example(epsilon, x)
    if norm == "linf":
        change = radius * jax.random.uniform(key, x.shape, x.dtype, -1.0, 1.0)
    else:
        direction_key, length_key = jax.random.split(key)
        direction = unit(jax.random.normal(direction_key, x.shape, x.dtype))
        length = jax.random.uniform(length_key, (len(x),), x.dtype)
        length = length ** (1.0 / (x.size // len(x)))
        change = radius * per_example(length, x) * direction
    return project_unchecked(x + change, x, epsilon, norm)


def unit(change: Float[Array, "n ..."]) -> Float[Array, "n ..."]:
    """Each example of length 1, or zero where it is zero; without overflow or underflow."""
    axes = over_features(change)
    largest = jnp.max(jnp.abs(change), axis=axes, keepdims=True)
    scaled = change / jnp.where(largest > 0, largest, 1)
    length = jnp.sqrt(jnp.sum(scaled**2, axis=axes, keepdims=True))
    return scaled / jnp.where(length > 0, length, 1)


def _shrink(
    change: Float[Array, " d"], room: Float[Array, " d"], radius: Float[Array, ""]
) -> Float[Array, ""]:
    """The largest s <= 1 for which clip(s * change) to the room is no longer than the radius.

    The squared length, a function of s^2, is piecewise linear and concave: values stop growing one
    after the other as they reach the edge of the box. Newton's method from below never oversteps
    the root of such a function, and ends after a few steps, when no further value has stopped.
    """
    radius = radius * (1 - (len(change) + 8) * jnp.finfo(change.dtype).eps)
    squares, limits = change**2, room**2

    def root(stopped: Bool[Array, " d"]) -> Float[Array, ""]:
        """The s^2 at which the radius is reached if these values have stopped and no others do."""
        moving = jnp.sum(jnp.where(stopped, 0, squares))
        left = jnp.maximum(radius**2 - jnp.sum(jnp.where(stopped, limits, 0)), 0)
        return jnp.where(moving > 0, jnp.minimum(left / jnp.where(moving > 0, moving, 1), 1), 1)

    def step(state: PyTree) -> tuple[Bool[Array, " d"], Bool[Array, " d"]]:
        _, stopped = state
        return stopped, stopped | (root(stopped) * squares >= limits)

    def changed(state: PyTree) -> Bool[Array, ""]:
        before, after = state
        return jnp.any(before != after)

    none = squares < 0
    _, stopped = jax.lax.while_loop(changed, step, step((none, none)))
    return jnp.sqrt(root(stopped))


def _towards(x: Float[Array, "n ..."], change: Float[Array, "n ..."]) -> Float[Array, "n ..."]:
    """``x + change`` rounded towards x, so that no change grows by rounding; in [0, 1]."""
    total = x + change
    # Knuth's exact error of a sum, whichever of its two parts is the larger.
    part = total - x
    error = (x - (total - part)) + (change - part)
    back = jnp.nextafter(total, x)
    outwards = jnp.where(change > 0, error < 0, error > 0) & (change != 0)
    return jnp.clip(jnp.where(outwards, back, total), 0, 1)

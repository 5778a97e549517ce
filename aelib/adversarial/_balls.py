"""The changes an attacker may make: a ball around each item, intersected with [0, 1]."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray

from aelib.adversarial._checks import (
    Norm,
    check_epsilon,
    check_items,
    check_norm,
    over_features,
    per_item,
)


def project(
    candidate: Float[ArrayLike, "n ..."],
    x: Float[ArrayLike, "n ..."],
    *,
    epsilon: Float[ArrayLike, "*n"],
    norm: Norm = "linf",
) -> Float[Array, "n ..."]:
    r"""Project candidates to the points within ``epsilon`` of an item, with values in [0, 1].

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
        candidate: points to project; a value that is NaN becomes that of the item.
        x: the items, values in [0, 1].
        epsilon: radius, one number or one for each item.
        norm: ``"linf"``, the largest change of a value; ``"l2"``, the length of the change.

    Returns:
        The nearest points of ball and box.

    Raises:
        TypeError: if the items are not floating-point numbers.
        ValueError: if a shape does not fit, ``epsilon`` is negative or the norm is unknown; unless
            traced by JAX, if an item has a value outside [0, 1].

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
    x = check_items("x", x)
    candidate = jnp.asarray(candidate, x.dtype)
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
    radius = per_item(epsilon, x)
    if norm == "linf":
        return _towards(x, jnp.clip(change, -radius, radius))
    flat = change.reshape(len(x), -1)
    room = jnp.where(change > 0, 1 - x, x).reshape(flat.shape)
    factor = jax.vmap(_shrink)(flat, room, jnp.broadcast_to(epsilon, (len(x),)))
    return _towards(x, jnp.clip(change * per_item(factor, x), -x, 1 - x))


@functools.partial(jax.jit, static_argnums=3)
def random_start(
    key: PRNGKeyArray, x: Float[Array, "n ..."], epsilon: Float[Array, "*n"], norm: Norm
) -> Float[Array, "n ..."]:
    """A random point of the ball around each item, with values in [0, 1].

    Uniform in the ball, then projected to the box, so many values lie on its edge where those of
    the item do. Arguments are known to be right.
    """
    radius = per_item(epsilon, x)
    if norm == "linf":
        change = radius * jax.random.uniform(key, x.shape, x.dtype, -1.0, 1.0)
    else:
        direction_key, length_key = jax.random.split(key)
        direction = unit(jax.random.normal(direction_key, x.shape, x.dtype))
        length = jax.random.uniform(length_key, (len(x),), x.dtype)
        length = length ** (1.0 / (x.size // len(x)))
        change = radius * per_item(length, x) * direction
    return project_unchecked(x + change, x, epsilon, norm)


def unit(change: Float[Array, "n ..."]) -> Float[Array, "n ..."]:
    """Each item of length 1, or zero where it is zero; without overflow or underflow."""
    axes = over_features(change)
    largest = jnp.max(jnp.abs(change), axis=axes, keepdims=True)
    scaled = change / jnp.where(largest > 0, largest, 1)
    length = jnp.sqrt(jnp.sum(scaled**2, axis=axes, keepdims=True))
    return scaled / jnp.where(length > 0, length, 1)


def _shrink(
    change: Float[Array, " d"], room: Float[Array, " d"], radius: Float[Array, ""]
) -> Float[Array, ""]:
    """The largest s <= 1 for which clip(s * change) to the room is no longer than the radius.

    The length grows with s in pieces, one for each value that has reached the edge of the box, so s
    is found by sorting.
    """
    size = jnp.abs(change)
    radius = radius * (1 - (len(change) + 8) * jnp.finfo(change.dtype).eps)
    # Each value stops to grow at s = room / size; in the order in which they do:
    stops = jnp.where(size > 0, room / jnp.where(size > 0, size, 1), jnp.inf)
    order = jnp.argsort(stops)
    stops, squares, rooms = stops[order], size[order] ** 2, room[order] ** 2
    # Of the values before the j-th; not the running sum less its last term, which would cancel.
    stopped = jnp.concatenate([jnp.zeros(1, rooms.dtype), jnp.cumsum(rooms)[:-1]])
    moving = jnp.cumsum(squares[::-1])[::-1]  # of the j-th value and those after it
    left = jnp.maximum(radius**2 - stopped, 0)
    reached = jnp.sqrt(left / jnp.where(moving > 0, moving, 1))
    # Up to s = stops[j] the squared length is stopped[j] + s^2 moving[j]. The first j for which it
    # reaches the radius before that has the answer; if there is none, the whole box is inside.
    here = (reached < stops) & (moving > 0)
    first = reached[jnp.argmax(here)]
    return jnp.where(here.any(), jnp.minimum(first, 1), 1)


def _towards(x: Float[Array, "n ..."], change: Float[Array, "n ..."]) -> Float[Array, "n ..."]:
    """``x + change`` rounded towards x, so that no change grows by rounding; in [0, 1]."""
    total = x + change
    # Knuth's exact error of a sum, in any order of magnitude of its parts.
    part = total - x
    error = (x - (total - part)) + (change - part)
    back = jnp.nextafter(total, x)
    outwards = jnp.where(change > 0, error < 0, error > 0) & (change != 0)
    return jnp.clip(jnp.where(outwards, back, total), 0, 1)

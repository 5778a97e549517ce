"""The logistic function and the softmax, whose derivatives keep their digits near certainty."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


@jax.custom_jvp
def sigmoid(x: Array) -> Array:
    """Logistic function of logits, differentiated without a difference from one.

    The derivative is ``s(x) s(-x)``. JAX's own is ``s (1 - s)``, which is 0 from a logit of 17
    on, where ``s`` is rounded to 1.

    Example:
        >>> import jax
        >>> print(f"{jax.grad(sigmoid)(20.0):.4g}")
        2.061e-09
    """
    return jax.nn.sigmoid(x)


@sigmoid.defjvp
def _sigmoid_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return sigmoid(primals[0]), logistic_density(primals[0]) * tangents[0]


@jax.custom_jvp
def logistic_density(x: Array) -> Array:
    """Derivative of the logistic function, which is the variance of a coin with this logit.

    Its own derivative is ``-s(x) s(-x) tanh(x / 2)``: near 0 nothing cancels.

    Example:
        >>> import jax
        >>> print(f"{jax.grad(logistic_density)(1e-7):.4g}")
        -1.25e-08
    """
    return jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)


@logistic_density.defjvp
def _density_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    value = logistic_density(primals[0])
    return value, -value * jnp.tanh(0.5 * primals[0]) * tangents[0]


def certain(logits: Array) -> Array:
    """Logits [..., K] as they are, unless one is infinite: then 0 for that one, -inf elsewhere.

    NaN for all where several are infinite: what they come to depends on which grows faster.

    Example:
        >>> import jax.numpy as jnp
        >>> certain(jnp.array([3.0, jnp.inf]))
        Array([-inf,   0.], dtype=float32)
    """
    infinite = logits == jnp.inf
    number = jnp.sum(infinite, axis=-1, keepdims=True)
    nan = jnp.isnan(logits).any(axis=-1, keepdims=True)
    one = jnp.where(infinite, 0.0, -jnp.inf).astype(logits.dtype)
    one = jnp.where((number > 1) | nan, jnp.nan, one)
    return jnp.where(number > 0, one, logits)


def _leads(logits: Array) -> Array:
    """Whether an entry is the first of the largest along the last axis."""
    first = jnp.argmax(logits, axis=-1, keepdims=True)
    return jnp.arange(logits.shape[-1]) == first


@jax.custom_jvp
def softmax(logits: Array) -> Array:
    """Probabilities along the last axis, whose derivatives keep their digits near certainty.

    An infinite logit is a certain class, one of -inf a class that is ruled out.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> slope = jax.grad(lambda a: softmax(a)[0])(jnp.array([20.0, 0.0]))
        >>> print(f"{slope[0]:.4g}")
        2.061e-09
    """
    return jax.nn.softmax(certain(logits), axis=-1)


@softmax.defjvp
def _softmax_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    p, leads = softmax(primals[0]), _leads(primals[0])
    # Against the largest: p (t - sum of p t) would subtract what is nearly equal.
    moved = tangents[0] - jnp.sum(jnp.where(leads, tangents[0], 0.0), axis=-1, keepdims=True)
    return p, p * (moved - jnp.sum(p * moved, axis=-1, keepdims=True))


def complement(p: Array) -> Array:
    """``1 - p`` for probabilities along the last axis; for the largest, the sum of the others.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{complement(jnp.array([1.0, 1e-12]))[0]:.4g}")
        1e-12
    """
    leads = _leads(p)
    others = jnp.sum(jnp.where(leads, 0.0, p), axis=-1, keepdims=True)
    return jnp.where(leads, others, 1.0 - p)

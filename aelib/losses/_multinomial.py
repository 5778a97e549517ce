"""The multinomial: how a document's words fall on a vocabulary."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_derivatives import SymbolicZero
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, same_shape, where_counts
from aelib.losses._cancellation import exponential_remainder, log_ratio
from aelib.losses._logistic import certain
from aelib.losses._partials import derivative
from aelib.losses._stirling import log_gamma_one_plus, saddle_point_prefactor


def _exact_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded sum and what rounding took from it (Knuth's two-sum)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _expectation(logits: Array, counts: Array) -> tuple[Array, Array, Array]:
    """``log(N p)`` as an unevaluated sum of two numbers, and ``N`` (one when there are none)."""
    number = jnp.sum(counts, axis=-1, keepdims=True)
    number = jnp.where(number > 0.0, number, 1.0)
    logits = certain(logits)
    log_number = jnp.log(number)
    first = jnp.argmax(logits, axis=-1, keepdims=True)
    leads = jnp.arange(logits.shape[-1]) == first
    # Not jnp.max, whose derivative is shared between ties while the sum leaves out only the first.
    largest = jnp.sum(jnp.where(leads, logits, 0.0), axis=-1, keepdims=True)
    differences, lost = _exact_sum(logits, -largest)
    others = jnp.sum(jnp.where(leads, 0.0, jnp.exp(differences)), axis=-1, keepdims=True)

    expected, lost_in_number = _exact_sum(differences, log_number)
    expected, lost_in_total = _exact_sum(expected, -jnp.log1p(others))
    remainder = lost + lost_in_number + lost_in_total - log_ratio(log_number, number)
    # A class that is ruled out (logit -inf) loses inf - inf.
    return expected, jnp.where(jnp.isfinite(expected), remainder, 0.0), number


def _log_excess(logits: Array, counts: Array) -> tuple[Array, Array, Array]:
    """``t = log(N p / counts)`` (``log(N p)`` where there are none), ``N p`` and ``N``."""
    expected, remainder, number = _expectation(logits, counts)
    t = log_ratio(expected, jnp.where(counts > 0.0, counts, 1.0)) + remainder
    return t, jnp.exp(expected) * (1.0 + remainder), number


@jax.custom_jvp
def _multinomial(logits: Array, counts: Array) -> Array:
    """The loss as a sum of Poisson losses at the rates ``N p``, less the Poisson loss of ``N``.

    All terms but the last are positive, and an error common to all ``log p`` (that of the
    normalizer) cancels to first order because the rates add up to ``N``. Differentiating would
    undo this; the partials are ``N p - counts`` and ``s'(counts) - s'(N) - t``.
    """
    t, rate, number = _log_excess(logits, counts)
    some = counts > 0.0
    safe = jnp.where(some, counts, 1.0)
    near = jnp.abs(t) < 1.0
    close = safe * exponential_remainder(jnp.where(near, t, 0.0))
    deviance = jnp.where(near, close, rate - safe * (1.0 + t))
    terms = jnp.where(some, deviance + saddle_point_prefactor(safe), rate)
    nats = jnp.sum(terms, axis=-1) - saddle_point_prefactor(number[..., 0])
    # NaN has nothing to say, even about nothing.
    return jnp.where(jnp.any(some | jnp.isnan(logits), axis=-1), nats, 0.0)


def _slope_logits(logits: Array, counts: Array) -> Array:
    t, rate, _ = _log_excess(logits, counts)
    near = (counts > 0.0) & (jnp.abs(t) < 1.0)
    inner = jnp.where(near, t, 0.0)
    slope = jnp.where(near, counts * (inner + exponential_remainder(inner)), rate - counts)
    return jnp.where(jnp.any(counts > 0.0, axis=-1, keepdims=True), slope, 0.0)


def _slope_counts(logits: Array, counts: Array) -> Array:
    """digamma(counts + 1) - digamma(N + 1) - log p."""
    t, _, number = _log_excess(logits, counts)
    small = counts < 1.0
    low, high = jnp.where(small, counts, 0.0), jnp.where(small, 1.0, counts)
    expected, remainder, _ = _expectation(logits, counts)
    few = derivative(log_gamma_one_plus, low) - expected - remainder
    slope = jnp.where(small, few, derivative(saddle_point_prefactor, high) - t)
    nothing = ~jnp.any(counts > 0.0, axis=-1, keepdims=True)
    # With no counts N stands at 1, where s' is digamma(2); digamma(1) is one less.
    return slope - derivative(saddle_point_prefactor, number) + jnp.where(nothing, 1.0, 0.0)


def _multinomial_jvp(
    primals: tuple[Array, Array], tangents: tuple[Array | SymbolicZero, Array | SymbolicZero]
) -> tuple[Array, Array]:
    value = _multinomial(*primals)
    slope = jnp.zeros_like(value)
    for partial, tangent in zip((_slope_logits, _slope_counts), tangents, strict=True):
        if not isinstance(tangent, SymbolicZero):
            slope = slope + jnp.sum(partial(*primals) * tangent, axis=-1)
    return value, slope


_multinomial.defjvp(_multinomial_jvp, symbolic_zeros=True)
_compiled = jax.jit(_multinomial)  # so that a call outside of jit is one kernel


def multinomial_nll(
    logits: Float[ArrayLike, "*batch words"], counts: Real[ArrayLike, "*batch words"]
) -> Float[Array, "*batch"]:
    r"""Negative log-probability of a multinomial distribution, per example, in nats.

    .. math::
        -\ln N! + \sum_v \ln c_v! - \sum_v c_v \ln p_v
        = \sum_v \mathrm{Poisson}(c_v \mid N p_v) - \mathrm{Poisson}(N \mid N)

    in losses: counts that are independent Poissons, given their sum, are multinomial. The right
    side is the one computed. The coefficient is included, so that losses of documents of different
    lengths can be compared; it does not depend on the logits.

    Args:
        logits: :math:`\ln p_v` up to a constant, shape ``[..., V]``. One of -inf rules its word
            out, an infinite one rules out all others; several are no distribution and give NaN.
        counts: :math:`c_v \ge 0`, the same shape, integer or floating; :math:`N` is their sum.

    Returns:
        Nats, shape ``[...]``; float32, or float64 when an argument is. Zero where all counts are.

    Raises:
        ValueError: the shapes differ, or have no axis.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> nats = multinomial_nll(jnp.zeros(2), jnp.array([1, 1]))  # one of each: probability 1/2
        >>> print(f"{nats:.6f}")
        0.693147
    """
    dtype = compute_dtype(logits=logits, counts=counts)
    logits, counts = same_shape(dtype, logits=logits, counts=counts)
    if logits.ndim == 0:
        raise ValueError("logits: expected shape [..., V], got ()")
    if not logits.shape[-1]:
        raise ValueError(f"logits: expected at least one word, got shape {logits.shape}")
    return where_counts(counts, _compiled(logits, counts), joint=True)

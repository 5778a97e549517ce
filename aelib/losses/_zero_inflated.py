"""The zero-inflated negative binomial: counts with extra zeros."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, parameter, same_shape
from aelib.losses._logistic import sigmoid
from aelib.losses._negative_binomial import negative_binomial
from aelib.losses._partials import with_partials


class _Logistic(NamedTuple):
    """What the logit of an added zero amounts to, from one exponential and one logarithm.

    Attributes:
        counted: probability that the counts are left as they are, ``sigmoid(-logit)``.
        softplus: ``-log(counted)``.
        softplus_of_minus: ``-log(1 - counted)``.
    """

    counted: Array
    softplus: Array
    softplus_of_minus: Array


def _logistic(logits: Array) -> _Logistic:
    smaller = jnp.exp(-jnp.abs(logits))
    common = jnp.log1p(smaller)
    return _Logistic(
        jnp.where(logits > 0.0, smaller, 1.0) / (1.0 + smaller),
        jnp.maximum(logits, 0.0) + common,
        jnp.maximum(-logits, 0.0) + common,
    )


def _log_odds(nats: Array, zero_logits: Array) -> Array:
    """Log of how much likelier a zero was added than counted; -inf where none is added."""
    return jnp.where(zero_logits == -jnp.inf, -jnp.inf, zero_logits + nats)


def _slope_nats(nats: Array, zero_logits: Array, counts: Array) -> Array:
    """Probability that what is seen came from the counts: 1 above zero."""
    return jnp.where(counts == 0.0, sigmoid(-_log_odds(nats, zero_logits)), 1.0)


def _slope_logits(nats: Array, zero_logits: Array, counts: Array) -> Array:
    """At zero ``sigmoid(logit) - sigmoid(logit + nats)``, without subtracting them."""
    here = sigmoid(zero_logits)
    added = sigmoid(_log_odds(nats, zero_logits))
    at_zero = added * _logistic(zero_logits).counted * jnp.expm1(-nats)
    return jnp.where(counts == 0.0, at_zero, here)


def _no_slope(nats: Array, zero_logits: Array, counts: Array) -> Array:
    """The loss jumps at zero, where its derivative by a count is not to be had."""
    del zero_logits, counts
    return jnp.zeros_like(nats)


@with_partials(_slope_nats, _slope_logits, _no_slope)
def _with_zeros(nats: Array, zero_logits: Array, counts: Array) -> Array:
    """``nats + softplus(logit)``, and at a zero ``-log(pi + (1 - pi) exp(-nats))``.

    By ``log1p`` of the probability of not seeing a zero where that is small, and as a sum of two
    probabilities where it is not. The partial by the logit is given because it is the difference
    of two logistic functions that agree when ``nats`` is small.
    """
    logistic = _logistic(zero_logits)
    missing = logistic.counted * jnp.expm1(-nats)
    common = missing > -0.5
    smaller = jnp.exp(
        -jnp.abs(_log_odds(nats, zero_logits))
    )  # the smaller probability over the larger
    logarithm = jnp.log1p(jnp.where(common, missing, smaller))
    larger = jnp.minimum(logistic.softplus_of_minus, logistic.softplus + nats)
    at_zero = jnp.where(common, 0.0, larger) - logarithm
    return jnp.where(counts == 0.0, at_zero, logistic.softplus + nats)


def zero_inflated_negative_binomial_nll(
    log_mean: Float[ArrayLike, " ..."],
    log_theta: Real[ArrayLike, " ..."],
    zero_logits: Float[ArrayLike, " ..."],
    counts: Real[ArrayLike, " ..."],
) -> Float[Array, " ..."]:
    r"""Negative log-probability of a zero-inflated negative binomial, elementwise, in nats.

    With probability :math:`\pi` the count is replaced by zero:

    .. math::
        P(0) = \pi + (1 - \pi)\, \mathrm{NB}(0 \mid \mu, \theta), \qquad
        P(x) = (1 - \pi)\, \mathrm{NB}(x \mid \mu, \theta) \quad (x > 0)

    Only at zero is there anything to mix; elsewhere the loss is :func:`negative_binomial_nll` plus
    :math:`-\ln(1 - \pi)`. Between the two the loss jumps, so its derivative by ``counts`` is given
    as zero at zero.

    Args:
        log_mean: :math:`\ln\mu` of the counts before zeros are added, any shape.
        log_theta: :math:`\ln\theta`, the inverse dispersion: a scalar, one per feature (the
            trailing axes of ``log_mean``), or the shape of ``log_mean``.
        zero_logits: :math:`\ln \pi / (1 - \pi)`, the shape of ``log_mean``.
        counts: :math:`x \ge 0`, the shape of ``log_mean``, integer or floating.

    Returns:
        Nats, in the shape of ``log_mean``; float32, or float64 when an argument is.
        NaN where a count is negative.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> # half of the zeros are added, a quarter of the others are zero
        >>> nats = zero_inflated_negative_binomial_nll(jnp.log(3.0), 0.0, 0.0, 0)
        >>> print(f"{jnp.exp(-nats):.6f}")
        0.625000
    """
    dtype = compute_dtype(
        log_mean=log_mean, log_theta=log_theta, zero_logits=zero_logits, counts=counts
    )
    log_mean, zero_logits, counts = same_shape(
        dtype, log_mean=log_mean, zero_logits=zero_logits, counts=counts
    )
    log_theta = parameter(dtype, log_mean.shape, "log_theta", log_theta)
    # A constant zero, so that there is no derivative by a count where the loss jumps.
    counted = jnp.where(counts == 0.0, 0.0, counts)
    # Counts of a mean without bounds are never zero: each zero was added, and nothing depends on
    # how unlikely the other way is.
    added = (counts == 0.0) & (log_mean == jnp.inf) & (zero_logits > -jnp.inf)
    log_mean = jnp.where(added, 1e30, log_mean)
    # XLA would compute them anew for each of their uses.
    nats = jax.lax.optimization_barrier(negative_binomial(log_mean, log_theta, counted))
    return _with_zeros(nats, zero_logits, counts)

"""The zero-inflated negative binomial: counts with extra zeros."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from ._arguments import compute_dtype, parameter, same_shape, where_counts
from ._negative_binomial import negative_binomial, negative_binomial_at_zero
from ._partials import with_partials


def _slope_zero(nats: Array, zero_logits: Array) -> Array:
    """Probability that a zero came from the counts."""
    return jax.nn.sigmoid(-(zero_logits + nats))


def _slope_logits(nats: Array, zero_logits: Array) -> Array:
    """sigmoid(logit) - sigmoid(logit + nats), without subtracting them."""
    return jax.nn.sigmoid(zero_logits + nats) * jax.nn.sigmoid(-zero_logits) * jnp.expm1(-nats)


@with_partials(_slope_zero, _slope_logits)
def _zero_loss(nats: Array, zero_logits: Array) -> Array:
    """``-log(pi + (1 - pi) exp(-nats))``, ``nats`` being the loss of a zero among the counts.

    By ``log1p`` of the probability of not seeing a zero where that is small, and as a sum of two
    probabilities where it is not. The partial by the logit is given because it is the difference
    of two logistic functions that agree when ``nats`` is small.
    """
    missing = jax.nn.sigmoid(-zero_logits) * jnp.expm1(-nats)
    common = missing > -0.5
    added, counted = jax.nn.softplus(-zero_logits), jax.nn.softplus(zero_logits) + nats
    smaller = jnp.exp(-jnp.abs(zero_logits + nats))  # the smaller probability over the larger
    logarithm = jnp.log1p(jnp.where(common, missing, smaller))
    return jnp.where(common, 0.0, jnp.minimum(added, counted)) - logarithm


def zero_inflated_negative_binomial_nll(
    log_mean: ArrayLike, log_theta: ArrayLike, zero_logits: ArrayLike, counts: ArrayLike
) -> Array:
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

    >>> nats = zero_inflated_negative_binomial_nll(jnp.log(3.0), 0.0, 0.0, 0)  # P = (1 + 1/4) / 2
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
    zero = counts == 0.0
    at_zero = _zero_loss(negative_binomial_at_zero(log_mean, log_theta), zero_logits)
    # A constant one: the derivative by a count where the loss jumps is not to be had.
    some = negative_binomial(log_mean, log_theta, jnp.where(zero, 1.0, counts))
    nats = jnp.where(zero, at_zero, some + jax.nn.softplus(zero_logits))
    return where_counts(counts, nats)

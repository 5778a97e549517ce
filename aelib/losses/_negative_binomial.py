"""The negative binomial: counts more scattered than Poisson's."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from ._arguments import compute_dtype, parameter, same_shape, where_counts
from ._cancellation import exponential_remainder, log_ratio, logarithm_remainder
from ._partials import derivative, with_partials
from ._poisson import rate_excess
from ._stirling import log_gamma_one_plus, reached_stirling_error, saddle_point_prefactor

# Beyond these an exponential is replaced by one that does not overflow. At theta = e^60 the
# distribution is Poisson's to far more than sixteen digits.
_LARGEST_LOG_MEAN = 80.0
_LARGEST_LOG_THETA = 60.0
_FAR = 30.0  # e^-30 is below the last digit of either precision


def _exponentials(log_mean: Array, log_theta: Array) -> tuple[Array, Array]:
    mean = jnp.exp(jnp.minimum(log_mean, _LARGEST_LOG_MEAN))
    theta = jnp.exp(jnp.clip(log_theta, -_LARGEST_LOG_MEAN, _LARGEST_LOG_THETA))
    return mean, theta


def _deviance(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """``(theta + x) log((theta + mu) / (theta + x)) - x t``, ``t = log(mu / x)``, for ``x > 0``.

    With ``p = x / (theta + x)`` this is ``(theta + x) K(p, t)``, where
    ``K(p, t) = log1p(p expm1(t)) - p t = K(1 - p, -t)``; the smaller of ``p`` and ``1 - p`` is
    used. Near ``t = 0``, ``K = p (exp(t) - 1 - t) - (u - log1p(u))`` with ``u = p expm1(t)``: two
    terms of which the first is at least twice the second.
    """
    mean, theta = _exponentials(log_mean, log_theta)
    total = theta + counts
    t = log_ratio(log_mean, counts)
    flip = counts > theta
    size = jnp.where(flip, theta, counts)
    tau = jnp.where(flip, -t, t)

    near = jnp.abs(tau) < 1.0
    inner = jnp.where(near, tau, 0.0)
    u = size / total * jnp.expm1(inner)
    close = size * exponential_remainder(inner) - total * logarithm_remainder(u, 1.0 + u)

    far = tau > _FAR
    excess = (mean - counts) / jnp.where(flip, mean, total)
    argument = jnp.where(flip, -theta / total * excess, excess)
    log_share = jnp.where(flip, log_theta, jnp.log(counts)) - jnp.log(total)
    logarithm = jnp.where(
        far,
        jax.nn.softplus(tau + log_share),
        jnp.log1p(jnp.where(near | far, 0.0, argument)),
    )
    return jnp.where(near, close, total * logarithm - size * tau)


def _prefactor(log_theta: Array, counts: Array) -> Array:
    """What does not depend on the mean, for ``x > 0``.

    ``s(x) + s(theta) - s(theta + x) + log1p(x / theta)``, with ``s`` the saddle-point prefactor;
    for ``theta >= 1`` the large parts are cancelled.
    """
    _, theta = _exponentials(jnp.zeros_like(log_theta), log_theta)
    total = theta + counts
    concentrated = (
        reached_stirling_error(theta)
        - reached_stirling_error(total)
        + 0.5 * jnp.log1p(counts / theta)
    )
    scattered = (
        log_gamma_one_plus(theta)
        + theta
        - (theta + 1.0) * log_theta
        + jnp.log(total)
        - saddle_point_prefactor(total)
    )
    return saddle_point_prefactor(counts) + jnp.where(theta < 1.0, scattered, concentrated)


def _value(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    some = counts > 0.0
    safe = jnp.where(some, counts, 1.0)
    positive = _deviance(log_mean, log_theta, safe) + _prefactor(log_theta, safe)

    mean, theta = _exponentials(log_mean, log_theta)
    dense = mean > theta
    ratio = jnp.where(dense, 0.0, mean / theta)
    zero = jnp.where(
        dense,
        theta * (jnp.log1p(theta / mean) + (log_mean - log_theta)),
        mean - theta * logarithm_remainder(ratio, 1.0 + ratio),
    )
    return jnp.where(some, positive, zero)


def _slope_log_mean(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """(mu - x) theta / (theta + mu)."""
    mean, theta = _exponentials(log_mean, log_theta)
    excess = rate_excess(jnp.minimum(log_mean, _LARGEST_LOG_MEAN), counts)
    return excess * (theta / (theta + mean))


def _curvature(excess: Array, theta: Array, mean: Array, total: Array) -> Array:
    """``theta (u - log1p(u))`` with ``u = -excess / (theta + mean) = total / (theta + mean) - 1``.

    Far from zero as two terms, the first not passing through ``u``, which may overflow.
    """
    u = -excess / (theta + mean)
    near = (u > -0.4) & (u < 1.0)
    inner = jnp.where(near, u, 0.0)
    close = theta * logarithm_remainder(inner, 1.0 + inner)
    limits = jnp.finfo(theta.dtype)
    ratio = jnp.clip(total / (theta + mean), limits.tiny, limits.max)
    apart = -excess * (theta / (theta + mean)) - theta * jnp.log(jnp.where(near, 1.0, ratio))
    return jnp.where(near, close, apart)


def _slope_log_theta(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """``theta (u - log1p(u)) + theta (s'(theta) - s'(theta + x)) - x / (theta + x)``.

    Here ``u = (x - mu) / (theta + mu)``. At ``x = 0`` the last two terms are absent.

    At ``x = 1`` the loss is ``(theta + 1) log1p(mu / theta) - log mu``, whose derivative vanishes
    with ``mu``: there the terms are regrouped around ``u = -mu / (theta + mu)``.
    """
    mean, theta = _exponentials(log_mean, log_theta)
    single = counts == 1.0
    few = (counts == 0.0) | single
    total = theta + jnp.where(few, 0.0, counts)
    excess = rate_excess(jnp.minimum(log_mean, _LARGEST_LOG_MEAN), counts)
    excess = jnp.where(few, mean, excess)
    curvature = _curvature(excess, theta, mean, total)

    safe = jnp.where(few, 2.0, counts)
    everything = theta + safe
    share = safe / everything
    concentrated = derivative(reached_stirling_error, theta) - derivative(
        reached_stirling_error, everything
    )
    scattered = (
        derivative(log_gamma_one_plus, theta)
        - log_theta
        - derivative(saddle_point_prefactor, everything)
    )
    rest = jnp.where(theta < 1.0, theta * scattered - share, theta * concentrated - 0.5 * share)
    return curvature + jnp.where(few, jnp.where(single, -mean / (theta + mean), 0.0), rest)


def _slope_counts(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """``log((theta + mu) / mu) + digamma(x + 1) - digamma(x + theta)``."""
    mean, theta = _exponentials(log_mean, log_theta)
    small = counts < 1.0
    low, high = jnp.where(small, counts, 0.0), jnp.where(small, 1.0, counts)
    total = theta + low
    dense = mean > theta
    excess = jnp.where(dense, 0.0, (mean - low) / total)
    sparse = jnp.where(
        dense,
        jnp.log1p(theta / mean) - jnp.log(total),
        jnp.log1p(excess) - log_mean,
    )
    sparse += derivative(log_gamma_one_plus, low)
    sparse += 1.0 / total - derivative(saddle_point_prefactor, total)

    total = theta + high
    t = log_ratio(log_mean, high)
    many = theta > high
    # log((theta + mu) x / ((theta + x) mu)), by the smaller of the two shares
    by_counts = jnp.log1p(high / total * jnp.expm1(jnp.where(many, jnp.minimum(t, _FAR), 0.0)))
    by_theta = jnp.log1p(theta / total * jnp.expm1(jnp.where(many, 0.0, jnp.minimum(-t, _FAR))))
    beyond_counts = jax.nn.softplus(t + jnp.log(high) - jnp.log(total))
    beyond_theta = jax.nn.softplus(-t + log_theta - jnp.log(total))
    several = jnp.where(
        many,
        jnp.where(t > _FAR, beyond_counts, by_counts) - t,
        jnp.where(-t > _FAR, beyond_theta, by_theta),
    )
    several += derivative(saddle_point_prefactor, high) - derivative(saddle_point_prefactor, total)
    return jnp.where(small, sparse, several + 1.0 / total)


# Partials in closed form, because the value is arranged around exact subtractions: differentiating
# the series and branches would undo them, as exp(t) - 1 undoes expm1(t).
negative_binomial = with_partials(_slope_log_mean, _slope_log_theta, _slope_counts)(_value)


def negative_binomial_nll(log_mean: ArrayLike, log_theta: ArrayLike, counts: ArrayLike) -> Array:
    r"""Negative log-probability of a negative binomial distribution, elementwise, in nats.

    The counts of a Poisson whose rate is itself gamma-distributed with mean :math:`\mu` and shape
    :math:`\theta`; their variance is :math:`\mu + \mu^2 / \theta`.

    .. math::
        -\ln \frac{\Gamma(x + \theta)}{\Gamma(\theta)\, x!}
        - \theta \ln\frac{\theta}{\theta + \mu} - x \ln\frac{\mu}{\theta + \mu}
        = D + \tfrac12 \ln 2\pi x + \tfrac12\ln(1 + x / \theta)
        + \delta(x) + \delta(\theta) - \delta(\theta + x)

    where :math:`D = (\theta + x) \ln\frac{\theta + \mu}{\theta + x} - x \ln\frac{\mu}{x} \ge 0`
    is zero at :math:`x = \mu` and :math:`\delta` is what Stirling's formula leaves out: the
    saddle-point form of Loader (*Fast and accurate computation of binomial probabilities*, 2000).
    As :math:`\theta \to \infty` every term runs into :func:`poisson_nll`, without
    :math:`\ln\Gamma` of large numbers being subtracted from each other.

    Args:
        log_mean: :math:`\ln\mu`, any shape.
        log_theta: :math:`\ln\theta`, the inverse dispersion: a scalar, one per feature (the
            trailing axes of ``log_mean``), or the shape of ``log_mean``.
        counts: :math:`x \ge 0`, the shape of ``log_mean``, integer or floating. Between the
            integers the factorial is the gamma function.

    Returns:
        Nats, in the shape of ``log_mean``; float32, or float64 when an argument is.
        NaN where a count is negative.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    >>> nats = negative_binomial_nll(jnp.log(3.0), jnp.log(1e6), 5)
    >>> print(f"{nats:.4f}")
    2.2944
    """
    dtype = compute_dtype(log_mean=log_mean, log_theta=log_theta, counts=counts)
    log_mean, counts = same_shape(dtype, log_mean=log_mean, counts=counts)
    log_theta = parameter(dtype, log_mean.shape, "log_theta", log_theta)
    return where_counts(counts, negative_binomial(log_mean, log_theta, counts))

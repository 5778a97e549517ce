"""The negative binomial: counts more scattered than Poisson's."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, parameter, same_shape, where_counts
from aelib.losses._cancellation import exponential_remainder, log_ratio, remainder_series
from aelib.losses._partials import derivative, with_partials
from aelib.losses._stirling import (
    log_gamma_one_plus,
    reached_stirling_error,
    saddle_point_prefactor,
)

# Beyond these an exponential is replaced by one that does not overflow. At theta = e^60 the
# distribution is Poisson's to far more than sixteen digits.
_LARGEST_LOG_MEAN = 80.0
_LARGEST_LOG_THETA = 60.0
_FAR = 30.0  # e^-30 is below the last digit of either precision
_INSTEAD_OF_INFINITY = 1e4  # a logarithm at which all that has a finite limit is at it


def _finite(logarithm: Array) -> Array:
    limit = jnp.where(logarithm > 0.0, _INSTEAD_OF_INFINITY, -_INSTEAD_OF_INFINITY)
    return jnp.where(jnp.isinf(logarithm), limit.astype(logarithm.dtype), logarithm)


def _exponentials(log_mean: Array, log_theta: Array) -> tuple[Array, Array]:
    mean = jnp.exp(jnp.minimum(log_mean, _LARGEST_LOG_MEAN))
    theta = jnp.exp(jnp.clip(log_theta, -_LARGEST_LOG_MEAN, _LARGEST_LOG_THETA))
    return mean, theta


class _Pieces(NamedTuple):
    """What the loss and its slopes have in common, so that it is computed once.

    ``theta`` is as small as ``log_theta`` was given: what depends on it alone costs next to
    nothing where there is one for each feature.

    Attributes:
        mean: without overflow, as is ``theta``.
        theta: the inverse dispersion.
        some: whether there is a count at all.
        counts: the counts; 1 where there is none.
        total: ``theta + counts``.
        flip: whether the counts exceed ``theta``; then the two change places.
        tau: ``log(mean / counts)``, its sign changed by ``flip``.
        near: whether ``|tau| < 1``, where terms cancel.
        remainder: ``exp(tau) - 1 - tau`` where near, else 0.
        excess: ``mean`` less the counts, to full relative precision.
    """

    mean: Array
    theta: Array
    some: Array
    counts: Array
    total: Array
    flip: Array
    tau: Array
    near: Array
    remainder: Array
    excess: Array


def _pieces(log_mean: Array, log_theta: Array, counts: Array) -> _Pieces:
    mean, theta = _exponentials(log_mean, log_theta)
    some = counts > 0.0
    counts = jnp.where(some, counts, 1.0)
    flip = counts > theta
    t = log_ratio(log_mean, counts)
    tau = jnp.where(flip, -t, t)
    near = some & (jnp.abs(tau) < 1.0)
    inner = jnp.where(near, tau, 0.0)
    remainder = exponential_remainder(inner)
    # mean - counts = counts (exp(t) - 1) = -mean (exp(-t) - 1)
    close = jnp.where(flip, -mean, counts) * (inner + remainder)
    excess = jnp.where(near, close, mean - jnp.where(some, counts, 0.0))
    return _Pieces(mean, theta, some, counts, theta + counts, flip, tau, near, remainder, excess)


def _value(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """``(theta + x) log((theta + mu) / (theta + x)) - x t``, ``t = log(mu / x)``, and a prefactor.

    With ``p = x / (theta + x)`` the first is ``(theta + x) K(p, t)``, where
    ``K(p, t) = log1p(p expm1(t)) - p t = K(1 - p, -t)``; the smaller of ``p`` and ``1 - p`` is
    used. Near ``t = 0``, ``K = p (exp(t) - 1 - t) - (u - log1p(u))`` with ``u = p expm1(t)``: two
    terms of which the first is at least twice the second.
    """
    means, thetas = log_mean, log_theta  # as given
    log_mean, log_theta = _finite(log_mean), _finite(log_theta)
    pieces = _pieces(log_mean, log_theta, counts)
    mean, theta, total, tau = pieces.mean, pieces.theta, pieces.total, pieces.tau
    log_counts, log_total = jnp.log(pieces.counts), jnp.log(total)
    size = jnp.where(pieces.flip, theta, pieces.counts)
    growth = jnp.where(pieces.near, tau, 0.0) + pieces.remainder
    close = size * pieces.remainder - total * remainder_series(size / total * growth)

    far = pieces.some & (tau > _FAR)
    beyond = tau + jnp.where(pieces.flip, log_theta, log_counts) - log_total
    apart = jnp.where(pieces.flip, -theta / total * (pieces.excess / mean), pieces.excess / total)
    # Of these logarithms an element needs one: the argument is chosen, not the result.
    argument = jnp.where(far, jnp.exp(-jnp.abs(beyond)), apart)
    logarithm = jnp.log1p(jnp.where(pieces.near | ~pieces.some, 0.0, argument))
    logarithm += jnp.where(far, jnp.maximum(beyond, 0.0), 0.0)
    deviance = jnp.where(pieces.near, close, total * logarithm - size * tau)
    positive = deviance + _prefactor(pieces, log_theta, log_total)
    nats = jnp.where(pieces.some, positive, _at_zero(log_mean, log_theta))
    # A mean of zero or a shape of zero leaves nothing but zeros; at a mean without bounds no count
    # is likely, except that with a shape of zero it depends on which is faster.
    impossible = (means == jnp.inf) | (pieces.some & ((means == -jnp.inf) | (thetas == -jnp.inf)))
    nats = jnp.where(impossible & ~jnp.isnan(thetas + log_mean), jnp.inf, nats)
    undecided = jnp.where(means == jnp.inf, jnp.nan, jnp.where(jnp.isnan(means), jnp.nan, 0.0))
    undecided = undecided.astype(nats.dtype)
    return where_counts(counts, jnp.where(~pieces.some & (thetas == -jnp.inf), undecided, nats))


def _at_zero(log_mean: Array, log_theta: Array) -> Array:
    """``theta log1p(mu / theta)``."""
    mean, theta = _exponentials(log_mean, log_theta)
    dense = mean > theta
    logarithm = jnp.log1p(jnp.where(dense, theta / mean, mean / theta))
    nats = theta * (logarithm + jnp.where(dense, log_mean - log_theta, 0.0))
    # The ratio may be too small for a number, which leaves the mean.
    return jnp.where(mean < jnp.finfo(mean.dtype).eps * theta, mean, nats)


def _prefactor(pieces: _Pieces, log_theta: Array, log_total: Array) -> Array:
    """What does not depend on the mean, for ``x > 0``.

    ``s(x) + s(theta) - s(theta + x) + log1p(x / theta)``, with ``s`` the saddle-point prefactor;
    for ``theta >= 1`` the large parts are canceled.
    """
    theta, total = pieces.theta, pieces.total
    concentrated = reached_stirling_error(theta)
    concentrated += 0.5 * jnp.log1p(pieces.counts / theta) - reached_stirling_error(total)
    scattered = log_gamma_one_plus(theta) + theta - (theta + 1.0) * log_theta
    scattered += log_total - saddle_point_prefactor(total)
    return saddle_point_prefactor(pieces.counts) + jnp.where(theta < 1.0, scattered, concentrated)


def _slope_log_mean(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """(mu - x) theta / (theta + mu)."""
    pieces = _pieces(_finite(log_mean), _finite(log_theta), counts)
    slope = pieces.excess * (pieces.theta / (pieces.theta + pieces.mean))
    return jnp.where((log_mean == jnp.inf) & (log_theta == jnp.inf), jnp.inf, slope)


def _curvature(excess: Array, theta: Array, mean: Array, total: Array) -> Array:
    """``theta (u - log1p(u))`` with ``u = -excess / (theta + mean) = total / (theta + mean) - 1``.

    Far from zero as two terms, the first not passing through ``u``, which may overflow.
    """
    u = -excess / (theta + mean)
    near = (u > -0.4) & (u < 1.0)
    close = theta * remainder_series(jnp.where(near, u, 0.0))
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
    means, thetas = log_mean, log_theta  # as given
    log_mean, log_theta = _finite(log_mean), _finite(log_theta)
    pieces = _pieces(log_mean, log_theta, counts)
    mean, theta, total = pieces.mean, pieces.theta, pieces.total
    single = counts == 1.0
    few = (counts == 0.0) | single
    excess = jnp.where(few, mean, pieces.excess)
    curvature = _curvature(excess, theta, mean, jnp.where(few, theta, total))

    fraction = pieces.counts / total
    concentrated = derivative(reached_stirling_error, theta)
    concentrated = (
        theta * (concentrated - derivative(reached_stirling_error, total)) - 0.5 * fraction
    )
    scattered = derivative(log_gamma_one_plus, theta) - log_theta
    scattered = theta * (scattered - derivative(saddle_point_prefactor, total)) - fraction
    several = jnp.where(theta < 1.0, scattered, concentrated)
    one = jnp.where(single, -mean / (theta + mean), 0.0)
    slope = curvature + jnp.where(few, one, several)
    slope = jnp.where((means == jnp.inf) & jnp.isfinite(thetas), jnp.inf, slope)
    slope = jnp.where(thetas == jnp.inf, 0.0, slope)
    return jnp.where(thetas == -jnp.inf, jnp.where(pieces.some, -1.0, 0.0), slope)


def _slope_counts(log_mean: Array, log_theta: Array, counts: Array) -> Array:
    """``log((theta + mu) / mu) + digamma(x + 1) - digamma(x + theta)``."""
    ruled_out = (log_mean == -jnp.inf) | (log_theta == -jnp.inf)
    log_mean, log_theta = _finite(log_mean), _finite(log_theta)
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
    # log((theta + mu) x / ((theta + x) mu)), by the smaller of the two fractions
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
    return jnp.where(ruled_out, jnp.inf, jnp.where(small, sparse, several + 1.0 / total))


# Partials in closed form, because the value is arranged around exact subtractions: differentiating
# the series and branches would undo them, as exp(t) - 1 undoes expm1(t).
negative_binomial = with_partials(_slope_log_mean, _slope_log_theta, _slope_counts)(_value)


def negative_binomial_nll(
    log_mean: Float[ArrayLike, " ..."],
    log_theta: Real[ArrayLike, " ..."],
    counts: Real[ArrayLike, " ..."],
) -> Float[Array, " ..."]:
    r"""Negative log-probability of a negative binomial distribution, elementwise, in nats.

    The counts of a Poisson whose rate is itself gamma-distributed with mean :math:`\mu` and shape
    :math:`\theta`; their variance is :math:`\mu + \mu^2 / \theta`.

    .. math::
        -\ln \frac{\Gamma(x + \theta)}{\Gamma(\theta)\, x!}
        - \theta \ln\frac{\theta}{\theta + \mu} - x \ln\frac{\mu}{\theta + \mu}
        = D + \tfrac12 \ln 2\pi x + \tfrac12\ln(1 + x / \theta)
        + \delta(x) + \delta(\theta) - \delta(\theta + x)

    where :math:`D = (\theta + x) \ln\frac{\theta + \mu}{\theta + x} - x \ln\frac{\mu}{x} \ge 0`
    is zero at :math:`x = \mu` and :math:`\delta` is what Stirling's formula leaves out: Loader's
    saddle-point form.
    As :math:`\theta \to \infty` every term runs into :func:`poisson_nll`, without
    :math:`\ln\Gamma` of large numbers being subtracted from each other.

    Args:
        log_mean: :math:`\ln\mu`, any shape; -inf for a mean of 0, which only zeros have.
        log_theta: :math:`\ln\theta`, the inverse dispersion: a scalar, one per feature (the
            trailing axes of ``log_mean``), or the shape of ``log_mean``; infinite for a Poisson.
        counts: :math:`x \ge 0`, the shape of ``log_mean``, integer or floating. Between the
            integers the factorial is the gamma function.

    Returns:
        Nats, in the shape of ``log_mean``; float32, or float64 when an argument is.
        NaN where a count is negative.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> nats = negative_binomial_nll(jnp.log(3.0), jnp.log(1e6), 5)
        >>> print(f"{nats:.4f}")
        2.2944

    References:
        C. Loader, *Fast and accurate computation of binomial probabilities* (2000).
    """
    dtype = compute_dtype(log_mean=log_mean, log_theta=log_theta, counts=counts)
    log_mean, counts = same_shape(dtype, log_mean=log_mean, counts=counts)
    log_theta = parameter(dtype, log_mean.shape, "log_theta", log_theta)
    return negative_binomial(log_mean, log_theta, counts)

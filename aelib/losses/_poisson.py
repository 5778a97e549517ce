"""The Poisson distribution: counts."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, same_shape, where_counts
from aelib.losses._cancellation import exponential_remainder, log_ratio
from aelib.losses._partials import derivative, with_partials
from aelib.losses._stirling import log_gamma_one_plus, saddle_point_prefactor


def rate_excess(log_rate: Array, counts: Array) -> Array:
    """``exp(log_rate) - counts``, to full relative precision where the two nearly agree.

    Example:
        >>> import jax.numpy as jnp
        >>> exact = 1e5 - 8.0  # for a rate of 99992
        >>> abs(float(rate_excess(jnp.float32(11.512845), jnp.float32(1e5))) + 8.0) < 0.05
        True
    """
    some = counts > 0.0
    t = log_ratio(log_rate, jnp.where(some, counts, 1.0))
    near = some & (jnp.abs(t) < 1.0)
    inner = jnp.where(near, t, 0.0)
    close = counts * (inner + exponential_remainder(inner))
    return jnp.where(near, close, jnp.exp(log_rate) - counts)


def poisson_deviance(log_rate: Array, counts: Array) -> Array:
    """``rate - counts - counts log(rate / counts)`` for ``counts > 0``: half the deviance.

    ``counts * (exp(t) - 1 - t)`` with ``t = log(rate / counts)``, never negative.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{poisson_deviance(jnp.float32(0.0), jnp.float32(2.0)):.6f}")  # 2 log 2 - 1
        0.386294
    """
    t = log_ratio(log_rate, counts)
    near = jnp.abs(t) < 1.0
    close = counts * exponential_remainder(jnp.where(near, t, 0.0))
    return jnp.where(near, close, jnp.exp(log_rate) - counts * (1.0 + t))


def _slope_counts(log_rate: Array, counts: Array) -> Array:
    """digamma(counts + 1) - log_rate."""
    small = counts < 1.0
    low, high = jnp.where(small, counts, 0.0), jnp.where(small, 1.0, counts)
    return jnp.where(
        small,
        derivative(log_gamma_one_plus, low) - log_rate,
        derivative(saddle_point_prefactor, high) - log_ratio(log_rate, high),
    )


@with_partials(rate_excess, _slope_counts)
def _poisson(log_rate: Array, counts: Array) -> Array:
    """The loss, from arguments of one shape and dtype.

    The partials are given because differentiating the deviance would subtract ``exp(t) - 1``
    where the formula has ``expm1(t)``.
    """
    some = counts > 0.0
    safe = jnp.where(some, counts, 1.0)
    positive = poisson_deviance(log_rate, safe) + saddle_point_prefactor(safe)
    # At an infinite rate the deviance is a difference of infinities; its limit is one.
    return jnp.where(some & (log_rate < jnp.inf), positive, jnp.exp(log_rate))


def poisson_nll(
    log_rate: Float[ArrayLike, " ..."], counts: Real[ArrayLike, " ..."]
) -> Float[Array, " ..."]:
    r"""Negative log-probability of a Poisson distribution, elementwise, in nats.

    .. math:: \mu - k \ln\mu + \ln k!
              = k\,(e^t - 1 - t) + \tfrac12 \ln 2\pi k + \delta(k), \qquad t = \ln(\mu / k)

    The first form is a few nats left over from millions when ``counts`` is large and near the
    rate. The second is Loader's saddle-point form: a deviance that is zero at the rate and a
    correction :math:`\delta(k)`, what Stirling's formula leaves out.

    Args:
        log_rate: :math:`\ln\mu`, any shape; -inf for a rate of 0, at which a count of 0 is
            certain and any other costs infinitely many nats.
        counts: :math:`k \ge 0`, the same shape, integer or floating. Between the integers the
            factorial is the gamma function.

    Returns:
        Nats, in the shape of ``log_rate``; float32, or float64 when an argument is.
        NaN where a count is negative.

    Raises:
        ValueError: the shapes differ.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{poisson_nll(jnp.log(jnp.array([2.0])), jnp.array([3]))[0]:.6f}")
        1.712318

    References:
        C. Loader, *Fast and accurate computation of binomial probabilities* (2000).
    """
    dtype = compute_dtype(log_rate=log_rate, counts=counts)
    log_rate, counts = same_shape(dtype, log_rate=log_rate, counts=counts)
    return where_counts(counts, _poisson(log_rate, counts))

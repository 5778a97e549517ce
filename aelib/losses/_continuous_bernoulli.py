"""The continuous Bernoulli: what cross-entropy on gray pixels should have been."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, same_shape, where_fractions
from aelib.losses._cancellation import is_single, polynomial
from aelib.losses._partials import with_partials

# B_2n / (2n (2n)!): log(sinh(a / 2) / (a / 2)) in powers of a^2, converging for |a| < 2 pi.
LOG_SINHC = [
    1 / 24,
    -1 / 2880,
    1 / 181440,
    -1 / 9676800,
    1 / 479001600,
    -4.403491782239578e-11,
    9.55895466477477e-13,
    -2.1185501852016142e-14,
    4.770034475709914e-16,
    -1.087434349279031e-17,
    2.5040921947091955e-19,
    -5.814360285755218e-21,
    1.3595027075497952e-22,
    -3.1976847953705525e-24,
    7.559841507792277e-26,
    -1.7952470840225633e-27,
]


def _slope_at_infinity(logits: Array, targets: Array) -> Array:
    return jnp.where(logits > 0.0, 1.0 - targets, -targets)


def _minus_logits(logits: Array, targets: Array) -> Array:
    del targets
    return -logits


@with_partials(_slope_at_infinity, _minus_logits)
def _at_infinity(logits: Array, targets: Array) -> Array:
    """All mass at one end: an infinite density there, none elsewhere."""
    end = jnp.where(logits > 0.0, 1.0, 0.0)
    return jnp.where(targets == end, -jnp.inf, jnp.inf).astype(logits.dtype)


@jax.jit  # so that a call outside of jit is one kernel
def _continuous_bernoulli(logits: Array, targets: Array) -> Array:
    """The loss, from arguments of one shape and dtype; automatic differentiation keeps digits."""
    infinite = jnp.isinf(logits)
    limit = _at_infinity(logits, targets)
    logits = jnp.where(infinite, 1.0, logits)
    near = jnp.abs(logits) < 2.0
    inner = jnp.where(near, logits, 0.0)
    square = inner * inner
    terms = LOG_SINHC[:9] if is_single(logits) else LOG_SINHC
    series = (0.5 - targets) * inner + square * polynomial(square, terms)

    # Both branches are differentiated; 2 is a value at which neither can go wrong.
    size = jnp.abs(jnp.where(near, 2.0, logits))
    distance = jnp.where(logits > 0.0, 1.0 - targets, targets)
    outer = distance * size + jnp.log1p(-jnp.exp(-size)) - jnp.log(size)
    return jnp.where(infinite, limit, jnp.where(near, series, outer))


def continuous_bernoulli_nll(
    logits: Float[ArrayLike, " ..."], targets: Real[ArrayLike, " ..."]
) -> Float[Array, " ..."]:
    r"""Negative log-density of the continuous Bernoulli, elementwise, in nats.

    The density on [0, 1] proportional to :math:`e^{\ell x}`, that is to
    :math:`p^x (1 - p)^{1 - x}`:

    .. math:: \ln \frac{e^{\ell} - 1}{\ell} - x \ell
              = (\tfrac12 - x)\, \ell + \ln \frac{\sinh(\ell / 2)}{\ell / 2}

    The second form serves near zero, where the even function on its right is a power series.
    From a logit of :math:`\pm 2` on, with :math:`y` the distance of ``targets`` from the end that
    the logit favors, it is :math:`y|\ell| + \ln(1 - e^{-|\ell|}) - \ln|\ell|`, where nothing
    large cancels. Being a density, it can be negative.

    The constant matters: it is what :func:`bernoulli_nll` lacks on gray values.

    Args:
        logits: :math:`\ell`, any shape; at infinity the density is infinite at one end and zero
            elsewhere. The mean is :math:`1 / (1 - e^{-\ell}) - 1 / \ell`, not
            the logistic function of the logit.
        targets: :math:`x` in [0, 1], the same shape.

    Returns:
        Nats, in the shape of ``logits``; float32, or float64 when an argument is.
        NaN where a target is outside [0, 1].

    Raises:
        ValueError: the shapes differ.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> float(continuous_bernoulli_nll(jnp.zeros(()), 0.3))  # the uniform density
        0.0

    References:
        G. Loaiza-Ganem and J. P. Cunningham, *The continuous Bernoulli: fixing a pervasive error in
        variational autoencoders* (2019).
    """
    dtype = compute_dtype(logits=logits, targets=targets)
    logits, targets = same_shape(dtype, logits=logits, targets=targets)
    return where_fractions(targets, _continuous_bernoulli(logits, targets))

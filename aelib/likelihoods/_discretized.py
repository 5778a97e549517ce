"""The probability mass that a normal density puts in a bin."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.stats import norm
from jax.typing import ArrayLike

_HALF_LOG_TWO_PI = 0.9189385332046727
_CUT = 37.0  # exp(-37) is below the rounding of float64


def normal_log_mass(
    x: ArrayLike,
    loc: ArrayLike,
    scale: ArrayLike,
    *,
    bin_width: ArrayLike,
    limits: tuple[ArrayLike, ArrayLike] | None = None,
) -> Array:
    r"""Log of the mass of a normal distribution in the bin around each value.

    .. math:: \log\bigl[\Phi\bigl(\tfrac{x + w/2 - \mu}{\sigma}\bigr)
              - \Phi\bigl(\tfrac{x - w/2 - \mu}{\sigma}\bigr)\bigr]

    Values recorded on a grid of step w are events, not points: this is their probability, to be
    compared with other probabilities, where a density may not be.

    Written as a difference of distribution functions it is lost to cancellation in the tails and
    in narrow bins. With c the distance from the mean to the nearer edge and s running into the
    bin, both in units of the scale, it is :math:`\log\varphi(c) + \log\int_0^{w/\sigma}
    e^{-cs - s^2/2}\,ds`, a smooth positive integral (32-point Gauss-Legendre); only a bin that
    holds a good part of the whole mass is computed as 1 minus the two tails.

    Args:
        x: values on a grid, any shape.
        loc: means, shaped like ``x``.
        scale: standard deviations, shaped like ``x`` or a scalar.
        bin_width: the step w of the grid, in the unit of ``x``: a number, or a NumPy array of one
            for each feature (the last axis of ``x``).
        limits: first and last value of the grid, each as ``bin_width``. The bins of these two then
            reach to infinity, so that the masses over the grid sum to 1. ``None``, or an infinite
            limit: the bins are closed.

    Returns:
        Log-masses in nats, shaped like ``x``, at most 0; accurate to rounding, with gradients,
        however far out the bin lies.

    Raises:
        ValueError: ``bin_width`` is not positive, ``limits`` are not in order, or the shapes of
            ``x`` and ``loc`` differ.

    >>> round(float(normal_log_mass(jnp.array(1.0), jnp.array(1.0), 0.5, bin_width=1.0)), 4)
    -0.3817
    """
    if not np.all(np.asarray(bin_width) > 0):
        raise ValueError(f"bin_width: expected a positive number, got {bin_width}")
    bin_width = np.asarray(bin_width, np.float64)
    if limits is not None:
        limits = np.asarray(limits[0], np.float64), np.asarray(limits[1], np.float64)
        if not np.all(limits[0] < limits[1]):
            first, last = (limit.tolist() for limit in limits)
            raise ValueError(f"limits: expected (first, last) in order, got ({first}, {last})")
    x, loc = jnp.asarray(x), jnp.asarray(loc)
    if x.shape != loc.shape:
        raise ValueError(f"loc: expected the shape of x, {x.shape}, got {loc.shape}")
    dtype = jnp.result_type(x.dtype, loc.dtype, jnp.float32)
    x, loc, scale = x.astype(dtype), loc.astype(dtype), jnp.asarray(scale).astype(dtype)
    bin_width = jnp.asarray(bin_width, dtype)
    gap = x - loc
    edge = jnp.abs(gap) - 0.5 * bin_width
    length = jnp.broadcast_to(bin_width / scale, x.shape)
    if limits is not None:
        first = x < jnp.asarray(limits[0], dtype) + 0.5 * bin_width
        last = x > jnp.asarray(limits[1], dtype) - 0.5 * bin_width
        edge = jnp.where(first, -gap - 0.5 * bin_width, edge)
        edge = jnp.where(last, gap - 0.5 * bin_width, edge)
        length = jnp.where(first | last, jnp.inf, length)
    return _log_mass_beyond(edge / scale, length)


def _log_mass_beyond(edge: Array, length: Array) -> Array:
    """Log of the standard normal mass in [edge, edge + length], edge nearer to 0 than the end."""
    outside = (edge >= 0) | (length < 2)
    # Each branch sees harmless numbers where the other is taken, or its NaN reaches the gradient.
    c = jnp.where(outside, edge, 0.0)
    reach = 2 * _CUT / (jnp.maximum(c, 0) + jnp.sqrt(jnp.square(c) + 2 * _CUT))
    reach = jnp.minimum(reach, jnp.where(outside, length, 1.0))
    points, shares = np.polynomial.legendre.leggauss(32)
    nodes = jnp.asarray(0.5 * (points + 1), edge.dtype)
    weights = jnp.asarray(0.5 * shares, edge.dtype)
    s = reach[..., None] * nodes
    integral = (weights * jnp.exp(-s * (c[..., None] + 0.5 * s))).sum(-1)
    tail = -0.5 * jnp.square(c) - _HALF_LOG_TWO_PI + jnp.log(reach) + jnp.log(integral)
    near = jnp.where(outside, -1.0, edge)
    far = jnp.where(outside | jnp.isinf(length), 1.0, near + length)
    missing = norm.cdf(near) + jnp.where(jnp.isinf(length), 0.0, norm.cdf(-far))
    return jnp.where(outside, tail, jnp.log1p(-missing))

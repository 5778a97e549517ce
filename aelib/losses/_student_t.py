"""Student's t: between the Gaussian and distributions without a mean."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, parameter, same_shape
from aelib.losses._cancellation import logarithm_remainder
from aelib.losses._partials import derivative, with_partials
from aelib.losses._stirling import HALF_LOG_TWO_PI, half_step_excess


def _ratio(residual: Array, df: Array, scale: Array) -> Array:
    """``|z| / sqrt(df)``."""
    return jnp.abs(residual) / scale / jnp.sqrt(df)


def _fractions(residual: Array, df: Array, scale: Array) -> tuple[Array, Array, Array]:
    """``z^2 / (df + z^2)``, one minus it, and the log of the latter with its sign changed.

    By the ratio ``z / sqrt(df)`` or its inverse, whichever is below one, so that no square
    overflows.
    """
    ratio = _ratio(residual, df, scale)
    far = ratio > 1.0
    small = jnp.square(jnp.where(far, 1.0 / jnp.where(far, ratio, 1.0), ratio))
    tail = 2.0 * jnp.log(jnp.where(far, ratio, 1.0))
    fraction = jnp.where(far, 1.0, small) / (1.0 + small)
    return fraction, jnp.where(far, small, 1.0) / (1.0 + small), tail + jnp.log1p(small)


def _slope(residual: Array, df: Array, scale: Array) -> Array:
    """``(df + 1) z / (df + z^2) / scale``."""
    fraction, rest, _ = _fractions(residual, df, scale)
    far = fraction > 0.5
    near = (1.0 + 1.0 / df) * rest * (residual / scale) / scale
    return jnp.where(far, (df + 1.0) * fraction / jnp.where(far, residual, 1.0), near)


def _slope_scale(residual: Array, df: Array, scale: Array) -> Array:
    """``df (1 - z^2) / (df + z^2) / scale``."""
    fraction, rest, _ = _fractions(residual, df, scale)
    far = fraction > 0.5
    z = jnp.where(far, 1.0, residual / scale)
    most = jnp.where(far, df, 1.0)
    return jnp.where(far, rest - most * fraction, rest * (1.0 - z) * (1.0 + z)) / scale


def _slope_df(residual: Array, df: Array, scale: Array) -> Array:
    fraction, rest, _ = _fractions(residual, df, scale)
    slope = 0.5 * (
        logarithm_remainder(-fraction, rest)
        - fraction / df
        + derivative(half_step_excess, 0.5 * df)
    )
    return jnp.where(df == jnp.inf, 0.0, slope)


@with_partials(_slope, _slope_df, _slope_scale)
def _student_t(residual: Array, df: Array, scale: Array) -> Array:
    """The loss, from arguments of one shape and dtype.

    The partials are given because the one by ``df`` is of order 1 / df^2, and automatic
    differentiation would find it by subtracting terms of order 1 / df.
    """
    _, _, log_term = _fractions(residual, df, scale)
    normalizer = HALF_LOG_TWO_PI + half_step_excess(0.5 * df)
    # Where z^2 / df is below rounding it may also be too small for a number, or df infinite.
    small = _ratio(residual, df, scale) < jnp.sqrt(0.1 * jnp.finfo(residual.dtype).eps)
    gaussian = small | (df == jnp.inf)
    square = jnp.square(jnp.where(gaussian, residual / scale, 0.0))
    tail = 0.5 * (jnp.where(gaussian, 1.0, df) + 1.0) * jnp.where(gaussian, 0.0, log_term)
    excess = jnp.where(gaussian, 0.5 * (1.0 + 1.0 / df) * square, tail)
    return excess + normalizer + jnp.log(scale)


def student_t_nll(
    loc: Float[ArrayLike, " ..."],
    targets: Real[ArrayLike, " ..."],
    *,
    df: Real[ArrayLike, " ..."],
    scale: Real[ArrayLike, " ..."] = 1.0,
) -> Float[Array, " ..."]:
    r"""Negative log-density of Student's t, elementwise, in nats.

    .. math::
        \frac{\nu + 1}{2} \ln\left(1 + \frac{z^2}{\nu}\right)
        + \ln\frac{\Gamma(\nu / 2)}{\Gamma((\nu + 1) / 2)} + \tfrac12 \ln \pi\nu + \ln\sigma,
        \qquad z = \frac{x - m}{\sigma}

    The gamma functions and :math:`\tfrac12\ln\pi\nu` enter only as their small difference from
    the Gaussian's constant, so the loss runs into :func:`gaussian_nll` as ``df`` grows.

    Args:
        loc: the center :math:`m`, any shape.
        targets: :math:`x`, the same shape.
        df: degrees of freedom :math:`\nu > 0`; 1 is the Cauchy distribution, infinitely many are
            the Gaussian. A scalar, one per feature (the trailing axes of ``loc``), or the shape of
            ``loc``.
        scale: :math:`\sigma > 0`, likewise. Not the standard deviation, which is larger by
            :math:`\sqrt{\nu / (\nu - 2)}` and infinite for ``df <= 2``.

    Returns:
        Nats, in the shape of ``loc``; float32, or float64 when an argument is.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{student_t_nll(jnp.zeros(()), 0.0, df=1.0):.6f}")  # log(pi)
        1.144730
    """
    dtype = compute_dtype(loc=loc, targets=targets, df=df, scale=scale)
    loc, targets = same_shape(dtype, loc=loc, targets=targets)
    df = parameter(dtype, loc.shape, "df", df)
    scale = parameter(dtype, loc.shape, "scale", scale)
    return _student_t(targets - loc, df, scale)

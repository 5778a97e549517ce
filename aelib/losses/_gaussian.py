"""The Gaussian: squared error with its unit of measurement."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, parameter, same_shape
from aelib.losses._stirling import HALF_LOG_TWO_PI


def gaussian_nll(
    mean: Float[ArrayLike, " ..."],
    targets: Real[ArrayLike, " ..."],
    *,
    scale: Real[ArrayLike, " ..."] = 1.0,
) -> Float[Array, " ..."]:
    r"""Negative log-density of a Gaussian, elementwise, in nats.

    .. math:: \tfrac12 \left(\frac{x - \mu}{\sigma}\right)^2 + \ln\sigma + \tfrac12 \ln 2\pi

    A density has units, so these nats can be negative: measuring in millimeters instead of meters
    adds :math:`\ln 1000` to each.

    Args:
        mean: :math:`\mu`, any shape.
        targets: :math:`x`, the same shape.
        scale: :math:`\sigma > 0`, the standard deviation: a scalar, one per feature (the trailing
            axes of ``mean``), or the shape of ``mean``.

    Returns:
        Nats, in the shape of ``mean``; float32, or float64 when an argument is.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> float(gaussian_nll(jnp.zeros(()), 0.0))  # log(2 pi) / 2
        0.918938...
    """
    dtype = compute_dtype(mean=mean, targets=targets, scale=scale)
    mean, targets = same_shape(dtype, mean=mean, targets=targets)
    scale = parameter(dtype, mean.shape, "scale", scale)
    # Divided before it is squared: a residual of 1e6 at a scale of 1e-6 stays in range.
    return 0.5 * jnp.square((targets - mean) / scale) + jnp.log(scale) + HALF_LOG_TWO_PI

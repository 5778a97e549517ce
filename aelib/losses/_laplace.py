"""The Laplace distribution: absolute error with its unit of measurement."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from aelib.losses._arguments import compute_dtype, parameter, same_shape
from aelib.losses._partials import with_partials


@with_partials(jnp.sign)
def _distance(residual: Array) -> Array:
    """Absolute value; the derivative is given because JAX's is one at zero."""
    return jnp.abs(residual)


def laplace_nll(
    loc: Float[ArrayLike, " ..."],
    targets: Real[ArrayLike, " ..."],
    *,
    scale: Real[ArrayLike, " ..."] = 1.0,
) -> Float[Array, " ..."]:
    r"""Negative log-density of a Laplace distribution, elementwise, in nats.

    .. math:: \frac{|x - m|}{b} + \ln 2b

    Its gradient has the same size however far away ``targets`` is, so one wild pixel pulls no
    harder than a tame one. At ``targets == loc``, where the density has its corner, the gradient
    returned is the middle one, zero.

    Args:
        loc: the median :math:`m`, any shape.
        targets: :math:`x`, the same shape.
        scale: :math:`b > 0`, the mean absolute deviation: a scalar, one per feature (the trailing
            axes of ``loc``), or the shape of ``loc``.

    Returns:
        Nats, in the shape of ``loc``; float32, or float64 when an argument is.

    Raises:
        ValueError: the shapes do not fit; nothing else is broadcast.
        TypeError: an argument is not real.

    Example:
        >>> import jax.numpy as jnp
        >>> float(laplace_nll(jnp.zeros(()), 0.0, scale=0.5))
        0.0
    """
    dtype = compute_dtype(loc=loc, targets=targets, scale=scale)
    loc, targets = same_shape(dtype, loc=loc, targets=targets)
    scale = parameter(dtype, loc.shape, "scale", scale)
    return _distance(targets - loc) / scale + jnp.log(2.0 * scale)

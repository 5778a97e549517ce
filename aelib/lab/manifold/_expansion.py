"""What a little noise at the input adds to the reconstruction error."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class NoiseExpansion(NamedTuple):
    r"""Terms of the expected squared error on noisy examples, at each example.

    Attributes:
        error: :math:`\lVert r(x) - x\rVert^2`, [n].
        contraction: :math:`\lVert\partial r/\partial x\rVert_F^2`, [n].
        curvature: :math:`(r(x) - x)^\top \Delta r(x)`, [n], where :math:`\Delta` is the Laplacian.
    """

    error: Float[Array, " n"]
    contraction: Float[Array, " n"]
    curvature: Float[Array, " n"]


def noise_expansion(
    reconstruct: Callable[[Array], Array], x: Float[Array, "n d"]
) -> NoiseExpansion:
    r"""Expand :math:`\operatorname E\lVert r(x + \sigma\varepsilon) - x\rVert^2` in the noise.

    For standard normal noise it is ``error + σ² (contraction + curvature)`` and terms of order
    :math:`\sigma^4`. The two second-order terms come from forward derivatives along every axis.

    Args:
        reconstruct: r, a smooth map of a batch, [n, d] -> [n, d].
        x: examples.

    Example:
        >>> import jax.numpy as jnp
        >>> terms = noise_expansion(lambda x: x**2, jnp.array([[3.0]]))
        >>> [float(term[0]) for term in terms]  # (9 - 3)², (2 · 3)², (9 - 3) · 2
        [36.0, 36.0, 12.0]

    References:
        C. M. Bishop (1995), Training with noise is equivalent to Tikhonov regularization, Neural
        Computation 7(1).
        G. Alain and Y. Bengio (2014), What regularized auto-encoders learn from the data-generating
        distribution, Journal of Machine Learning Research 15; their form leaves out ``curvature``.
    """

    def at(one: jax.Array) -> NoiseExpansion:
        def r(example: jax.Array) -> jax.Array:
            return reconstruct(example[None])[0]

        def along(axis: jax.Array) -> tuple[jax.Array, jax.Array]:
            return jax.jvp(lambda example: jax.jvp(r, (example,), (axis,))[1], (one,), (axis,))

        first, second = jax.vmap(along)(jnp.eye(one.shape[0], dtype=one.dtype))
        miss = r(one) - one
        return NoiseExpansion(miss @ miss, jnp.sum(first**2), miss @ second.sum(axis=0))

    return jax.vmap(at)(x)

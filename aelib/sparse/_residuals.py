"""Squared and absolute error in one loss whose weights are numbers and not code."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx


class ResidualError(nnx.Module):
    """``squared`` · half the squared error + ``absolute`` · the absolute error, summed.

    With weights (1, 0) it is the negative log-likelihood of Gaussian residuals of scale 1 less its
    constant, with (0, 1) that of Laplace residuals of scale 1. The weights are variables, so that
    losses of either kind are one compiled program for ``fit`` and ``sweep``.

    Args:
        squared: weight of half the squared error, at least 0.
        absolute: weight of the absolute error, at least 0.

    Raises:
        ValueError: if a weight is negative.

    >>> import jax.numpy as jnp
    >>> loss = ResidualError(squared=1.0, absolute=2.0)
    >>> loss.log_prob(jnp.zeros((1, 2)), jnp.array([[1.0, -3.0]]))
    Array([-13.], dtype=float32)
    """

    num_outputs = 1

    def __init__(self, *, squared: float = 0.0, absolute: float = 0.0) -> None:
        if min(squared, absolute) < 0:
            raise ValueError(
                f"squared, absolute: expected at least 0, got {squared} and {absolute}"
            )
        self.weights = nnx.Variable(jnp.asarray([squared, absolute], jnp.float32))

    def log_prob(
        self, outputs: jax.Array, x: jax.Array, *, mask: Any = None, exposure: Any = None
    ) -> jax.Array:
        """Minus the loss, [batch], in nats but for a constant.

        Args:
            outputs: [batch, d].
            x: [batch, d].
            mask: not supported.
            exposure: not supported.

        Raises:
            ValueError: if a mask or an exposure is given, or the shapes differ.
        """
        if mask is not None or exposure is not None:
            raise ValueError("mask, exposure: expected none")
        if outputs.shape != x.shape:
            raise ValueError(f"outputs: expected shape {x.shape} as x, got {outputs.shape}")
        residual = x - outputs
        terms = jnp.stack([0.5 * residual**2, jnp.abs(residual)]).sum(axis=-1)
        return -(self.weights[...] @ terms)

    def mean(self, outputs: jax.Array, *, exposure: Any = None) -> jax.Array:
        """The drawing, which is the raw outputs."""
        del exposure
        return outputs

    def check(self, x: Any) -> None:
        """Any real number will do."""

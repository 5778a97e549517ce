"""An autoencoder whose decoder is the transposed encoder."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from aelib.models._autoencoder import Autoencoder


class Transpose(nnx.Module):
    """The decoder of a tied autoencoder: it owns a bias and borrows its weight at every call.

    Attributes:
        bias: ``nnx.Param`` [num_features], or None.

    Args:
        num_features: number of outputs.
        use_bias: whether there is a bias.
        dtype: floating type of the bias; None for JAX's default.
    """

    def __init__(
        self,
        num_features: int,
        *,
        use_bias: bool = True,
        dtype: jax.typing.DTypeLike | None = None,
    ) -> None:
        self.bias = nnx.Param(jnp.zeros(num_features, dtype)) if use_bias else None

    def __call__(
        self, codes: Float[Array, "*batch latent"], weight: Float[Array, "num_features latent"]
    ) -> Float[Array, "*batch num_features"]:
        """``codes @ weight.T + bias``; ``weight`` is the encoder's, [num_features, latent]."""
        outputs = codes @ weight.T
        return outputs if self.bias is None else outputs + self.bias[...]

    def __repr__(self) -> str:
        return f"Transpose({'' if self.bias is not None else 'no bias'})"


class TiedAutoencoder(Autoencoder):
    """A linear autoencoder that decodes with the transpose of its encoder's weight.

    The weight is one variable, the encoder's, which the decoder gets at every call. So there is no
    shared reference to keep intact, and gradients of both uses add up by themselves.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import models
        >>> model = models.tied(4, 2, rngs=nnx.Rngs(0))
        >>> x = jnp.arange(4.0)[None]
        >>> weight, bias = model.encoder.layers[0].weight, model.decoder.bias
        >>> bool(jnp.allclose(model(x), model.encode(x) @ weight.T + bias))
        True
    """

    def decode(self, codes: Float[Array, "batch latent"]) -> Float[Array, "batch num_features"]:
        """``codes @ W.T + bias``: [batch, latent] -> [batch, num_features]."""
        return self.decoder(codes, self.encoder.layers[0].weight[...])

    def _describe(self) -> str:
        shape = list(self.encoder.input_shape)
        return f"{shape} -> {self.encoder.describe()} | transposed -> {shape}"

"""An autoencoder of counts, whose encoder sees their logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Real

from aelib import models


class LogCounts(nnx.Module):
    """An encoder behind the map from counts to ``ln(1 + count / exposure)``.

    The exposure is computed from the counts themselves: the mean count per gene of the cell.

    Attributes:
        encoder: the module behind the map.

    Args:
        encoder: module ``[batch, genes] -> [batch, latent]``.
    """

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.encoder.input_shape

    def __call__(self, counts: Real[Array, "batch genes"]) -> Float[Array, "batch latent"]:
        """Codes of counts."""
        exposure = jnp.maximum(counts.sum(axis=-1, keepdims=True), 1.0) / counts.shape[-1]
        return self.encoder(jnp.log1p(counts / exposure))

    def describe(self) -> str:
        """One line about its parts, for the description of the whole model."""
        return f"log counts -> {self.encoder.describe()}"


def count_autoencoder(
    num_genes: int,
    latent: int,
    *,
    hidden: Sequence[int] = (32,),
    outputs_per_feature: int = 1,
    rngs: nnx.Rngs,
) -> models.Autoencoder:
    """An :func:`aelib.models.mlp` that takes counts; its outputs are those the likelihood asks for.

    Counts of a cell span orders of magnitude; their logarithms do not, and the library size is
    divided out. Only the input is transformed: the loss is still that of the counts.

    Args:
        num_genes: number of genes.
        latent: length of the code.
        hidden: widths of the encoder's hidden layers, mirrored by the decoder.
        outputs_per_feature: raw outputs for each gene (``likelihood.num_outputs``).
        rngs: source of the initial weights.

    Returns:
        The autoencoder.

    Example:
        >>> from flax import nnx
        >>> import jax.numpy as jnp
        >>> model = count_autoencoder(5, 2, rngs=nnx.Rngs(0))
        >>> once, twice = model(jnp.ones((1, 5))), model(2 * jnp.ones((1, 5)))
        >>> bool(jnp.allclose(once, twice))  # the library size is divided out
        True
    """
    plain = models.mlp(
        num_genes, latent, hidden=hidden, outputs_per_feature=outputs_per_feature, rngs=rngs
    )
    return models.Autoencoder(LogCounts(plain.encoder), plain.decoder)

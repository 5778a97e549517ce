"""The autoencoder: an encoder, a decoder, and how it was made."""

from __future__ import annotations

import math
import os
from typing import Any, Literal

import jax
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from aelib.models._architecture import Architecture
from aelib.models._predict import apply_in_batches
from aelib.models._save import save


class Autoencoder(nnx.Module):
    """An encoder from examples to codes and a decoder from codes to raw outputs.

    The builders of :mod:`aelib.models` make one; one made from modules of your own trains and
    predicts just as well, but cannot be saved.

    Attributes:
        encoder: module [batch, ...] -> [batch, latent].
        decoder: module [batch, latent] -> raw outputs.
        architecture: how it was built, or None for one made from other modules.

    Args:
        encoder: the encoder.
        decoder: the decoder.
        architecture: how it was built; the builders fill it in.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> rngs = nnx.Rngs(0)
        >>> model = Autoencoder(nnx.Linear(8, 2, rngs=rngs), nnx.Linear(2, 8, rngs=rngs))
        >>> model.encode(jnp.ones((5, 8))).shape, model(jnp.ones((5, 8))).shape
        ((5, 2), (5, 8))
    """

    def __init__(
        self, encoder: nnx.Module, decoder: nnx.Module, *, architecture: Architecture | None = None
    ) -> None:
        self.encoder: Any = encoder
        self.decoder: Any = decoder
        self.architecture = architecture

    def encode(self, x: Real[Array, "batch ..."]) -> Float[Array, "batch latent"]:
        """Codes of ``x``: [batch, ...] -> [batch, latent]."""
        return self.encoder(x)

    def decode(self, codes: Float[Array, "batch latent"]) -> Float[Array, "batch ..."]:
        """Raw outputs for ``codes``: [batch, latent] -> [batch, ...], or [batch, ..., p].

        Raw means unconstrained: logits, log-rates, locations. What they are is up to the
        likelihood, which also turns them into a reconstruction (``likelihood.mean(outputs)``).
        """
        return self.decoder(codes)

    def __call__(self, x: Real[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        """Raw outputs for ``x``: ``decode(encode(x))``."""
        return self.decode(self.encode(x))

    def predict(
        self,
        x: Real[ArrayLike, "n ..."],
        *,
        batch_size: int = 1024,
        method: Literal["outputs", "codes"] = "outputs",
    ) -> Float[Array, "n ..."]:
        """Raw outputs or codes for many examples, compiled once and applied in batches.

        Args:
            x: [n, ...], NumPy or JAX.
            batch_size: examples at a time; bounds the memory, changes nothing else.
            method: ``"outputs"`` for ``model(x)``, ``"codes"`` for ``model.encode(x)``.

        Returns:
            [n, ...], as one JAX array.

        Raises:
            TypeError: if ``x`` is a masked array, a dataset, or does not hold real numbers.
            ValueError: if ``x`` has the wrong shape, or ``batch_size`` is below 1, or ``method`` is
                unknown.

        Example:
            >>> import numpy as np
            >>> from flax import nnx
            >>> import aelib
            >>> model = aelib.models.linear(5, 2, rngs=nnx.Rngs(0))
            >>> model.predict(np.ones((7, 5)), batch_size=3).shape
            (7, 5)
            >>> model.predict(np.ones((7, 5)), method="codes").shape
            (7, 2)
        """
        return apply_in_batches(self, x, batch_size=batch_size, method=method)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters and the architecture to a safetensors file.

        The file is written under a temporary name and then renamed, so that ``path`` holds either
        what it held before or the whole model. :func:`aelib.models.load` reads it back. What a
        likelihood has learned beside the model, such as a common scale, is not part of it:
        :meth:`aelib.training.FitResult.save` keeps both.

        Args:
            path: where; an existing file is replaced.

        Raises:
            ValueError: if the model was not made by a builder of :mod:`aelib.models`, or if more
                than its parameters was changed since.
        """
        save(self, self.architecture, path)

    @property
    def num_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(self, nnx.Param)))

    def __repr__(self) -> str:
        # Only shapes are read, so a model full of tracers can be shown as well.
        dtypes = {str(leaf.dtype) for leaf in jax.tree.leaves(nnx.state(self, nnx.Param))}
        size = f"{self.num_parameters:,} parameters, {', '.join(sorted(dtypes))}"
        name = self.architecture.name if self.architecture else "own modules"
        return f"{type(self).__name__}({name}: {self._describe()}; {size})"

    def _describe(self) -> str:
        return f"{_flow(self.encoder, 'input_shape')} | {_flow(self.decoder, 'output_shape')}"


def _flow(module: nnx.Module, end: Literal["input_shape", "output_shape"]) -> str:
    """``[64] -> 32 relu -> 8`` for an encoder, ``32 relu -> 64 -> [64]`` for a decoder."""
    if not hasattr(module, "describe"):
        return type(module).__name__
    shape = str(list(getattr(module, end)))
    steps = [shape, module.describe()] if end == "input_shape" else [module.describe(), shape]
    return " -> ".join(steps)

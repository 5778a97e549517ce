"""Squared pixel error plus perceptual loss, with weights and network as data."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from aelib._checks import check_array, check_number, require_all
from aelib.perceptual._images import check_range
from aelib.perceptual._loss import as_batch_of_images, map_distance


class PixelFeatureLoss(nnx.Module):
    """Squared pixel error plus perceptual loss, with a feature network that is not trained.

    The network's parameters and the weights are variables of the loss: a loss on pixels, one on
    trained features and one on random features are one compiled program with different numbers, and
    ``sweep`` can train under all of them at once. Raw outputs are the pixels themselves.

    Args:
        network: feature network of images ``[batch, h, w, c]``; a copy of its parameters is kept.
        shape: (h, w) or (h, w, c) of one image; examples are flattened.
        pixels: weight of the squared error, which is summed over pixels.
        features: one weight for each feature map; see :class:`PerceptualLoss`.
        normalize: see :class:`PerceptualLoss`.

    Raises:
        ValueError: if a weight is negative.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> import aelib
        >>> network = aelib.perceptual.SmallFeatures((4, 4), 3, channels=(2,), rngs=nnx.Rngs(0))
        >>> loss = PixelFeatureLoss(network, shape=(4, 4), pixels=2.0, features=[0.0])
        >>> loss.log_prob(jnp.zeros((1, 16)), jnp.ones((1, 16)))  # 16 pixels, each off by 1
        Array([-32.], dtype=float32)
    """

    num_outputs = 1

    def __init__(
        self,
        network: nnx.Module,
        *,
        shape: Sequence[int],
        pixels: float = 0.0,
        features: Sequence[float],
        normalize: bool = True,
    ) -> None:
        pixels = check_number("pixels", pixels, at_least=0)
        weights = check_array("features", features)
        require_all("features", weights, weights >= 0, "numbers of at least 0")
        self._graphdef, state = nnx.split(network)
        leaves, self._tree = jax.tree.flatten(nnx.as_pure(state))
        self.numbers = nnx.data([nnx.Variable(jnp.asarray(leaf)) for leaf in leaves])
        self.pixels = nnx.Variable(jnp.float32(pixels))
        self.features = nnx.Variable(jnp.asarray(weights, jnp.float32))
        self._normalize = bool(normalize)
        self._shape = tuple(int(side) for side in shape)

    def log_prob(
        self,
        outputs: Float[Array, "batch pixels"],
        x: Float[Array, "batch pixels"],
        *,
        mask: None = None,
        exposure: None = None,
    ) -> Float[Array, " batch"]:
        """Minus the loss: no log-probability, but in its place for ``fit`` and ``sweep``.

        Args:
            outputs: pixels of flattened images.
            x: pixels of flattened images, values in [0, 1].
            mask: not supported.
            exposure: not supported.

        Returns:
            One number for each image.

        Raises:
            ValueError: if a mask or an exposure is given, or a shape does not fit.
        """
        if mask is not None or exposure is not None:
            raise ValueError("mask, exposure: expected none with a perceptual loss")
        state = jax.tree.unflatten(self._tree, [number[...] for number in self.numbers])
        network = nnx.merge(self._graphdef, state)
        if outputs.shape != x.shape:
            raise ValueError(f"outputs: expected the shape of x, {x.shape}, got {outputs.shape}")
        squares = jnp.sum((outputs - x) ** 2, axis=-1)
        total = self.pixels[...] * squares
        sides = (network(as_batch_of_images("x", side, self._shape)) for side in (outputs, x))
        for weight, ours, theirs in zip(self.features[...], *sides, strict=True):
            total += weight * map_distance(ours, theirs, normalize=self._normalize)
        return -total

    def mean(
        self, outputs: Float[Array, "batch pixels"], *, exposure: None = None
    ) -> Float[Array, "batch pixels"]:
        """The reconstruction, which is the raw outputs."""
        del exposure
        return outputs

    def check(self, x: Float[ArrayLike, "n pixels"]) -> None:
        """Refuse data outside [0, 1].

        Raises:
            ValueError: naming the first such value.
        """
        check_range("x", x)

"""A loss whose feature network is data: losses of one structure share one compilation."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from aelib.perceptual._images import check_range
from aelib.perceptual._loss import arranged, map_distance


class FrozenFeatures(nnx.Module):
    """Pixel error and perceptual loss in one sum, with a feature network that is not trained.

    ``fit`` and ``sweep`` compile a plain callable anew for each network it closes over. Here the
    network's parameters and the weights are variables, so that a loss on pixels, one on trained
    features and one on random features are the same program with other numbers.

    Raw outputs are the pixels themselves.

    Args:
        network: feature network of images [batch, h, w, c]; a copy of its parameters is kept.
        shape: (h, w) or (h, w, c) of one image; examples are flattened.
        pixels: weight of the squared error, summed over pixels.
        features: one weight for each feature map; see :class:`PerceptualLoss`.
        normalise: see :class:`PerceptualLoss`.

    Raises:
        ValueError: if a weight is negative.

    >>> import jax.numpy as jnp
    >>> from flax import nnx
    >>> import aelib
    >>> network = aelib.perceptual.SmallFeatures((4, 4), 3, channels=(2,), rngs=nnx.Rngs(0))
    >>> loss = FrozenFeatures(network, shape=(4, 4), pixels=2.0, features=[0.0])
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
        normalise: bool = True,
    ) -> None:
        if pixels < 0 or min(features, default=0.0) < 0:
            raise ValueError(f"pixels, features: expected at least 0, got {pixels}, {features}")
        self._graphdef, state = nnx.split(network)
        leaves, self._tree = jax.tree.flatten(nnx.as_pure(state))
        self.numbers = nnx.data([nnx.Variable(jnp.asarray(leaf)) for leaf in leaves])
        self.pixels = nnx.Variable(jnp.float32(pixels))
        self.features = nnx.Variable(jnp.asarray(features, jnp.float32))
        self._normalise = bool(normalise)
        self._shape = tuple(int(side) for side in shape)

    def log_prob(
        self, outputs: jax.Array, x: jax.Array, *, mask: Any = None, exposure: Any = None
    ) -> jax.Array:
        """Minus the loss, [batch]; not a log-probability, only what ``fit`` takes for one.

        Args:
            outputs: pixels, [batch, h * w * c].
            x: [batch, h * w * c], values in [0, 1].
            mask: not supported.
            exposure: not supported.

        Raises:
            ValueError: if a mask or an exposure is given, or a shape does not fit.
        """
        if mask is not None or exposure is not None:
            raise ValueError("mask, exposure: expected none with a perceptual loss")
        state = jax.tree.unflatten(self._tree, [number[...] for number in self.numbers])
        network = nnx.merge(self._graphdef, state)
        squares = jnp.sum((outputs - x) ** 2, axis=-1)
        total = self.pixels[...] * squares
        sides = (network(arranged("x", side, self._shape)) for side in (outputs, x))
        for weight, drawn, true in zip(self.features[...], *sides, strict=True):
            total += weight * map_distance(drawn, true, normalise=self._normalise)
        return -total

    def mean(self, outputs: jax.Array, *, exposure: Any = None) -> jax.Array:
        """The drawing, which is the raw outputs."""
        del exposure
        return outputs

    def check(self, x: Any) -> None:
        """Refuse data outside [0, 1].

        Raises:
            ValueError: naming the first such value.
        """
        check_range("x", x)

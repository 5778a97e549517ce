"""A small convolutional classifier, used for its features."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, PyTree

from aelib import _storage
from aelib._checks import check_count, check_counts
from aelib.models import Convolution, Dense
from aelib.perceptual._images import as_images, check_labels


class SmallFeatures(nnx.Module):
    """A classifier small enough to be trained in seconds; a call returns its feature maps.

    One 3 x 3 convolution of stride 2 with ReLU for each entry of ``channels``, then one affine map
    to the logits. The constructor gives random weights, the control for any claim about trained
    features; :func:`train_classifier` trains it.

    Attributes:
        shape: (h, w, c) of one image.
        convolutions: tuple of convolutions.
        readout: the affine map from the flattened last feature map to the logits.

    Args:
        shape: (h, w) or (h, w, c) of one image.
        num_classes: number of classes.
        channels: channels of the convolutions.
        dtype: floating type of the parameters; None for JAX's default.
        rngs: source of the random weights.

    Raises:
        ValueError: if ``shape`` is not (h, w) or (h, w, c), or there are no channels.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> network = SmallFeatures((28, 28), 10, rngs=nnx.Rngs(0))
        >>> [maps.shape for maps in network(jnp.zeros((5, 28, 28, 1)))]
        [(5, 14, 14, 8), (5, 7, 7, 16), (5, 4, 4, 32)]
    """

    def __init__(
        self,
        shape: Sequence[int],
        num_classes: int,
        *,
        channels: Sequence[int] = (8, 16, 32),
        dtype: jax.typing.DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        if isinstance(shape, int) or len(shape) not in (2, 3):
            raise ValueError(f"shape: expected (h, w) or (h, w, c), got {shape!r}")
        num_classes = check_count("num_classes", num_classes)
        channels = check_counts("channels", channels)
        if not channels:
            raise ValueError("channels: expected at least one convolution, got none")
        height, width, *rest = check_counts("shape", shape)
        self.shape = (height, width, rest[0] if rest else 1)
        options: dict[str, Any] = {"stride": 2, "unfold": True, "activation": "relu"}
        convolutions = []
        for inputs, outputs in zip((self.shape[2], *channels[:-1]), channels, strict=True):
            convolutions.append(Convolution(inputs, outputs, **options, dtype=dtype, rngs=rngs))
            height, width = -(-height // 2), -(-width // 2)
        self.convolutions: tuple[Convolution, ...] = nnx.data(tuple(convolutions))
        self.readout = Dense(height * width * channels[-1], num_classes, dtype=dtype, rngs=rngs)

    def __call__(
        self, images: Float[ArrayLike, "batch h w c"]
    ) -> tuple[Float[Array, "batch height width channels"], ...]:
        """Feature maps, one from each convolution, after its activation.

        Args:
            images: images of the shape given to the constructor, values in [0, 1].

        Returns:
            One feature map for each convolution.

        Raises:
            TypeError: if the images are not floating-point numbers.
            ValueError: if they have the wrong shape, or a value is outside [0, 1] (which cannot be
                checked under ``jax.jit``).
        """
        x = as_images("images", images, channels=(self.shape[2],))
        if x.shape[1:] != self.shape:
            expected = ", ".join(map(str, self.shape))
            raise ValueError(f"images: expected shape [batch, {expected}], got {x.shape}")
        x = x.astype(self.readout.weight.dtype)
        maps = []
        for convolution in self.convolutions:
            x = convolution(x)
            maps.append(x)
        return tuple(maps)

    def logits(self, images: Float[ArrayLike, "batch h w c"]) -> Float[Array, "batch classes"]:
        """Logits; images as for a call."""
        last = self(images)[-1]
        return self.readout(last.reshape(last.shape[0], -1))

    def accuracy(self, images: Float[ArrayLike, "n h w c"], labels: Int[ArrayLike, " n"]) -> float:
        """Fraction of images whose largest logit is that of their label.

        Args:
            images: images of the shape given to the constructor, values in [0, 1].
            labels: whole numbers in 0 ... num_classes - 1.

        Returns:
            A number in [0, 1].

        Raises:
            TypeError: if the labels are not whole numbers.
            ValueError: if there is not one for each image, or one is no class; or as for a call.
        """
        checked = as_images("images", images, channels=(self.shape[2],))
        classes = check_labels(labels, len(checked), self.readout.out_features)
        graphdef, state = nnx.split(self)
        return float(np.mean(np.asarray(_predicted(graphdef, state, checked)) == classes))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file, which :meth:`load` reads.

        Args:
            path: where; an existing file is replaced, as a whole or not at all.

        Raises:
            ValueError: if it was changed after it was made, other than by training.
        """
        arguments = {
            "shape": list(self.shape),
            "num_classes": self.readout.out_features,
            "channels": [int(layer.weight.shape[-1]) for layer in self.convolutions],
            "dtype": self.readout.weight.dtype.name,
        }
        again = type(self)(**arguments, rngs=nnx.Rngs(0))
        _storage.require_made("network", self, again, type(self).__name__)
        _storage.write(path, "classifier", {"arguments": arguments}, _storage.variables(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`save` wrote; logits and feature maps are the same, bit for bit.

        Args:
            path: the file.

        Returns:
            The network.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is damaged, of another kind, does not fit this package, or is in
                float64 while x64 is off.
        """
        path, about, tensors = _storage.read(path, "classifier")
        try:
            network = cls(**about["arguments"], rngs=nnx.Rngs(0))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: cannot make a {cls.__name__} of it ({error})") from error
        _storage.fill(network, tensors, path)
        return network

    def __repr__(self) -> str:
        channels = tuple(int(layer.weight.shape[-1]) for layer in self.convolutions)
        return f"SmallFeatures({self.shape}, {self.readout.out_features}, channels={channels})"


@functools.partial(jax.jit, static_argnums=0)
def _predicted(graphdef: nnx.GraphDef, state: PyTree, images: jax.Array) -> jax.Array:
    logits = nnx.merge(graphdef, state).logits(images)
    # NaN is no class, and so the right one for no label.
    return jnp.where(jnp.isnan(logits).any(-1), -1, jnp.argmax(logits, axis=-1))

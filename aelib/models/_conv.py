"""The builder of convolutional autoencoders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from aelib._checks import check_choice, check_count, check_counts
from aelib.models._activations import ACTIVATIONS
from aelib.models._architecture import Architecture, builder
from aelib.models._autoencoder import Autoencoder
from aelib.models._build import floating
from aelib.models._convolution import Convolution, ConvolutionLayer
from aelib.models._layers import Dense, Stack


@builder
def conv(
    shape: Sequence[int],
    latent: int,
    *,
    channels: Sequence[int] = (16, 32),
    activation: str = "relu",
    code_activation: str = "identity",
    outputs_per_feature: int = 1,
    dtype: jax.typing.DTypeLike | None = None,
    rngs: nnx.Rngs,
) -> Autoencoder:
    """A convolutional autoencoder of images; the decoder mirrors the encoder.

    The encoder is one 3 × 3 convolution of stride 2 for each entry of ``channels``, which halves
    the sides (rounded up), and an affine map to the code. The decoder is an affine map back, and as
    many times: every pixel repeated twice in both directions, then a 3 × 3 convolution.

    Args:
        shape: of one image, (h, w) or (h, w, c); examples come and go in this shape.
        latent: length of a code.
        channels: channels of the encoder's convolutions; the decoder has them in reverse.
        activation: activation of every hidden layer, a name in :data:`aelib.models.ACTIVATIONS`.
        code_activation: activation of the codes; ``"sigmoid"`` keeps them in (0, 1).
        outputs_per_feature: raw outputs p that the likelihood needs for each feature
            (``likelihood.num_outputs``).
        dtype: floating type of the parameters; None for JAX's default (float32, or float64 with
            x64).
        rngs: where the initial weights come from.

    Returns:
        Autoencoder from [batch, h, w] or [batch, h, w, c] to the same, with a last axis of length p
        where p > 1.

    Raises:
        ValueError: if ``shape`` is not (h, w) or (h, w, c), a size is not a whole number of at
            least 1, an activation is unknown, or ``dtype`` is not floating.

    Example:
        >>> from flax import nnx
        >>> conv((28, 28), 8, channels=(4, 8), rngs=nnx.Rngs(0)).decoder
        Stack(7x7x8 relu -> 14x14x4 relu -> 28x28x1)
    """
    if isinstance(shape, int) or len(shape) not in (2, 3):
        raise ValueError(f"shape: expected (h, w) or (h, w, c), got {shape!r}")
    shape = check_counts("shape", shape)
    channels = check_counts("channels", channels)
    if not channels:
        raise ValueError("channels: expected at least one convolution, got none")
    k, p = check_count("latent", latent), check_count("outputs_per_feature", outputs_per_feature)
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("code_activation", code_activation, ACTIVATIONS)
    dtype = floating("dtype", dtype)
    options: dict[str, Any] = {"dtype": dtype, "rngs": rngs}
    height, width, colors = (*shape, 1)[:3]
    sizes = [(height, width, colors)]  # the image, and what follows each convolution
    encoder: list[nnx.Module] = []
    for out in channels:
        kernel = Convolution(
            sizes[-1][2], out, stride=2, unfold=True, activation=activation, **options
        )
        layer = ConvolutionLayer(kernel, sizes[-1])
        encoder.append(layer)
        sizes.append(layer.output_shape)
    flat = math.prod(sizes[-1])
    encoder.append(Dense(flat, k, activation=code_activation, **options))
    first = _FromCode(k, sizes[-1], activation=activation, **options)
    decoder: list[nnx.Module] = [first]
    for index in reversed(range(len(channels))):
        small, large = sizes[index + 1], sizes[index]
        out, name = (large[2], activation) if index else (colors * p, "identity")
        kernel = Convolution(small[2], out, unfold=True, activation=name, **options)
        decoder.append(ConvolutionLayer(kernel, small, enlarge_to=(large[0], large[1])))
    arguments = {
        "shape": shape,
        "latent": k,
        "channels": channels,
        "activation": activation,
        "code_activation": code_activation,
        "outputs_per_feature": p,
        "dtype": dtype.name,
    }
    return Autoencoder(
        Stack(encoder, shape, (k,)),
        Stack(decoder, (k,), shape if p == 1 else (*shape, p)),
        architecture=Architecture("conv", tuple(arguments.items())),
    )


class _FromCode(Dense):
    """The affine map from a code to the smallest feature maps, which knows their shape."""

    def __init__(self, latent: int, output_shape: tuple[int, int, int], **options: Any) -> None:
        super().__init__(latent, math.prod(output_shape), **options)
        self.output_shape = output_shape

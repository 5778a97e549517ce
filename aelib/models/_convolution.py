"""Convolutions on [batch, height, width, channels], and as layers of a stack."""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from aelib._checks import check_choice, check_count
from aelib.models._activations import ACTIVATIONS
from aelib.models._initial import next_key, normal


class Convolution(nnx.Module):
    """A two-dimensional convolution and an activation, for images of any size.

    What deep learning calls a convolution is a cross-correlation, and so it is here. Sums are taken
    in the full precision of the type, also on devices that would round the factors to fewer digits
    by default.

    There are two ways to the same numbers. XLA's convolution is fast and lean, but on a CPU it is
    several times slower inside a loop, where training runs, and slower still with one weight for
    each of several runs. With ``unfold=True`` every patch becomes a row and the rest is a matrix
    product, which has neither weakness but takes side² times the memory of the image: the way for
    small images.

    Attributes:
        weight: ``nnx.Param`` [side, side, in_channels, out_channels].
        bias: ``nnx.Param`` [out_channels].
        activation: a name in :data:`aelib.models.ACTIVATIONS`.
        stride: step between the positions of the kernel.
        padding: ``"SAME"`` (zeros around the image) or ``"VALID"`` (none).
        unfold: whether it is computed as a matrix product of patches.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        side: side of the square kernel.
        stride: step between the positions of the kernel.
        padding: ``"SAME"`` or ``"VALID"``.
        unfold: whether to compute it as a matrix product of patches.
        activation: name of the elementwise activation.
        dtype: floating type of the parameters; None for JAX's default.
        rngs: where the initial weights come from: normal draws of variance gain / (inputs of one
            output), where the gain belongs to the activation (He et al. 2015).

    Raises:
        ValueError: if ``activation`` or ``padding`` is unknown, or a size is no whole number of at
            least 1.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> layer = Convolution(1, 4, stride=2, activation="relu", rngs=nnx.Rngs(0))
        >>> layer(jnp.ones((5, 9, 8, 1))).shape
        (5, 5, 4, 4)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        side: int = 3,
        stride: int = 1,
        padding: Literal["SAME", "VALID"] = "SAME",
        unfold: bool = False,
        activation: str = "identity",
        dtype: jax.typing.DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        dtype = jnp.result_type(float if dtype is None else dtype)
        self.activation = check_choice("activation", activation, ACTIVATIONS)
        in_channels = check_count("in_channels", in_channels)
        out_channels = check_count("out_channels", out_channels)
        side, self.stride = check_count("side", side), check_count("stride", stride)
        self.padding = check_choice("padding", padding, ("SAME", "VALID"))
        self.unfold = unfold
        shape = (side, side, in_channels, out_channels)
        scale = math.sqrt(ACTIVATIONS[activation].gain / (side * side * in_channels))
        self.weight = nnx.Param(normal(next_key(rngs), shape, scale, dtype))
        self.bias = nnx.Param(jax.device_put(np.zeros(out_channels, dtype)))

    def __call__(
        self, images: Float[Array, "batch h w in_channels"]
    ) -> Float[Array, "batch h2 w2 out_channels"]:
        """Map [batch, h, w, in_channels] to [batch, h', w', out_channels]."""
        return ACTIVATIONS[self.activation].function(self.affine(images))

    def affine(
        self, images: Float[Array, "batch h w in_channels"]
    ) -> Float[Array, "batch h2 w2 out_channels"]:
        """What the activation is applied to: [batch, h', w', out_channels]."""
        weight, strides = self.weight[...], (self.stride, self.stride)
        if self.unfold:
            rows = _patches(images, weight.shape[0], self.stride, self.padding)
            matrix = weight.reshape(-1, weight.shape[-1])
            maps = jnp.matmul(rows, matrix, precision=jax.lax.Precision.HIGHEST)
        else:
            maps = jax.lax.conv_general_dilated(
                images,
                weight,
                strides,
                self.padding,
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                precision=jax.lax.Precision.HIGHEST,
            )
        return maps + self.bias[...]

    def __repr__(self) -> str:
        side, _, inputs, outputs = self.weight.shape
        return (
            f"Convolution({inputs} -> {outputs} {self.activation}, {side}x{side}, "
            f"stride {self.stride})"
        )


def _patches(images: jax.Array, side: int, stride: int, padding: str) -> jax.Array:
    """[batch, h', w', side * side * channels]: what the kernel sees at each position."""
    window, strides = (side, side), (stride, stride)
    around = jax.lax.padtype_to_pads(images.shape[1:3], window, strides, padding)
    padded = jnp.pad(images, ((0, 0), *around, (0, 0)))
    height, width = ((n - side) // stride + 1 for n in padded.shape[1:3])
    rows, columns = (height - 1) * stride + 1, (width - 1) * stride + 1
    shifted = [
        padded[:, i : i + rows : stride, j : j + columns : stride]
        for i in range(side)
        for j in range(side)
    ]
    return jnp.concatenate(shifted, axis=-1)


class ConvolutionLayer(nnx.Module):
    """A convolution as one layer of a :class:`Stack`: flat examples in, flat examples out.

    Attributes:
        convolution: the :class:`Convolution`.
        input_shape: (h, w, channels) of what goes in.
        output_shape: (h, w, channels) of what comes out.

    Args:
        convolution: the convolution.
        input_shape: (h, w, channels) of what goes in.
        enlarge_to: (h, w) to which every pixel is repeated, at most twice in each direction, before
            the convolution; None leaves the image as it is. Repeating first and convolving then
            leaves no checkerboard, as a transposed convolution of stride 2 does (Odena, Dumoulin
            and Olah 2016).
    """

    def __init__(
        self,
        convolution: Convolution,
        input_shape: tuple[int, int, int],
        *,
        enlarge_to: tuple[int, int] | None = None,
    ) -> None:
        self.convolution = convolution
        self.input_shape = tuple(input_shape)
        self.enlarge_to = enlarge_to
        sides = enlarge_to or input_shape[:2]
        height, width = (-(-side // convolution.stride) for side in sides)
        self.output_shape = (height, width, int(convolution.weight.shape[-1]))

    @property
    def weight(self) -> nnx.Param:
        """The kernel; its type is the type of the computation."""
        return self.convolution.weight

    @property
    def activation(self) -> str:
        """Name of the activation."""
        return self.convolution.activation

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map [..., h, w, channels], or these flattened, to [n, h' w' channels']."""
        images = x.reshape(-1, *self.input_shape)
        if self.enlarge_to is not None:
            height, width = self.enlarge_to
            images = images.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
        return self.convolution(images).reshape(-1, math.prod(self.output_shape))

    def __repr__(self) -> str:
        return f"ConvolutionLayer({self.input_shape} -> {self.output_shape} {self.activation})"

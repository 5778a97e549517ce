"""VGG16 for its feature maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from aelib.models import Convolution
from aelib.perceptual._images import as_images
from aelib.perceptual._layout import (
    CONVOLUTIONAL,
    CONVOLUTIONS_IN_BLOCK,
    STEPS,
    check_taps,
    positions,
)

#: The last activation of each of the first four blocks, those of Johnson et al. (2016).
DEFAULT_TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
WIDTHS = (64, 128, 256, 512, 512)
HEAD_WIDTHS = (4096, 4096, 1000)
#: Mean and standard deviation of ImageNet's colors, as torchvision's weights expect them.
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


class VGG16(nnx.Module):
    """VGG16, a network of 16 layers trained on ImageNet, for its feature maps.

    Images are in [0, 1]; the network subtracts ImageNet's mean and divides by its standard
    deviation. Gray images ``[batch, h, w, 1]`` are repeated in all three colors. The constructor
    gives random weights; :func:`load_vgg16` reads trained ones.

    A tap is a layer whose output is wanted: by block (``"conv1_2"`` before and ``"relu1_2"`` after
    the activation, ``"pool1"``), or by its name in torchvision and timm (``"features.3"``). Beware
    that in torchvision the activations work in place, so that a hook on ``features.2`` that keeps
    the tensor sees ``relu1_2``; here ``features.2`` is what the convolution gave.

    Attributes:
        taps: the taps by default.
        convolutions: tuple of the 13 convolutions, and the head's 3 if there is one.

    Args:
        taps: the taps by default.
        widths: channels in each of the five blocks. Anything but the default is for experiments
            and tests.
        head: whether to have the three fully connected layers (``"fc6"``, ``"relu6"``, ``"fc7"``,
            ``"relu7"`` and the logits ``"fc8"``), for images of 224 x 224.
        head_widths: outputs of these three.
        dtype: floating type of the parameters; None for JAX's default.
        rngs: where the random weights come from.

    Raises:
        ValueError: if a tap is unknown, or there are not five widths.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> network = VGG16(taps=("relu1_2", "pool2"), widths=(4, 8, 8, 8, 8), rngs=nnx.Rngs(0))
        >>> [maps.shape for maps in network(jnp.zeros((2, 32, 32, 3)))]
        [(2, 32, 32, 4), (2, 8, 8, 8)]

    References:
        K. Simonyan and A. Zisserman (2015), *Very deep convolutional networks for large-scale image
        recognition*.
    """

    def __init__(
        self,
        *,
        taps: Iterable[str] = DEFAULT_TAPS,
        widths: Sequence[int] = WIDTHS,
        head: bool = False,
        head_widths: Sequence[int] = HEAD_WIDTHS,
        dtype: jax.typing.DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        options: dict[str, Any] = {"dtype": dtype, "rngs": rngs}
        shapes = convolution_shapes(widths, head_widths if head else None)
        convolutions = [
            Convolution(i, o, side=side, padding="SAME" if side == 3 else "VALID", **options)
            for side, i, o in shapes
        ]
        self.convolutions: tuple[Convolution, ...] = nnx.data(tuple(convolutions))
        self.head = bool(head)
        self.taps = check_taps(taps, head=self.head)

    def __call__(
        self, images: Float[ArrayLike, "batch h w c"], taps: Iterable[str] | None = None
    ) -> tuple[Float[Array, "batch height width channels"], ...]:
        """Compute feature maps, up to the deepest tap.

        Args:
            images: images of one or three channels, values in [0, 1].
            taps: names of layers; None for those given to the constructor.

        Returns:
            One feature map for each tap, in the order of ``taps``.

        Raises:
            TypeError: if the images are not floating-point numbers.
            ValueError: if they have the wrong shape or are too small for the taps, a value is
                outside [0, 1] (which cannot be checked under ``jax.jit``), or a tap is unknown.
        """
        wanted = positions(self.taps if taps is None else taps, head=self.head)
        dtype = self.convolutions[0].weight.dtype
        x = as_images("images", images, channels=(1, 3)).astype(dtype)
        _check_size(x.shape, max(wanted))
        # A gray image is broadcast here: one channel minus three means.
        x = (x - np.asarray(MEAN, dtype)) / np.asarray(STANDARD_DEVIATION, dtype)
        kept = {}
        convolutions = iter(self.convolutions)
        for position, step in enumerate(STEPS[: max(wanted) + 1]):
            if step.kind == "conv":
                x = next(convolutions)(x)
            elif step.kind == "relu":
                x = jax.nn.relu(x)
            else:
                x = _halve(x)
            if position in wanted:
                kept[position] = x
        return tuple(kept[position] for position in wanted)

    def __repr__(self) -> str:
        return f"VGG16(taps={self.taps}, head={self.head})"


def convolution_shapes(
    widths: Sequence[int], head_widths: Sequence[int] | None
) -> list[tuple[int, int, int]]:
    """(side, in channels, out channels) of every convolution."""
    if len(widths) != 5:
        raise ValueError(f"widths: expected five, one for each block; got {tuple(widths)}")
    blocks = zip(widths, CONVOLUTIONS_IN_BLOCK, strict=True)
    outputs = [width for width, count in blocks for _ in range(count)]
    sides = [3] * len(outputs)
    if head_widths is not None:
        if len(head_widths) != 3:
            raise ValueError(f"head_widths: expected three, got {tuple(head_widths)}")
        outputs += head_widths
        sides += [7, 1, 1]
    return list(zip(sides, [3, *outputs[:-1]], outputs, strict=True))


def _halve(x: Float[Array, "batch h w c"]) -> Float[Array, "batch height width c"]:
    """Max-pooling over 2 x 2; an odd last row or column is left out."""
    window = (1, 2, 2, 1)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")


def _check_size(shape: tuple[int, ...], last: int) -> None:
    sides = shape[1:3]
    pools = sum(step.kind == "pool" for step in STEPS[: last + 1])
    if last >= CONVOLUTIONAL and {side // 32 for side in sides} != {7}:
        raise ValueError(f"images: the head takes 224 x 224 pixels, got {sides[0]} x {sides[1]}")
    if min(sides) < 2**pools:
        raise ValueError(
            f"images: {STEPS[last].block} needs at least {2**pools} x {2**pools} pixels, "
            f"got {sides[0]} x {sides[1]}"
        )

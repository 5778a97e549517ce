"""Distance between images in the feature space of a network."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from aelib._arrays import as_floating, as_real
from aelib._checks import check_array, check_callable, check_choice, require_all
from aelib.perceptual._images import as_images, check_range

Features = Callable[[Float[Array, "batch h w c"]], Sequence[Float[Array, "batch ..."]]]
_LINKS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": jax.nn.sigmoid,
    "identity": lambda outputs: outputs,
}


def unit_length(
    features: Float[Array, "*positions channels"],
) -> Float[Array, "*positions channels"]:
    """Divide by the Euclidean norm over the last axis; zero stays zero, with gradient zero.

    There is no epsilon: the shortest vectors that floating point can hold get length 1 too, and the
    gradient there is large, about 1 / norm. Only at zero, where the function has no limit, are
    value and gradient set to 0.

    Args:
        features: feature maps, channels last.

    Returns:
        Features of length 1, of the same shape and type.

    Example:
        >>> import jax.numpy as jnp
        >>> unit_length(jnp.array([[3e-30, 4e-30], [0.0, 0.0]]))
        Array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """
    features = as_floating("features", features)
    # The result does not depend on the scale, so nor does its gradient on how the scale is found.
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(features), axis=-1, keepdims=True))
    # Numbers below the smallest normal one may be flushed to zero; they count as zero.
    nonzero = ~(largest < jnp.finfo(features.dtype).tiny)  # NaN is not zero
    # where() twice: a derivative of the branch not taken must be finite, since 0 * inf is NaN.
    scaled = jnp.where(nonzero, features, 1) / jnp.where(nonzero, largest, 1)
    norm = jnp.sqrt(jnp.sum(scaled**2, axis=-1, keepdims=True))
    return jnp.where(nonzero, scaled / norm, 0)


def map_distance(
    first: Float[Array, "batch *positions channels"],
    second: Float[Array, "batch *positions channels"],
    *,
    normalize: bool,
) -> Float[Array, " batch"]:
    """Distance between two feature maps: the term of a :class:`PerceptualLoss` of weight 1.

    Args:
        first: feature map of some images.
        second: the same of the others.
        normalize: see :class:`PerceptualLoss`.

    Returns:
        One number for each pair of images.
    """
    positions = math.prod(first.shape[1:-1])
    if normalize:
        squares = (unit_length(first) - unit_length(second)) ** 2 / positions
    else:
        squares = (first - second) ** 2 / (positions * first.shape[-1])
    return squares.sum(axis=tuple(range(1, squares.ndim)))


def as_batch_of_images(
    name: str, x: Float[Array, "batch ..."], shape: tuple[int, ...] | None
) -> Float[Array, "batch h w c"]:
    """Reshape to ``[batch, h, w, c]``, from flattened images of ``shape`` (h, w) or (h, w, c).

    Raises:
        ValueError: if it has another shape.
    """
    if shape is None:
        if x.ndim != 4:
            raise ValueError(
                f"{name}: expected [batch, h, w, c], got {x.shape}; give PerceptualLoss "
                "the shape of one image if examples are flattened"
            )
        return x
    whole = shape if len(shape) == 3 else (*shape, 1)
    if x.shape[1:] not in (shape, whole, (math.prod(whole),)):
        flat = f"[batch, {math.prod(whole)}]"
        raise ValueError(
            f"{name}: expected {flat} or [batch, {', '.join(map(str, shape))}], got {x.shape}"
        )
    return x.reshape(-1, *whole)


class Frozen(nnx.Variable[jax.Array]):
    """A parameter of a feature network, which is not trained with the model."""


def frozen(features: nnx.Module) -> nnx.Module:
    """Copy a network, with :class:`Frozen` variables in place of its parameters."""
    copy = nnx.clone(features)
    for _, node in nnx.iter_graph(copy):
        if isinstance(node, nnx.Module):
            for name, value in vars(node).items():
                if isinstance(value, nnx.Param):
                    setattr(node, name, Frozen(value[...]))
    return copy


class PerceptualLoss(nnx.Module):
    r"""Squared distance between the features of two images, summed over feature maps.

    For maps :math:`f_t` of height :math:`H_t` and width :math:`W_t` and weights :math:`w_t`

    .. math::
       \ell(\hat x, x) = \sum_t \frac{w_t}{H_t W_t} \sum_{h, w}
       \lVert \hat f_t(\hat x)_{hw} - \hat f_t(x)_{hw} \rVert^2,

    where :math:`\hat f_t` is :math:`f_t` scaled to length 1 at every position (Zhang et al. 2018,
    with all channels weighted alike). With ``normalize=False`` it is :math:`f_t` itself and the
    inner sum is a mean over channels (Johnson, Alahi and Fei-Fei 2016). These are not nats.

    :func:`aelib.training.fit` and ``sweep`` take it as their ``loss``. Derivatives are finite at
    identical images and where all features are zero. If the network is an ``nnx.Module``, a copy is
    kept that is not trained, and losses that differ only in a network's parameters share one
    compiled program.

    Args:
        features: callable images [batch, h, w, c] in [0, 1] -> sequence of feature maps
            [batch, h', w', channels] or [batch, channels]: a :class:`VGG16`, a
            :class:`SmallFeatures`, or anything of the kind.
        shape: (h, w) or (h, w, c) of one image, where examples are flattened; None where they are
            [batch, h, w, c].
        weights: one number, at least 0, for each feature map; None for 1 each.
        link: from raw outputs to an image: ``"sigmoid"``, ``"identity"`` or a callable.
        normalize: whether features are divided by their length over the channels. Beware of black
            backgrounds: the features of a network whose biases are 0, as they are initially, are
            proportional to the brightness, and after division by their length the faintest gray
            counts as much as white.

    Raises:
        TypeError: if ``features`` cannot be called.
        ValueError: if ``shape``, ``weights`` or ``link`` are not as above.

    Example:
        >>> import jax.numpy as jnp
        >>> pixels = PerceptualLoss(lambda images: [images], shape=(2, 2), normalize=False)
        >>> x = jnp.array([[0.0, 0.5, 1.0, 1.0]])
        >>> pixels(jnp.zeros((1, 4)), x)  # the sigmoid of 0 is 0.5: the mean of 1/4, 0, 1/4, 1/4
        Array([0.1875], dtype=float32)

    References:
        J. Johnson, A. Alahi and L. Fei-Fei (2016), *Perceptual losses for real-time style transfer
        and super-resolution*.

        R. Zhang, P. Isola, A. A. Efros, E. Shechtman and O. Wang (2018), *The unreasonable
        effectiveness of deep features as a perceptual metric*.
    """

    def __init__(
        self,
        features: Features,
        *,
        shape: Sequence[int] | None = None,
        weights: Sequence[float] | None = None,
        link: str | Callable[[jax.Array], jax.Array] = "sigmoid",
        normalize: bool = True,
    ) -> None:
        check_callable("features", features)
        if shape is not None and (isinstance(shape, int) or len(shape) not in (2, 3)):
            raise ValueError(f"shape: expected (h, w) or (h, w, c), got {shape!r}")
        if not callable(link):
            check_choice("link", link, _LINKS)
        self.features: Any = frozen(features) if isinstance(features, nnx.Module) else features
        self.shape = None if shape is None else tuple(int(side) for side in shape)
        self.weights = None if weights is None else _checked_weights(weights)
        # By its name where it has one: JAX's functions cannot be pickled.
        self._link = link
        self.normalize = bool(normalize)

    def __call__(
        self, outputs: Float[Array, "batch ..."], x: Float[Array, "batch ..."]
    ) -> Float[Array, " batch"]:
        """Distance between the images that the link makes of ``outputs``, and ``x``.

        Args:
            outputs: raw outputs, of x's shape.
            x: images ``[batch, h, w, c]``, or flattened if ``shape`` was given, values in [0, 1].

        Returns:
            One number for each image.

        Raises:
            ValueError: if a shape does not fit.
        """
        outputs, x = as_floating("outputs", outputs), as_floating("x", x)
        if outputs.shape != x.shape:
            raise ValueError(f"outputs: expected shape {x.shape} as x, got {outputs.shape}")
        return _distance(self, self.link(self._as_images("x", outputs)), self._as_images("x", x))

    def distance(
        self, images: Float[ArrayLike, "batch ..."], others: Float[ArrayLike, "batch ..."]
    ) -> Float[Array, " batch"]:
        """Distance between two batches of images; no link is applied.

        Args:
            images: ``[batch, h, w, c]``, or flattened if ``shape`` was given, values in [0, 1].
            others: as many more.

        Returns:
            One number for each pair.

        Raises:
            ValueError: if a shape does not fit or a value is outside [0, 1].
        """
        pair = [
            as_images(name, self._as_images(name, as_real(name, given)))
            for name, given in (("images", images), ("others", others))
        ]
        if pair[0].shape != pair[1].shape:
            raise ValueError(f"others: expected shape {pair[0].shape}, got {pair[1].shape}")
        return _distance(self, *pair)

    def check(self, x: Float[ArrayLike, "n ..."]) -> None:
        """Refuse data outside [0, 1]; ``fit`` and ``sweep`` call this before training.

        Raises:
            ValueError: naming the first such value, or the shape if it does not fit.
        """
        self._as_images("x", as_real("x", x))
        check_range("x", x)

    def _compute(self, images: jax.Array, others: jax.Array) -> jax.Array:
        # Two passes and not one over both batches: often only one of them needs a derivative.
        first, second = tuple(self.features(images)), tuple(self.features(others))
        weights = (1.0,) * len(first) if self.weights is None else self.weights
        if len(weights) != len(first):
            raise ValueError(
                f"weights: expected {len(first)}, one for each map, got {len(weights)}"
            )
        total = jnp.zeros(images.shape[0], images.dtype)
        for weight, a, b in zip(weights, first, second, strict=True):
            total += weight * map_distance(a, b, normalize=self.normalize)
        return total

    @property
    def link(self) -> Callable[[jax.Array], jax.Array]:
        """From raw outputs to an image."""
        return _LINKS[self._link] if isinstance(self._link, str) else self._link

    def _as_images(self, name: str, x: Any) -> jax.Array:
        return as_batch_of_images(name, x, self.shape)

    def __repr__(self) -> str:
        return f"PerceptualLoss({self.features!r}, normalize={self.normalize})"


def _distance(loss: PerceptualLoss, images: jax.Array, others: jax.Array) -> jax.Array:
    return _compiled(*nnx.split(loss), images, others)


# Compiled, so that a network called outside of jax.jit does not run layer by layer.
@functools.partial(jax.jit, static_argnums=0)
def _compiled(
    graphdef: nnx.GraphDef, state: PyTree, images: jax.Array, others: jax.Array
) -> jax.Array:
    return nnx.merge(graphdef, state)._compute(images, others)


def _checked_weights(weights: Sequence[float]) -> tuple[float, ...]:
    checked = check_array("weights", weights, shape=("n",)).astype(np.float64)
    require_all("weights", checked, checked >= 0, "numbers of at least 0")
    return tuple(checked.tolist())

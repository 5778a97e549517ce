"""Distance between images in the feature space of a network."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib.perceptual._images import as_images, check_range

Features = Callable[[jax.Array], Sequence[jax.Array]]
_LINKS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "sigmoid": jax.nn.sigmoid,
    "identity": lambda outputs: outputs,
}


def unit_length(features: jax.Array) -> jax.Array:
    """Divide by the Euclidean norm over the last axis; zero stays zero, with gradient zero.

    There is no epsilon: a vector as short as floating point allows still gets length 1. Its
    gradient is then as large as that of the function, which is 1 / norm; only at zero, where the
    function has no limit, is 0 put in its place.

    Args:
        features: [..., channels].

    Returns:
        Same shape and type.

    >>> import jax.numpy as jnp
    >>> unit_length(jnp.array([[3e-30, 4e-30], [0.0, 0.0]]))
    Array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    # The result does not depend on the scale, so nor does its gradient on how the scale is found.
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(features), axis=-1, keepdims=True))
    # Numbers below the smallest normal one may be flushed to zero; they count as zero.
    something = largest >= jnp.finfo(features.dtype).tiny
    # where() twice: a derivative of the branch not taken must be finite, since 0 * inf is NaN.
    scaled = jnp.where(something, features, 1) / jnp.where(something, largest, 1)
    norm = jnp.sqrt(jnp.sum(scaled**2, axis=-1, keepdims=True))
    return jnp.where(something, scaled / norm, 0)


def map_distance(first: jax.Array, second: jax.Array, *, normalise: bool) -> jax.Array:
    """What one feature map contributes to a :class:`PerceptualLoss` of weight 1, [batch].

    Args:
        first: [batch, ..., channels].
        second: the same of the other images.
        normalise: see :class:`PerceptualLoss`.
    """
    places = math.prod(first.shape[1:-1])
    if normalise:
        squares = (unit_length(first) - unit_length(second)) ** 2 / places
    else:
        squares = (first - second) ** 2 / (places * first.shape[-1])
    return squares.sum(axis=tuple(range(1, squares.ndim)))


def arranged(argument: str, x: Any, shape: tuple[int, ...] | None) -> Any:
    """``x`` as [batch, h, w, c], where ``shape`` is (h, w) or (h, w, c) if it may be flattened.

    Raises:
        ValueError: if it has another shape.
    """
    if shape is None:
        if x.ndim != 4:
            raise ValueError(
                f"{argument}: expected [batch, h, w, c], got {x.shape}; give PerceptualLoss "
                "the shape of one image if examples are flattened"
            )
        return x
    whole = shape if len(shape) == 3 else (*shape, 1)
    if x.shape[1:] not in (shape, whole, (math.prod(whole),)):
        flat = f"[batch, {math.prod(whole)}]"
        raise ValueError(
            f"{argument}: expected {flat} or [batch, {', '.join(map(str, shape))}], got {x.shape}"
        )
    return x.reshape(-1, *whole)


class Frozen(nnx.Variable[jax.Array]):
    """A number of a feature network: part of the loss, and not trained with the model."""


def frozen(features: nnx.Module) -> nnx.Module:
    """A copy of a network with :class:`Frozen` variables where there were parameters."""
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

    where :math:`\hat f_t` is :math:`f_t` scaled to length 1 at every place (Zhang et al. 2018, with
    all channels weighted alike). With ``normalise=False`` it is :math:`f_t` itself and the inner
    sum is a mean over channels (Johnson, Alahi and Fei-Fei 2016). These are not nats.

    :func:`aelib.training.fit` and ``sweep`` take it as their ``loss``. Derivatives are finite at
    identical images and where all features are zero. Of a network that is an ``nnx.Module`` it
    keeps a copy that is not trained, and losses that differ only in a network's numbers share what
    has been compiled.

    Args:
        features: callable images [batch, h, w, c] in [0, 1] -> sequence of feature maps
            [batch, h', w', channels] or [batch, channels]: a :class:`VGG16`, a
            :class:`SmallFeatures`, or anything of the kind.
        shape: (h, w) or (h, w, c) of one image, where examples are flattened; None where they are
            [batch, h, w, c].
        weights: one number, at least 0, for each feature map; None for 1 each.
        link: from raw outputs to an image: ``"sigmoid"``, ``"identity"`` or a callable.
        normalise: whether features are divided by their length over the channels. On a black
            background mind what that does: a network without biases, as one fresh from its
            constructor is, gives features in proportion to the faintest grey, and divided by their
            length they count as much as those of full ink.

    Raises:
        TypeError: if ``features`` cannot be called.
        ValueError: if ``shape``, ``weights`` or ``link`` are not as above.

    >>> import jax.numpy as jnp
    >>> pixels = PerceptualLoss(lambda images: [images], shape=(2, 2), normalise=False)
    >>> x = jnp.array([[0.0, 0.5, 1.0, 1.0]])
    >>> pixels(jnp.zeros((1, 4)), x)  # the sigmoid of 0 is 0.5: the mean of 1/4, 0, 1/4, 1/4
    Array([0.1875], dtype=float32)
    """

    def __init__(
        self,
        features: Features,
        *,
        shape: Sequence[int] | None = None,
        weights: Sequence[float] | None = None,
        link: str | Callable[[jax.Array], jax.Array] = "sigmoid",
        normalise: bool = True,
    ) -> None:
        if not callable(features):
            raise TypeError(f"features: expected a callable images -> maps, got {features!r}")
        if shape is not None and (isinstance(shape, int) or len(shape) not in (2, 3)):
            raise ValueError(f"shape: expected (h, w) or (h, w, c), got {shape!r}")
        if isinstance(link, str) and link not in _LINKS:
            raise ValueError(f"link: expected {' or '.join(_LINKS)} or a callable, got {link!r}")
        self.features: Any = frozen(features) if isinstance(features, nnx.Module) else features
        self.shape = None if shape is None else tuple(int(side) for side in shape)
        self.weights = None if weights is None else _checked_weights(weights)
        self.link = _LINKS[link] if isinstance(link, str) else link
        self.normalise = bool(normalise)

    def __call__(self, outputs: jax.Array, x: jax.Array) -> jax.Array:
        """Distance [batch] between the images that ``outputs`` stand for and ``x``.

        Args:
            outputs: raw outputs, of x's shape.
            x: [batch, h, w, c], or [batch, h * w * c] if ``shape`` was given, values in [0, 1].

        Raises:
            ValueError: if a shape does not fit.
        """
        if outputs.shape != x.shape:
            raise ValueError(f"outputs: expected shape {x.shape} as x, got {outputs.shape}")
        return _distance(self, self.link(self._arranged("x", outputs)), self._arranged("x", x))

    def distance(self, images: Any, others: Any) -> jax.Array:
        """Distance [batch] between two batches of images; no link is applied.

        Args:
            images: [batch, h, w, c], or flattened if ``shape`` was given, values in [0, 1].
            others: as many more.

        Raises:
            ValueError: if a shape does not fit or a value is outside [0, 1].
        """
        pair = [
            as_images(name, self._arranged(name, given))
            for name, given in (("images", images), ("others", others))
        ]
        if pair[0].shape != pair[1].shape:
            raise ValueError(f"others: expected shape {pair[0].shape}, got {pair[1].shape}")
        return _distance(self, *pair)

    def check(self, x: Any) -> None:
        """Refuse data outside [0, 1]; ``fit`` and ``sweep`` call this before training.

        Raises:
            ValueError: naming the first such value, or the shape if it does not fit.
        """
        self._arranged("x", x)
        check_range("x", x)

    def _compute(self, images: jax.Array, others: jax.Array) -> jax.Array:
        # One after the other, so that derivatives for one cost nothing for the other.
        first, second = tuple(self.features(images)), tuple(self.features(others))
        weights = (1.0,) * len(first) if self.weights is None else self.weights
        if len(weights) != len(first):
            raise ValueError(
                f"weights: expected {len(first)}, one for each map, got {len(weights)}"
            )
        total = jnp.zeros(images.shape[0], images.dtype)
        for weight, a, b in zip(weights, first, second, strict=True):
            total += weight * map_distance(a, b, normalise=self.normalise)
        return total

    def _arranged(self, argument: str, x: Any) -> Any:
        return arranged(argument, x, self.shape)

    def __repr__(self) -> str:
        return f"PerceptualLoss({self.features!r}, normalise={self.normalise})"


def _distance(loss: PerceptualLoss, images: jax.Array, others: jax.Array) -> jax.Array:
    return _compiled(*nnx.split(loss), images, others)


# Compiled, so that a network applied outside of anybody's jit does not run layer by layer.
@functools.partial(jax.jit, static_argnums=0)
def _compiled(graphdef: Any, state: Any, images: jax.Array, others: jax.Array) -> jax.Array:
    return nnx.merge(graphdef, state)._compute(images, others)


def _checked_weights(weights: Sequence[float]) -> tuple[float, ...]:
    checked = np.asarray(weights, np.float64)
    if checked.ndim != 1 or not np.isfinite(checked).all() or (checked < 0).any():
        raise ValueError(f"weights: expected finite numbers of at least 0, got {weights!r}")
    return tuple(checked.tolist())

"""Train a small classifier of images."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Float, Int, PRNGKeyArray, PyTree

from aelib._arrays import as_real
from aelib._checks import check_count, check_key, check_number
from aelib._compile import compiled
from aelib.losses import categorical_nll
from aelib.perceptual._images import as_images, check_labels
from aelib.perceptual._small import SmallFeatures
from aelib.training._errors import require_finite_losses
from aelib.training._kernel import Problem, minimize


@dataclasses.dataclass(frozen=True)
class TrainedClassifier:
    """What :func:`train_classifier` returns.

    Attributes:
        features: the trained network.
        loss: cross-entropy of each batch, in nats per image.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from aelib import perceptual
        >>> images = jnp.zeros((4, 8, 8)).at[2:].set(1.0)  # two black, two white
        >>> trained = perceptual.train_classifier(
        ...     images, [0, 0, 1, 1], channels=(2, 2, 2), steps=2, batch_size=4,
        ...     key=jax.random.key(0),
        ... )
        >>> trained.loss.shape, trained.features.logits(images[..., None]).shape
        ((2,), (4, 2))
    """

    features: SmallFeatures
    loss: Float[np.ndarray, " steps"]


def train_classifier(
    images: Float[ArrayLike, "n h w *channels"],
    labels: Int[ArrayLike, " n"],
    *,
    channels: tuple[int, ...] = (8, 16, 32),
    num_classes: int | None = None,
    steps: int = 300,
    batch_size: int = 128,
    learning_rate: float = 3e-3,
    key: PRNGKeyArray,
) -> TrainedClassifier:
    """Train a :class:`SmallFeatures` to tell classes apart: Adam on the cross-entropy.

    Batches are drawn with replacement; the learning rate is decayed to zero along a cosine. All
    steps run in one compiled call.

    Args:
        images: gray, or with channels last; values in [0, 1].
        labels: whole numbers from 0.
        channels: channels of the convolutions.
        num_classes: number of classes; None for the largest label plus 1.
        steps: number of steps.
        batch_size: images in each step.
        learning_rate: initial learning rate.
        key: ``jax.random.key(seed)``; the initial weights and the batches come from it.

    Returns:
        The trained network, and its loss at each step.

    Raises:
        TypeError: if the images are not floats or the labels not whole numbers.
        ValueError: if shapes do not fit, or a value is out of range.
        TrainingDiverged: if the loss is not finite at some step.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> stripes = jnp.zeros((8, 8)).at[::2].set(1.0)
        >>> images = jnp.stack([stripes, 1 - stripes, stripes.T, 1 - stripes.T])
        >>> trained = train_classifier(
        ...     images, [0, 0, 1, 1], channels=(8, 8, 8), steps=60, batch_size=4,
        ...     key=jax.random.key(0),
        ... )
        >>> trained.features.logits(images[..., None]).argmax(axis=1)
        Array([0, 0, 1, 1], dtype=int32)
    """
    images = as_real("images", images)
    images = as_images("images", images[..., None] if images.ndim == 3 else images)
    labels = check_labels(labels, images.shape[0], num_classes)
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        check_count(name, value)
    classes = int(labels.max()) + 1 if num_classes is None else num_classes
    learning_rate = check_number("learning_rate", learning_rate, above=0)
    weights_key, batch_key = jax.random.split(check_key("key", key))
    rngs = nnx.Rngs(weights_key)
    network = SmallFeatures(images.shape[1:], classes, channels=tuple(channels), rngs=rngs)
    graphdef, state = nnx.split(network)
    train = functools.partial(_train, graphdef, (learning_rate, steps, batch_size))
    data = (jnp.asarray(images), jnp.asarray(labels, jnp.int32))
    given = nnx.as_pure(state), data, batch_key
    trained, losses = compiled(train, *given)(*given)
    require_finite_losses(losses)
    nnx.update(network, trained)
    return TrainedClassifier(network, np.asarray(losses))


def _train(
    graphdef: nnx.GraphDef,
    schedule: tuple[float, int, int],
    state: PyTree,
    data: tuple[jax.Array, jax.Array],
    key: jax.Array,
) -> PyTree:
    learning_rate, steps, batch_size = schedule
    images, labels = data
    rows = jax.random.randint(key, (steps, batch_size), 0, images.shape[0])

    def batch(_: None, step: jax.Array) -> tuple[None, PyTree]:
        return None, (images[rows[step]], labels[rows[step]])

    def objective(state: PyTree, batch: PyTree, _: jax.Array) -> tuple[jax.Array, tuple[()]]:
        images, labels = batch
        return jnp.mean(categorical_nll(nnx.merge(graphdef, state).logits(images), labels)), ()

    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))
    return minimize(Problem(objective, batch, optimizer), state, steps=steps)

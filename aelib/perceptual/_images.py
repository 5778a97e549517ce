"""Checks of images ``[batch, h, w, channels]`` with values in [0, 1], on the host."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from aelib._arrays import as_jax, as_real
from aelib._checks import check_array, require_all


def as_images(
    name: str, images: Float[ArrayLike, "batch h w c"], *, channels: tuple[int, ...] | None = None
) -> Float[Array, "batch h w c"]:
    """Return ``images`` as a floating-point array ``[batch, h, w, channels]``.

    Values are not looked at while JAX traces them, as under ``jax.jit``.

    Args:
        name: the argument's name, for the message.
        images: what was given.
        channels: accepted numbers of channels; None for any.

    Raises:
        TypeError: if it does not hold floating-point numbers.
        ValueError: if it has the wrong shape, or values outside [0, 1].
    """
    images = as_real(name, images)
    if images.ndim != 4 or (channels is not None and images.shape[-1] not in channels):
        last = "channels" if channels is None else " or ".join(map(str, channels))
        raise ValueError(
            f"{name}: expected shape [batch, height, width, {last}], got {images.shape}"
        )
    if not jnp.issubdtype(images.dtype, jnp.floating):
        hint = "; divide bytes by 255" if images.dtype == np.uint8 else ""
        raise TypeError(f"{name}: expected floats in [0, 1], got {images.dtype}{hint}")
    if not isinstance(images, jax.core.Tracer):
        check_range(name, images)
    return as_jax(name, images)


def check_range(name: str, images: Float[ArrayLike, "*shape"]) -> None:
    """Refuse values outside [0, 1], which would give meaningless features without any warning.

    Args:
        name: the argument's name, for the message.
        images: what was given.

    Raises:
        ValueError: naming the first such value, and what its range suggests.
    """
    values = check_array(name, images, finite=False)
    inside = (values >= 0) & (values <= 1)  # false for NaN
    if inside.all():
        return
    low, high = np.nanmin(values), np.nanmax(values)
    hint = ""
    if -1 <= low < 0 and high <= 1:
        hint = "; images in [-1, 1] become (images + 1) / 2"
    elif low >= 0 and 1 < high <= 255:
        hint = "; images in [0, 255] become images / 255"
    require_all(name, values, inside, "values in [0, 1]", hint)


def check_labels(
    labels: Int[ArrayLike, " n"], n: int, num_classes: int | None
) -> Int[np.ndarray, " n"]:
    """Return one class for each image, whole numbers from 0.

    Args:
        labels: what was given.
        n: number of images.
        num_classes: number of classes; None for any.

    Raises:
        TypeError: if they are not whole numbers.
        ValueError: if there is not one for each image, or one is not a class.
    """
    labels = check_array("labels", labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels: expected whole numbers, got {labels.dtype}")
    if labels.shape != (n,):
        raise ValueError(f"labels: expected shape ({n},), one for each image; got {labels.shape}")
    classes = (labels >= 0) & (labels < (np.inf if num_classes is None else num_classes))
    require_all("labels", labels, classes, "0 ... num_classes - 1")
    return labels

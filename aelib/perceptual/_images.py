"""Images as arrays [batch, h, w, channels] with values in [0, 1], checked on the host."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def as_images(argument: str, images: Any, *, channels: tuple[int, ...] | None = None) -> jax.Array:
    """``images`` as a floating array [batch, h, w, channels].

    Values are checked if they are there to be seen: under ``jax.jit`` they are not.

    Args:
        argument: what messages call it.
        images: NumPy or JAX.
        channels: numbers of channels that will do; None takes any.

    Raises:
        TypeError: if it does not hold floating-point numbers.
        ValueError: if it has the wrong shape, or values outside [0, 1].
    """
    images = images if isinstance(images, jax.Array) else np.asarray(images)
    if images.ndim != 4 or (channels is not None and images.shape[-1] not in channels):
        last = "channels" if channels is None else " or ".join(map(str, channels))
        raise ValueError(
            f"{argument}: expected shape [batch, height, width, {last}], got {images.shape}"
        )
    if not jnp.issubdtype(images.dtype, jnp.floating):
        hint = "; divide bytes by 255" if images.dtype == np.uint8 else ""
        raise TypeError(f"{argument}: expected floats in [0, 1], got {images.dtype}{hint}")
    if not isinstance(images, jax.core.Tracer):
        check_range(argument, images)
    return jnp.asarray(images)


def check_range(argument: str, images: Any) -> None:
    """Refuse values outside [0, 1], which a network would turn into features without a word.

    Raises:
        ValueError: naming the first such value, and what its range suggests.
    """
    values = np.asarray(images)
    bad = ~((values >= 0) & (values <= 1))  # NaN is bad as well
    if not bad.any():
        return
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    low, high = np.nanmin(values), np.nanmax(values)
    hint = ""
    if -1 <= low < 0 and high <= 1:
        hint = "; images in [-1, 1] become (images + 1) / 2"
    elif low >= 0 and 1 < high <= 255:
        hint = "; images in [0, 255] become images / 255"
    raise ValueError(
        f"{argument}: expected values in [0, 1], got {values[index]:.6g} at index {index}{hint}"
    )

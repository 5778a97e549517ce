"""A made-up word of black and white; means over its shifts as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import entr

_REACH = 8
DATA = {"word": (np.random.default_rng(1).random((24, 48)) > 0.2).astype(np.uint8)}
STATES = [
    {},
    {"spread": 0.0, "picture": "mean"},
    {"spread": 3.0, "picture": "sharp"},
    {"spread": 0.4, "picture": "mean"},
]


def numbers(data: Any, spread: float, picture: str) -> dict[str, Any]:
    del picture
    shifts = jnp.arange(-_REACH, _REACH + 1)
    weights = jnp.where(shifts == 0, 1.0, 0.0)
    if spread >= 0.05:
        weights = jnp.exp(-0.5 * (shifts / spread) ** 2)
    weights = weights / weights.sum()
    word = jnp.asarray(data["word"], dtype=float)
    padded = jnp.pad(word, _REACH, constant_values=1.0)
    rows, columns = word.shape
    # The weight of a shift is that of its rows times that of its columns.
    down = sum(
        weights[_REACH + k] * padded[_REACH - k :][:rows] for k in range(-_REACH, _REACH + 1)
    )
    p = sum(
        weights[_REACH + k] * down[:, _REACH - k :][:, :columns] for k in range(-_REACH, _REACH + 1)
    )
    error = jnp.mean(p * (1 - p))
    return {
        "errorOfMean": error,
        "errorOfSharp": jnp.mean(jnp.where(word == 1, 1 - p, p)),
        "nats": jnp.mean(entr(p) + entr(1 - p)),
        "sigma": jnp.sqrt(error),
    }

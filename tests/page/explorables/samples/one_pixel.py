"""Ten pictures of mostly black and white pixels; the costs as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_DIGITS = np.asarray(np.random.default_rng(0).beta(0.3, 0.3, (10, 8, 8)) * 255, dtype=np.uint8)
DATA = {"images": _DIGITS, "pixel": 20}
STATES = [{}, {"pixel": 0, "gray": 0.0}, {"pixel": 63, "gray": 1.0}, {"pixel": 35, "gray": 0.3}]


def numbers(data: Any, pixel: int, gray: float) -> dict[str, Any]:
    x = jnp.asarray(data["images"], dtype=float).reshape(10, -1)[:, pixel] / 255
    mean, median = jnp.mean(x), jnp.median(x)
    return {
        "mean": mean,
        "median": median,
        "squared": jnp.mean((x - gray) ** 2),
        "absolute": jnp.mean(jnp.abs(x - gray)),
        "leastSquared": jnp.mean((x - mean) ** 2),
        "leastAbsolute": jnp.mean(jnp.abs(x - median)),
    }

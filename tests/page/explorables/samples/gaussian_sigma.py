"""Errors of a made-up network; the costs as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

DATA = {"errors": np.linspace(0.02, 0.9, 64) ** 2}
STATES = [
    {},
    {"sigma": 0.002, "shrink": 1.0},
    {"sigma": 0.037, "shrink": 0.2},
    {"sigma": 1.0, "shrink": 0.01},
]


def numbers(data: Any, sigma: float, shrink: float) -> dict[str, Any]:
    errors = shrink * jnp.asarray(np.float32(data["errors"]), dtype=float)
    return {
        "density": -norm.logpdf(errors, scale=sigma).mean(),
        "probability": jnp.logaddexp(0.0, (errors - 0.5) / sigma**2).mean(),
        "typical": jnp.sqrt(jnp.mean(errors**2)),
        "best": 0.5 - norm.logpdf(0.0, scale=jnp.sqrt(jnp.mean(errors**2))),
    }

"""Two kinds of cells; the error that is left as JAX has it."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

DATA = {"genes": 20, "fold": 3.0, "markers": 0.2}
STATES = [
    {},
    {"genes": 5, "depth": 0.01},
    {"genes": 2000, "depth": 10.0},
    {"genes": 60, "depth": 0.2},
    {"genes": 5, "depth": 10.0},
]


def numbers(data: Any, genes: int, depth: float) -> dict[str, Any]:
    """By Gauss-Hermite quadrature."""
    contrast = (data["fold"] - 1) / (data["fold"] + 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    markers = genes * data["markers"] * depth
    ratio = jnp.log(data["fold"])
    p = jax.nn.sigmoid(markers * contrast * ratio + jnp.sqrt(markers) * ratio * nodes)
    doubt = jnp.sum(weights * 4 * p * (1 - p)) / weights.sum()
    mean = depth * data["markers"] * contrast**2
    return {"mean": mean, "code": mean * doubt, "doubt": doubt}

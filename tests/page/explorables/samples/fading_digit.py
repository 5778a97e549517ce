"""Two networks with random weights; loss and rank of a digit as JAX has them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_RNG = np.random.default_rng(0)
_SIZES = [(64, 16), (16, 4), (4, 16), (16, 64)]


def _network() -> dict[str, Any]:
    layers = [
        {
            "weights": np.float32(_RNG.normal(size=size) / np.sqrt(size[0])),
            "bias": np.float32(0.1 * _RNG.normal(size=size[1])),
            "relu": int(index in (0, 2)),
        }
        for index, size in enumerate(_SIZES)
    ]
    return {"layers": layers, "ordinary": np.float32(np.exp(_RNG.normal(2, 0.7, 200)))}


DATA = {
    "digits": _RNG.integers(0, 17, (3, 64)).astype(np.uint8),
    "names": ["0", "4", "7 (never seen)"],
    "noise": np.float32(_RNG.normal(size=64)),
    "side": 8,
    "networks": {"short": _network(), "long": _network()},
}
STATES = [
    {},
    {"digit": 2, "network": "long", "ink": 0.3},
    {"digit": 1, "ink": 0.0, "noise": 0.3},
    {"network": "long", "ink": 0.55, "noise": 0.12},
]


def numbers(data: Any, digit: int, network: str, ink: float, noise: float) -> dict[str, Any]:
    chosen = data["networks"][network]
    x = jnp.clip(ink * jnp.asarray(data["digits"][digit]) / 16 + noise * data["noise"], 0, 1)
    values = x
    for layer in chosen["layers"]:
        values = values @ layer["weights"] + layer["bias"]
        values = jax.nn.relu(values) if layer["relu"] else values
    loss = jnp.sum((x - values) ** 2)
    below = jnp.mean(chosen["ordinary"] < loss)
    return {"loss": loss, "below": below, "input": x, "output": values}

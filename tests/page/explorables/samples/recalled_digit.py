"""Networks with random weights; reconstruction and distances as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_RNG = np.random.default_rng(0)
_SIDE = 8


def _network(size: int, name: str) -> dict[str, Any]:
    shapes = [(_SIDE**2, 12), (12, size), (size, 12), (12, _SIDE**2)]
    layers = [
        {
            "weights": np.float32(_RNG.normal(size=shape) / np.sqrt(shape[0])),
            "bias": np.float32(0.1 * _RNG.normal(size=shape[1])),
            "tanh": int(index in (0, 2)),
        }
        for index, shape in enumerate(shapes)
    ]
    return {"name": name, "layers": layers}


DATA = {
    "train": np.float32(_RNG.normal(0.4, 0.3, (20, _SIDE**2))),
    "labels": _RNG.integers(0, 10, 20).tolist(),
    "digits": np.float32(_RNG.uniform(size=(3, _SIDE**2))),
    "names": ["0", "4", "7"],
    "noise": np.float32(_RNG.normal(size=(3, _SIDE**2))),
    "center": np.float32(_RNG.uniform(size=_SIDE**2)),
    "side": _SIDE,
    "networks": [_network(4, "4 numbers"), _network(9, "9 numbers"), _network(4, "4, early")],
}
STATES = [
    {},
    {"network": 1, "digit": 2, "noise": 0.0},
    {"network": 2, "digit": 1, "noise": 0.6},
    {"network": 1, "noise": 0.12},
]


def numbers(data: Any, network: int, digit: int, noise: float) -> dict[str, Any]:
    clean = jnp.asarray(data["digits"][digit], float)
    values = clean + noise * data["noise"][digit] - data["center"]
    for layer in data["networks"][network]["layers"]:
        values = values @ layer["weights"] + layer["bias"]
        values = jnp.tanh(values) if layer["tanh"] else values
    output = values + data["center"]
    far = jnp.sum((output - jnp.asarray(data["train"], float)) ** 2, axis=1)
    return {
        "output": output,
        "nearest": jnp.argmin(far),
        "far": far,
        "toTraining": far.min(),
        "toClean": jnp.sum((output - clean) ** 2),
    }

"""Two decoders with random weights; their reconstructions between two codes as JAX has them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_RNG = np.random.default_rng(0)


def _network() -> dict[str, Any]:
    def layer(inputs: int, outputs: int) -> dict[str, Any]:
        weights = _RNG.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        return {"weights": np.float32(weights), "bias": np.float32(0.2 * _RNG.normal(size=outputs))}

    codes = np.float32(_RNG.normal(size=(30, 2)))
    return {"codes": codes, "decoder": [layer(2, 16), layer(16, 64)]}


DATA = {
    "networks": {"squared error": _network(), "absolute error": _network()},
    "labels": _RNG.integers(0, 10, 30).tolist(),
    "side": 8,
    "from": 3,
    "to": 17,
}
STATES = [{}, {"t": 0.0}, {"t": 1.0}, {"t": 0.27}]


def numbers(data: Any, t: float) -> dict[str, Any]:
    found = {}
    for key, network in zip(("first", "second"), data["networks"].values(), strict=True):
        codes = jnp.asarray(network["codes"])
        code = codes[data["from"]] + t * (codes[data["to"]] - codes[data["from"]])
        hidden, out = network["decoder"]
        units = jax.nn.relu(code @ hidden["weights"] + hidden["bias"])
        pixels = units @ out["weights"] + out["bias"]
        ink = jnp.clip(pixels, 0, 1)
        found |= {f"{key}Pixels": pixels, key: jnp.mean(4 * ink * (1 - ink))}
    return found

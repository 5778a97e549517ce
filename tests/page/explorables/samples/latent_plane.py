"""Two decoders with random weights on random codes; reconstructions, means, medians by JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_RNG = np.random.default_rng(0)
_SIDE = 8


def _decoder() -> list[dict[str, Any]]:
    def layer(inputs: int, outputs: int) -> dict[str, Any]:
        weights = _RNG.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        return {"weights": np.float32(weights), "bias": np.float32(0.2 * _RNG.normal(size=outputs))}

    return [layer(2, 16), layer(16, _SIDE**2)]


DATA = {
    "codes": np.float32(_RNG.normal(size=(40, 2))),
    "labels": _RNG.integers(0, 10, 40).tolist(),
    "images": _RNG.integers(0, 17, (40, _SIDE**2)).astype(np.uint8),
    "side": _SIDE,
    "near": 10,
    "start": [0.1, 0.2],
    "decoders": {"squared error": _decoder(), "absolute error": _decoder()},
}
STATES = [{}, {"a": 3.5, "b": 2.0}, {"a": 0.0, "b": 0.0}, {"a": 1.0, "b": -0.5}, {"a": -0.73}]


def numbers(data: Any, a: float, b: float) -> dict[str, Any]:
    code = jnp.array([a, b])
    near = jnp.argsort(jnp.sum((data["codes"] - code) ** 2, axis=1))[: data["near"]]
    ink = jnp.asarray(data["images"])[near] / 16
    found = {"mean": ink.mean(axis=0), "median": jnp.median(ink, axis=0), "near": near}
    for key, (hidden, out) in zip(("one", "two"), data["decoders"].values(), strict=True):
        units = jax.nn.relu(code @ hidden["weights"] + hidden["bias"])
        found[key] = units @ out["weights"] + out["bias"]
        clipped = jnp.clip(found[key], 0, 1)
        found["gray" + key.capitalize()] = jnp.mean(4 * clipped * (1 - clipped))
    squares = jnp.sum((data["codes"][:, None] - data["codes"]) ** 2, axis=2)
    nearest = jnp.min(squares + jnp.diag(jnp.full(len(squares), jnp.inf)), axis=1)
    found["far"] = jnp.min(jnp.sum((data["codes"] - code) ** 2, axis=1)) > nearest.max()
    return found

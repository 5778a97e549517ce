"""A falling spectrum on random directions; errors and a reconstruction as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_RNG = np.random.default_rng(0)
_SIDE, _SIZES = 10, 24
_AXES = np.linalg.qr(_RNG.normal(size=(_SIDE**2, _SIZES)))[0].T
_SCALE = float(np.abs(_AXES).max())

DATA = {
    "variances": np.float32(8 * 0.75 ** np.arange(_SIZES)),
    "rest": 0.03,
    "axes": np.round(128 + 127 * _AXES / _SCALE).astype(np.uint8),
    "scale": _SCALE,
    "mean": np.float32(_RNG.uniform(size=_SIDE**2)),
    "clean": np.float32(_RNG.uniform(size=_SIDE**2)),
    "noise": np.float32(_RNG.normal(size=_SIDE**2)),
    "side": _SIDE,
    "start": {"variance": 0.1, "size": 12},
}
STATES = [
    {},
    {"variance": 1.0, "size": 1},
    {"variance": 0.005, "size": 24, "target": "noisy"},
    {"variance": 0.3, "target": "noisy"},
]


def numbers(data: Any, variance: float, size: int, target: str) -> dict[str, Any]:
    axes = (jnp.asarray(data["axes"], float) - 128) * data["scale"] / 127
    saved = jnp.append(0.0, jnp.cumsum(jnp.asarray(data["variances"], float)))
    lost = data["rest"] + saved[-1] - saved
    sizes = jnp.arange(len(lost))
    noise = variance * (sizes if target == "clean" else data["side"] ** 2 - sizes)
    total = lost + noise
    code = axes @ (data["clean"] - data["mean"] + jnp.sqrt(variance) * data["noise"])
    return {
        "lost": lost[size],
        "noise": noise[size],
        "error": total[size],
        "best": jnp.argmin(total),
        "least": total.min(),
        "picture": data["mean"] + code[:size] @ axes[:size],
    }

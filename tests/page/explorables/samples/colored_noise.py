"""Made-up axes and noise at right angles to them; what is kept, and a reconstruction, by JAX."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_RANDOM = np.random.default_rng(0)
_ROWS = np.linalg.qr(_RANDOM.standard_normal((64, 32)))[0].T
_VARIANCES = 0.7 * 0.85 ** np.arange(24)
DATA = {
    "mean": np.full(64, 0.3),
    "axes": _ROWS[:24],
    "variances": _VARIANCES,
    "total": float(1.1 * _VARIANCES.sum()),
    "directions": _ROWS[24:],
    "digits": _RANDOM.random((5, 64)),
    "noise": _RANDOM.standard_normal((5, 8)),
    "side": 8,
}
STATES = [
    {},
    {"size": 1, "loudness": 0.05},
    {"size": 24, "loudness": 2.0},
    {"size": 16, "loudness": 1.0},
    {"size": 9, "loudness": 0.5},
]


def numbers(data: Any, size: int, loudness: float) -> dict[str, Any]:
    given = {name: jnp.asarray(np.float32(data[name]), dtype=float) for name in data}
    variances = jnp.concatenate([given["variances"], jnp.full(8, loudness**2)])
    kept = jnp.argsort(-variances, stable=True)[:size]
    digit = given["digits"][0] - given["mean"]
    codes = jnp.concatenate([given["axes"] @ digit, loudness * given["noise"][0]])
    rows = jnp.concatenate([given["axes"], given["directions"]])
    signal = jnp.where(kept < 24, variances[kept], 0).sum()
    noise = jnp.where(kept >= 24, variances[kept], 0).sum()
    return {
        "signalKept": signal / data["total"],
        "noiseKept": noise / (8 * loudness**2),
        "reconstruction": given["mean"] + codes[kept] @ rows[kept],
        "top": 1.25 * jnp.maximum(loudness, jnp.sqrt(variances[0])),
    }

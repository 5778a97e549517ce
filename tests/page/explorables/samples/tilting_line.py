"""Two kinds of points under noise; variance, error and the best line as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_RANDOM = np.random.default_rng(0)
_LABELS = np.arange(120) % 2
DATA = {
    "signal": 0.7 * (2 * _LABELS - 1) + 0.3 * _RANDOM.standard_normal(120) + 5,
    "labels": _LABELS.tolist(),
    "noise": _RANDOM.standard_normal(120),
    "names": ["4", "9"],
    "angle": 70,
    "loudness": 1.3,
}
STATES = [
    {},
    {"angle": 0, "loudness": 0.1},
    {"angle": 90, "loudness": 1.8},
    {"angle": 137, "loudness": 0.75},
    {"angle": 180, "loudness": 1.8},
]


def numbers(data: Any, angle: float, loudness: float) -> dict[str, Any]:
    noise, signal = (
        jnp.asarray(np.float32(data[name]), dtype=float) for name in ("noise", "signal")
    )
    points = jnp.stack([loudness * noise, signal], axis=1)
    points = points - points.mean(axis=0)
    line = jnp.array([jnp.cos(jnp.deg2rad(angle)), jnp.sin(jnp.deg2rad(angle))])
    feet = points @ line
    labels = np.asarray(data["labels"])
    first, second = feet[labels == 0].mean(), feet[labels == 1].mean()
    above = (feet - (first + second) / 2) * (second - first) > 0
    variances, axes = jnp.linalg.eigh(points.T @ points / len(points))
    return {
        "kept": jnp.mean(feet**2),
        "error": jnp.mean(jnp.sum((points - jnp.outer(feet, line)) ** 2, axis=1)),
        "right": jnp.mean(above == labels),
        "best": jnp.rad2deg(jnp.arctan2(axes[1, 1], axes[0, 1])) % 180,
        "most": variances[1],
    }

"""A falling spectrum and three made-up codes; rates and distortions as JAX has them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

_BITS = np.linspace(1, 60, 12)

DATA = {
    "variances": np.float32(0.7 * 0.9 ** np.arange(40)),
    "codes": {
        f"{size} numbers": {
            "bits": np.float32(_BITS),
            "distortions": np.float32(6 * np.exp(-_BITS / (4 + size)) + 4 / size),
        }
        for size in (4, 8, 48)
    },
    "range": [0.005, 0.6],
    "start": 0.1,
}
STATES = [{}, {"level": 0.005}, {"level": 0.6}, {"level": 0.03}]


def numbers(data: Any, level: float) -> dict[str, Any]:
    variances = jnp.asarray(data["variances"], float)
    rate = jnp.sum(jnp.maximum(0.0, 0.5 * jnp.log2(variances / level)))
    codes = data["codes"].values()
    return {
        "rate": rate,
        "distortion": jnp.minimum(variances, level).sum(),
        "active": jnp.sum(variances > level),
        "codes": jnp.stack(
            [
                jnp.interp(
                    rate, jnp.asarray(c["bits"], float), jnp.asarray(c["distortions"], float)
                )
                for c in codes
            ]
        ),
    }

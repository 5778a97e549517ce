"""One count and its halves; the correlation and the probability of two zeros as JAX has them."""

from typing import Any

import jax.numpy as jnp
from jax.scipy.special import betaln, gammaln

DATA = {"mean": 5.0, "dispersion": 1.0, "assumed": 0.0}
STATES = [
    {},
    {"mean": 0.2, "dispersion": 2.0, "assumed": 2.0},
    {"mean": 8.0, "dispersion": 2.0, "assumed": 0.0},
    {"mean": 3.0, "dispersion": 0.25, "assumed": 0.75},
    {"mean": 8.0, "dispersion": 0.0, "assumed": 2.0},
]


def numbers(_: Any, mean: float, dispersion: float, assumed: float) -> dict[str, Any]:
    """By summing over all counts up to 600 and all their halves."""
    alpha, other = max(dispersion, 1e-5), max(assumed, 1e-5)
    theta, half = 1 / alpha, 0.5 / other
    x = jnp.arange(600.0)
    log_count = gammaln(x + theta) - gammaln(theta) - gammaln(x + 1)
    log_count += theta * jnp.log(theta / (theta + mean)) + x * jnp.log(mean / (theta + mean))
    count = jnp.exp(log_count)
    total, a = x[:, None], x[None]
    choose = gammaln(total + 1) - gammaln(a + 1) - gammaln(total - a + 1)
    if assumed == 0:
        log_part = choose - total * jnp.log(2.0)
    else:
        log_part = choose + betaln(a + half, jnp.maximum(total - a, 0) + half) - betaln(half, half)
    joint = jnp.where(a <= total, count[:, None] * jnp.exp(log_part), 0.0)
    b = total - a
    mean_a, mean_b = (joint * a).sum(), (joint * b).sum()
    covariance = (joint * (a - mean_a) * (b - mean_b)).sum()
    variance = (joint * (a - mean_a) ** 2).sum()
    return {
        "correlation": covariance / variance,
        "covariance": covariance,
        "none": joint[0, 0],
    }

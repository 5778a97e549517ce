"""Steps of optax from a confidently wrong logit until even odds."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

_LIMIT = 200_000
DATA = {"rates": {"descent": 0.5, "adam": 0.05}}
STATES = [{}, {"start": 0.5}, {"start": 3.0}, {"start": 9.0}, {"start": 12.0}]


def _squared(a: jax.Array) -> jax.Array:
    return 2 * jax.nn.sigmoid(a) ** 2 * jax.nn.sigmoid(-a)


def _steps(slope: Any, optimizer: optax.GradientTransformation, start: float) -> int:
    def step(state: Any) -> Any:
        a, memory, count = state
        update, memory = optimizer.update(slope(a), memory, a)
        return a + update, memory, count + 1

    a = jnp.asarray(start, dtype=float)
    state = (a, optimizer.init(a), 0)
    going = lambda state: (state[0] >= 0) & (state[2] < _LIMIT)  # noqa: E731
    return int(jax.lax.while_loop(going, step, state)[2])


def numbers(data: Any, start: float) -> dict[str, Any]:
    descent, adam = optax.sgd(data["rates"]["descent"]), optax.adam(data["rates"]["adam"])
    return {
        "descentSquared": _steps(_squared, descent, start),
        "descentEntropy": _steps(jax.nn.sigmoid, descent, start),
        "adamSquared": _steps(_squared, adam, start),
        "adamEntropy": _steps(jax.nn.sigmoid, adam, start),
    }

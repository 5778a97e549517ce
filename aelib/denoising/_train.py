"""Training of a denoiser's network on counts that its encoder does not see."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from aelib.denoising._matrix import Sparse, exposures, halve_counts, log_counts
from aelib.denoising._network import Parameters, nats
from aelib.training import _kernel

_STEPS_A_TICK = 10
_TICKS_A_SCORE = 2
_WEIGHTS = ("encoder", "encoder_hidden", "encoder_out", "decoder", "decoder_hidden", "decoder_out")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the network is trained; hashable, so that equal settings share a compiled program."""

    method: str
    steps: int
    learning_rate: float
    weight_decay: float
    batch_size: int

    def optimizer(self) -> optax.GradientTransformation:
        """Adam with decoupled weight decay; both run down to 0 along a cosine."""
        return optax.adamw(
            optax.cosine_decay_schedule(self.learning_rate, self.steps),
            weight_decay=self.weight_decay,
            mask=lambda parameters: {name: name in _WEIGHTS for name in parameters},
        )


def _problem(settings: Settings) -> _kernel.Problem:
    def objective(
        parameters: Parameters, batch: Any, _: Array
    ) -> tuple[Float[Array, ""], tuple[()]]:
        return nats(settings.method, parameters, *batch), ()

    def batch(batches: Any, step: Array) -> tuple[Any, Any]:
        return batches, jax.tree.map(lambda values: values[step % _STEPS_A_TICK], batches)

    return _kernel.Problem(objective, batch, settings.optimizer())


@functools.partial(jax.jit, static_argnames="settings", donate_argnums=0)
def _tick(state: _kernel.State, batches: Any, first: Array, settings: Settings) -> _kernel.State:
    problem = _problem(settings)
    state = state._replace(order=batches)
    state, _ = _kernel.advance(problem, state, first, first + _STEPS_A_TICK)
    return state._replace(order=None)


def train(
    settings: Settings,
    parameters: dict[str, Float[np.ndarray, " ..."]],
    counts: Sparse,
    center: Float[np.ndarray, " genes"],
    score: Callable[[Parameters], float],
    rng: np.random.Generator,
) -> tuple[Parameters, list[tuple[int, float]]]:
    """Train, and return what had the best held-out score.

    In every step each count of the batch is halved at random: the encoder sees one half, the loss
    compares with the other. A network that copied the noise of its input would gain nothing.

    Args:
        settings: how to train.
        parameters: the initial parameters.
        counts: the counts to learn from.
        center: mean log counts, subtracted from inputs.
        score: held-out score, smaller is better.
        rng: source of batches and halves.

    Returns:
        The best parameters, and pairs (step, score).
    """
    started = {name: jnp.asarray(value, jnp.float32) for name, value in parameters.items()}
    best, lowest = started, score(started)
    history = [(0, lowest)]
    state = _kernel.start(_problem(settings), started)
    size = min(settings.batch_size, counts.shape[0])
    for first in range(0, settings.steps, _STEPS_A_TICK):
        rows = [rng.permutation(counts.shape[0])[:size] for _ in range(_STEPS_A_TICK)]
        batches = _halves(counts[np.concatenate(rows)], center, (_STEPS_A_TICK, size), rng)
        state = _tick(state, batches, jnp.int32(first), settings)
        if int(state.failure.step) >= 0:
            raise FloatingPointError(
                f"the loss was not finite at step {int(state.failure.step)}; "
                f"a smaller learning_rate than {settings.learning_rate:g} may help"
            )
        taken = first + _STEPS_A_TICK
        if taken % (_TICKS_A_SCORE * _STEPS_A_TICK) == 0 or taken >= settings.steps:
            reached = score(state.parameters)
            history.append((taken, reached))
            if reached < lowest:
                best, lowest = jax.tree.map(jnp.copy, state.parameters), reached
    return best, history


def _halves(
    counts: Sparse, center: Float[np.ndarray, " genes"], shape: tuple[int, int], rng: Any
) -> tuple[Float[np.ndarray, "steps batch ..."], ...]:
    """Inputs, exposures and targets of some batches."""
    seen, target = halve_counts(counts, rng)
    exposure = exposures(seen)
    inputs = log_counts(seen, exposure).toarray() - center
    parts = (inputs, exposure, target.toarray())
    return tuple(np.asarray(part, np.float32).reshape(*shape, -1) for part in parts)

"""Lanes: on a CPU, the runs of a chunk are spread over the cores, each with a compiled call."""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aelib.training._loop import Best, State, Tick, Trouble


@dataclasses.dataclass(frozen=True)
class Lanes:
    """The states of several lanes, to be read as one :class:`State`.

    Attributes:
        parts: the states.
    """

    parts: tuple[State, ...]

    @property
    def trained(self) -> Any:
        """The parameters of all runs."""
        return _join([part.trained for part in self.parts])

    @property
    def trouble(self) -> Trouble:
        """What failed first in each run."""
        return _join([part.trouble for part in self.parts])

    @property
    def best(self) -> Best | None:
        """The best of each run so far."""
        return _join([part.best for part in self.parts])

    @property
    def stopped(self) -> bool:
        """Whether patience has run out in every run."""
        return all(part.stopped for part in self.parts)


def advance_all(
    advance: Any,
    static: tuple[Any, ...],
    lanes: Lanes,
    inputs: Sequence[tuple[Any, ...]],
    pool: concurrent.futures.Executor,
) -> Callable[[Lanes, int, int], tuple[Lanes, Tick]]:
    """A function that takes all lanes from one tick to the next, each in a thread of its own.

    Args:
        advance: jitted: ``advance(*static, state, *inputs, first, last)`` -> (state, tick).
        static: its static arguments.
        lanes: where they start.
        inputs: of each lane, what is given beside its state.
        pool: with a thread for each lane.
    """

    def bounds(first: int, last: int) -> tuple[jax.Array, jax.Array]:
        return jnp.int32(first), jnp.int32(last)

    # Compiled in this thread: what is set in JAX may be set for a thread only.
    call = advance.lower(*static, lanes.parts[0], *inputs[0], *bounds(0, 0)).compile()

    def step(lanes: Lanes, first: int, last: int) -> tuple[Lanes, Tick]:
        def one(state: State, given: tuple[Any, ...]) -> tuple[State, Tick]:
            return jax.block_until_ready(call(state, *given, *at))

        at = bounds(first, last)
        states, ticks = zip(*pool.map(one, lanes.parts, inputs), strict=True)
        return Lanes(states), _join(ticks)

    return step


def _join(parts: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.concatenate([np.asarray(v) for v in leaves]), *parts)

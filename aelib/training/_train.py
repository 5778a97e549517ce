"""The host's side of training: tick after tick until done, stopped, broken or interrupted."""

import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from aelib._compile import compiled
from aelib._cores import call_each
from aelib.training import _tick
from aelib.training._errors import diverged, failed, validation_failed
from aelib.training._progress import Progress
from aelib.training._results import History, collect
from aelib.training._settings import Settings
from aelib.training._tick import Inputs, State, Tick


class Outcome(NamedTuple):
    """How a run ended.

    Attributes:
        parameters: the parameters to return.
        history: what happened.
        interrupted: whether the keyboard ended it.
    """

    parameters: PyTree
    history: History
    interrupted: bool


class Programs(NamedTuple):
    """Training, compiled.

    Attributes:
        start: (parameters, inputs) -> state.
        advance: (state, inputs, first, last) -> (state, tick).
        mapped: whether all of these have a leading axis of runs.
    """

    start: Callable[..., Any]
    advance: Callable[..., Any]
    mapped: bool


def compile_training(
    settings: Settings, group: tuple[PyTree, Inputs], in_axes: Inputs | None = None
) -> Programs:
    """Compile what ``settings`` say, for parameters and inputs of the shapes of a group.

    Args:
        settings: what training does.
        group: parameters and inputs of one run; or, with ``in_axes``, of several.
        in_axes: which inputs have a leading axis of runs, as in ``jax.vmap``. The parameters have
            one. None for a single run without such an axis.
    """
    start: Callable[..., Any] = functools.partial(_tick.start, settings)
    advance: Callable[..., Any] = functools.partial(_tick.advance, settings)
    if in_axes is not None:
        start = jax.vmap(start, in_axes=(0, in_axes))
        advance = jax.vmap(advance, in_axes=(0, in_axes, None, None))
    mesh = settings.mesh
    start = compiled(start, *group, replicate_over=mesh)
    given = start(*group), group[1], jnp.int32(0), jnp.int32(0)
    advance = compiled(advance, *given, donate=(0,), replicate_over=mesh)
    return Programs(start, advance, in_axes is not None)


def train(
    settings: Settings,
    programs: Programs,
    groups: Sequence[tuple[PyTree, Inputs]],
    progress: Progress,
    labels: Sequence[str] = (),
) -> Outcome:
    """Train until the steps are done or every run has stopped by itself.

    Args:
        settings: what training does.
        programs: the same, compiled.
        groups: parameters and inputs of one run, or of the runs of each core.
        progress: what shows it.
        labels: what the runs are called in messages; runs beyond them only fill up.

    Raises:
        TrainingDiverged: if the objective is not finite at some step.
        KeyboardInterrupt: on a second interrupt, while the first waits for the next tick.
    """
    # Compiled before, in one thread: what is set in JAX may be set for a thread only.
    join = _join if programs.mapped else _only
    states = [programs.start(*group) for group in groups]
    inputs = [given for _, given in groups]
    steps: list[int] = []
    ticks: list[Tick] = []
    interrupted, states_given_away = False, False
    with _interrupts_held_back() as asked, contextlib.closing(progress):
        progress.start(settings.steps)
        try:
            for first in range(0, settings.steps, settings.tick_every):
                last = min(first + settings.tick_every, settings.steps)
                states_given_away = True
                states, parts = _advance_all(programs.advance, states, inputs, first, last)
                states_given_away = False
                tick = jax.tree.map(np.asarray, join(parts))
                failure = join([state.training.failure for state in states])
                if failed(failure, labels):
                    raise diverged(failure, settings.names, collect(steps, ticks, settings), labels)
                if tick.validation is not None and np.isnan(tick.validation).any():
                    raise validation_failed(tick, last, collect(steps, ticks, settings))
                steps.append(last)
                ticks.append(tick)
                progress.update(last, _means(tick))
                if asked():
                    raise KeyboardInterrupt
                if all(s.best is not None and np.all(s.best.stopped) for s in states):
                    break
        except KeyboardInterrupt:
            if states_given_away:  # the second one; there is nothing left of this run to return
                raise
            interrupted = True
    best = join([state.best for state in states])
    if best is None or not ticks:
        parameters = join([state.training.parameters for state in states])
        return Outcome(parameters, collect(steps, ticks, settings), interrupted)
    history = collect(steps, ticks, settings, np.asarray(best.step))
    return Outcome(best.parameters, history, interrupted)


def _advance_all(
    advance: Callable[..., Any],
    states: Sequence[State],
    inputs: Sequence[Inputs],
    first: int,
    last: int,
) -> tuple[list[State], list[Tick]]:
    """Take every group from one tick to the next, each in a thread of its own."""
    bounds = jnp.int32(first), jnp.int32(last)
    found = call_each(advance, [(*group, *bounds) for group in zip(states, inputs, strict=True)])
    return [state for state, _ in found], [tick for _, tick in found]


def _only(parts: Sequence[PyTree]) -> PyTree:
    """What there is of a single run."""
    return parts[0]


def _join(parts: Sequence[PyTree]) -> PyTree:
    """The runs of all groups, on the host."""
    return jax.tree.map(lambda *leaves: np.concatenate([np.asarray(v) for v in leaves]), *parts)


def _means(tick: Tick) -> dict[str, float]:
    """What progress shows."""
    values = {"loss": float(np.mean(tick.loss))}
    if tick.validation is not None:
        values["validation"] = float(np.mean(tick.validation))
    return values


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[Callable[[], bool]]:
    """Hold a keyboard interrupt back until the next tick; a second one comes through at once.

    The state is donated to each compiled call, so an interrupt in the wrong instruction would find
    the old one gone and the new one not yet stored.
    """
    asked = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, frame)
        asked = True

    replaceable = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not replaceable:
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)

"""The host's side of training: tick after tick until done, stopped, broken or interrupted."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np

from aelib.training._errors import raise_if_diverged, raise_if_validation_failed
from aelib.training._history import History, collect
from aelib.training._lanes import Lanes
from aelib.training._loop import State, Tick
from aelib.training._prepare import Schedule
from aelib.training._progress import Progress

Running = TypeVar("Running", State, Lanes)


class Course(NamedTuple):
    """How a run ended.

    Attributes:
        trained: the parameters to return.
        history: what happened.
        interrupted: whether the keyboard ended it.
    """

    trained: Any
    history: History
    interrupted: bool


def run(
    state: Running,
    advance: Callable[[Running, int, int], tuple[Running, Tick]],
    schedule: Schedule,
    names: Sequence[str],
    progress: Progress,
    labels: Sequence[str] = (),
) -> Course:
    """Advance until the steps are done or every run has stopped by itself.

    ``labels`` are what the runs of a sweep are called in messages; runs beyond them only fill up.

    Raises:
        TrainingDiverged: if the objective is not finite at some step.
        KeyboardInterrupt: on a second interrupt, while the first waits for the next tick.
    """
    steps: list[int] = []
    ticks: list[Tick] = []
    interrupted, state_given_away = False, False
    with _held_back() as asked, contextlib.closing(progress):
        progress.start(schedule.steps)
        try:
            for first in range(0, schedule.steps, schedule.every):
                last = min(first + schedule.every, schedule.steps)
                state_given_away = True
                state, tick = advance(state, first, last)
                state_given_away = False
                before = collect(steps, ticks, names, 0)
                raise_if_diverged(state.trouble, names, before, labels)
                tick = jax.tree.map(np.asarray, tick)
                mean = float(np.mean(tick.loss))
                raise_if_validation_failed(tick.validation, last, before, mean)
                steps.append(last)
                ticks.append(tick)
                progress.update(last, _summary(ticks[-1]))
                if asked():
                    raise KeyboardInterrupt
                if state.stopped:
                    break
        except KeyboardInterrupt:
            if state_given_away:  # the second one; there is nothing left of this run to return
                raise
            interrupted = True
    best = state.best
    if best is None or not ticks:
        return Course(state.trained, collect(steps, ticks, names, _last(ticks, steps)), interrupted)
    best_step = np.asarray(best.step)
    found = int(best_step) if not best_step.ndim else best_step
    return Course(best.trained, collect(steps, ticks, names, found), interrupted)


def _last(ticks: Sequence[Tick], steps: Sequence[int]) -> int | np.ndarray:
    if not ticks:
        return 0
    runs = np.shape(ticks[-1].loss)
    return np.full(runs, steps[-1]) if runs else steps[-1]


def _summary(tick: Tick) -> dict[str, float]:
    values = {"loss": float(np.mean(tick.loss))}
    if tick.validation is not None:
        values["validation"] = float(np.mean(tick.validation))
    return values


@contextlib.contextmanager
def _held_back() -> Iterator[Callable[[], bool]]:
    """Hold a keyboard interrupt back until the next tick; a second one comes through at once.

    The state is donated to each compiled call, so an interrupt in the wrong instruction would find
    the old one gone and the new one not yet stored.
    """
    asked = False

    def remember(number: int, frame: Any) -> None:
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

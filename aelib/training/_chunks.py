"""The chunks of a sweep: train some runs in one compiled call, then the next."""

import concurrent.futures
import contextlib
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aelib._cores import lane_width
from aelib.training import _loop
from aelib.training._errors import TrainingDiverged, TrainingInterrupted
from aelib.training._fit import done
from aelib.training._grid import Run
from aelib.training._history import History
from aelib.training._lanes import Lanes, advance_all
from aelib.training._members import Members
from aelib.training._prepare import Prepared, Schedule
from aelib.training._problem import Examples, Problem, Variables
from aelib.training._progress import InChunks, Progress
from aelib.training._run import Course, run
from aelib.training._sweep_result import SweepResult, head, join


@dataclasses.dataclass(frozen=True)
class Trainer:
    """All that the chunks of a sweep share."""

    prepared: Prepared
    members: Members
    runs: tuple[Run, ...]
    data: Examples
    validation: Examples | None
    per_run_data: bool
    ticks: Schedule

    def __call__(self, rows: Sequence[int], together: int, progress: Progress) -> Course:
        """Train some runs, of which ``together`` at a time is the most there are."""
        problem, _, names = self.prepared
        axis = 0 if self.per_run_data else None
        width = lane_width(together)
        states, inputs = [], []
        for start in range(0, len(rows), width):
            variables, data, validation, key = self._lane(rows[start : start + width], width)
            states.append(_start(problem, axis, variables, data))
            inputs.append((variables._replace(trained=None), data, validation, key))
        labels = [self.label(row) for row in rows]
        lanes = Lanes(tuple(states))
        with concurrent.futures.ThreadPoolExecutor(len(states)) as pool:
            advance = advance_all(_advance, (problem, axis), lanes, inputs, pool)
            return run(lanes, advance, self.ticks, names, progress, labels)

    def _lane(
        self, rows: Sequence[int], width: int
    ) -> tuple[Variables, Examples, Examples | None, jax.Array]:
        """What some runs need, filled to the shape of all lanes by repeating the last."""
        filled = [*rows, *[rows[-1]] * (width - len(rows))]
        runs = [self.runs[row] for row in filled]
        dtype = self.prepared.variables.strengths.dtype
        trained, fixed, present = self.members.stack(filled)
        variables = Variables(
            trained,
            fixed,
            jnp.asarray(np.asarray([run.strengths for run in runs]), dtype),
            None if runs[0].noise is None else jnp.asarray([run.noise for run in runs], dtype),
            present,
        )
        key = jnp.stack([jax.random.split(jax.random.key(run.seed))[1] for run in runs])
        if not self.per_run_data:
            return variables, self.data, self.validation, key
        places = np.asarray([run.place for run in runs])
        data, validation = jax.tree.map(
            lambda leaf: jax.device_put(np.asarray(leaf)[places]), (self.data, self.validation)
        )
        return variables, data, validation, key

    def label(self, row: int) -> str:
        """What to call a run in a message."""
        settings = self.runs[row].settings(self.prepared.names)
        return f"{row} ({', '.join(f'{name} {value}' for name, value in settings.items())})"


class _Chunk(NamedTuple):
    """What was trained together, taken apart."""

    models: list[Any]
    likelihoods: list[Any]
    history: History


def in_chunks(train: Trainer, together: int, loss: Any, shown: Progress) -> SweepResult:
    """One chunk of runs after the other, and what came of them.

    Args:
        train: what trains some runs.
        together: how many at a time.
        loss: the likelihood or callable that was given.
        shown: what shows the progress of all of it.

    Raises:
        TrainingDiverged: if a run does; its ``result`` has the chunks that were finished.
        TrainingInterrupted: on Ctrl-C, with the chunks that were finished, or the first as it is.
    """
    everything = range(len(train.runs))
    chunks = [everything[start : start + together] for start in everything[::together]]
    finished: list[_Chunk] = []
    interrupted = False
    with contextlib.closing(shown):
        bar = InChunks(shown, len(chunks))
        try:
            for rows in chunks:
                course = train(rows, together, bar)
                interrupted = course.interrupted
                if not (interrupted and finished):
                    finished.append(_apart(course, train.members, rows, loss))
                if interrupted:
                    break
        except TrainingDiverged as error:
            error.result = _collect(finished, train) if finished else None
            raise
        except KeyboardInterrupt:  # between two chunks
            if not finished:
                raise
            interrupted = True
    result = _collect(finished, train)
    if interrupted:
        raise TrainingInterrupted(
            f"training was interrupted: {len(result.models)} of {len(train.runs)} runs came to "
            f"{done(result.history)} of {train.ticks.steps} steps; they are this exception's "
            "result",
            result=result,
        )
    return result


def _apart(course: Course, members: Members, rows: Sequence[int], loss: Any) -> _Chunk:
    # Taken apart on the host, as they were stacked: a slice on the device is compiled per shape.
    trained = jax.tree.map(np.asarray, course.trained)
    models, likelihoods = [], []
    for index, row in enumerate(rows):
        own = jax.tree.map(lambda leaf, index=index: np.asarray(leaf[index]), trained)
        model, likelihood = members.merge(row, own, members.each[row].fixed)
        models.append(model)
        likelihoods.append(loss if likelihood is None else likelihood)
    return _Chunk(models, likelihoods, head(course.history, len(rows)))


def _collect(chunks: Sequence[_Chunk], train: Trainer) -> SweepResult:
    models = [model for chunk in chunks for model in chunk.models]
    runs = train.runs[: len(models)]
    return SweepResult(
        seeds=tuple(run.seed for run in runs),
        models=tuple(models),
        likelihoods=tuple(likelihood for chunk in chunks for likelihood in chunk.likelihoods),
        history=join([chunk.history for chunk in chunks]),
        settings=tuple(run.settings(train.prepared.names) for run in runs),
    )


# Every variable has an axis of runs.
_IN: Any = Variables(trained=0, fixed=0, strengths=0, noise=0, present=0)  # type: ignore[arg-type]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _start(problem: Problem, axis: int | None, variables: Variables, data: Examples) -> Any:
    return jax.vmap(functools.partial(_loop.start, problem), in_axes=(_IN, axis))(variables, data)


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def _advance(
    problem: Problem,
    axis: int | None,
    state: Any,
    variables: Variables,
    data: Examples,
    validation: Examples | None,
    key: jax.Array,
    first: jax.Array,
    last: jax.Array,
) -> Any:
    advance = functools.partial(_loop.advance, problem)
    return jax.vmap(advance, in_axes=(0, _IN, axis, axis, 0, None, None))(
        state, variables, data, validation, key, first, last
    )

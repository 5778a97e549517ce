"""``sweep``: train the same thing several times in one compiled call."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from aelib.training import _checks, _loop
from aelib.training._errors import TrainingInterrupted
from aelib.training._fingerprint import Static
from aelib.training._fit import Penalty, done
from aelib.training._history import History
from aelib.training._prepare import (
    check_patience,
    merge,
    prepare,
    schedule,
    split,
    validation_fields,
)
from aelib.training._problem import Examples, Problem, Variables
from aelib.training._progress import Progress, choose
from aelib.training._run import run


@dataclasses.dataclass(frozen=True)
class SweepResult:
    """What :func:`sweep` returns; everything is in the order of ``seeds``.

    Attributes:
        seeds: the seeds.
        models: the trained models.
        likelihoods: their likelihoods (the plain callable loss, once per run, if there is none).
        history: the course of all runs, with a leading axis of runs.
    """

    seeds: tuple[int, ...]
    models: tuple[Any, ...]
    likelihoods: tuple[Any, ...]
    history: History

    def map(self, function: Callable[..., Any], *per_run: Any) -> Any:
        """Apply ``function(model, *values)`` to every trained model in one compiled call.

        Args:
            function: pure, of a model and of one entry of each of ``per_run``.
            *per_run: arrays, or trees of them, with a leading axis of runs.

        Returns:
            Its results, with a leading axis of runs.
        """
        states = [nnx.split(model) for model in self.models]
        stacked = _stack([nnx.as_pure(state) for _, state in states])
        return _map(states[0][0], Static(function), stacked, per_run)

    def __repr__(self) -> str:
        return f"SweepResult({len(self.seeds)} x {self.models[0]!r}, {self.history!r})"


def sweep(
    make_model: Callable[[nnx.Rngs], nnx.Module],
    x: Any,
    loss: Any,
    *,
    seeds: Iterable[int],
    per_run_data: bool = False,
    penalties: Sequence[Penalty] = (),
    corruption: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    mask: Any = None,
    weights: Any = None,
    exposure: Any = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int | None = 128,
    steps: int = 1000,
    validation: Any | Mapping[str, Any] | None = None,
    patience: int | None = None,
    tick_every: int | None = None,
    progress: bool | Progress = True,
) -> SweepResult:
    """Train one model for each seed, side by side in one compiled call.

    A seed decides the initial parameters, the batches, the corruption and what penalties draw. Run
    by run, and but for rounding, the result is that of :func:`fit`::

        model_key, fit_key = jax.random.split(jax.random.key(seed))
        fit(make_model(nnx.Rngs(model_key)), x, loss, ..., key=fit_key)

    A run whose patience has run out keeps its best parameters while the others go on.

    Args:
        make_model: makes a model from an ``nnx.Rngs``, the same structure every time.
        x: [n, ...], or [runs, n, ...] with ``per_run_data``.
        loss: a likelihood, of which every run trains a copy, or a callable; see :func:`fit`.
        seeds: the seeds, one run for each.
        per_run_data: whether ``x``, ``mask``, ``weights``, ``exposure`` and ``validation`` have a
            leading axis of runs, as for a different split of the data in every run.
        penalties: see :func:`fit`.
        corruption: see :func:`fit`.
        mask: see :func:`fit`.
        weights: see :func:`fit`.
        exposure: see :func:`fit`.
        optimizer: see :func:`fit`.
        batch_size: see :func:`fit`.
        steps: see :func:`fit`.
        validation: see :func:`fit`.
        patience: see :func:`fit`; training ends when it has run out in every run.
        tick_every: see :func:`fit`.
        progress: see :func:`fit`; it shows means over the runs.

    Returns:
        SweepResult: ``models``, ``likelihoods`` and ``history``.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective of a run is not finite at some step.
        TrainingInterrupted: on Ctrl-C, which it is; ``error.result`` is what was trained so far.

    >>> import jax, jax.numpy as jnp
    >>> import aelib
    >>> x = jax.random.normal(jax.random.key(0), (64, 4))
    >>> half_squares = lambda outputs, x: 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)
    >>> result = aelib.training.sweep(
    ...     lambda rngs: aelib.models.linear(4, 2, rngs=rngs), x, half_squares,
    ...     seeds=range(3), batch_size=16, steps=20, tick_every=10, progress=False,
    ... )
    >>> len(result.models), result.history.loss.shape
    (3, (3, 2))
    """
    seeds = _check_seeds(seeds)
    _checks.check_loss(loss)
    keys = [jax.random.split(jax.random.key(seed)) for seed in seeds]
    models = [make_model(nnx.Rngs(model_key)) for model_key, _ in keys]
    dtype = _checks.model_dtype(models[0])
    ticks = schedule(steps, tick_every)
    check = functools.partial(
        _examples, runs=len(seeds), stacked=per_run_data, model=models[0], loss=loss, dtype=dtype
    )
    data = check("", {"x": x, "mask": mask, "weights": weights, "exposure": exposure})
    checked = None
    if validation is not None:
        checked = check("validation", validation_fields(validation))
    problem, variables, names = prepare(
        models[0],
        loss,
        n=data.x.shape[1 if per_run_data else 0],
        penalties=penalties,
        corruption=corruption,
        optimizer=optimizer,
        batch_size=batch_size,
        patience=check_patience(patience, validation),
        mesh=None,
    )
    variables = _variables(problem, models, loss, variables)
    axis = 0 if per_run_data else None
    key = jnp.stack([fit_key for _, fit_key in keys])
    rest = variables._replace(trained=None)

    def advance(state: Any, first: int, last: int) -> Any:
        bounds = jnp.int32(first), jnp.int32(last)
        return _advance(problem, axis, state, rest, data, checked, key, *bounds)

    state = _start(problem, axis, variables, data)
    course = run(state, advance, ticks, names, choose(progress))
    # Taken apart on the host, as they were stacked: a slice on the device is compiled per shape.
    stacked = jax.tree.map(np.asarray, (course.trained, variables.fixed))
    pairs = []
    for index in range(len(seeds)):
        own = jax.tree.map(lambda leaf, index=index: jnp.asarray(leaf[index]), stacked)
        pairs.append(merge(problem, loss, *own))
    result = SweepResult(
        seeds, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), course.history
    )
    if course.interrupted:
        raise TrainingInterrupted(
            f"training was interrupted after {done(course.history)} of {ticks.steps} steps; "
            "what was trained so far is this exception's result",
            result=result,
        )
    return result


_IN: Any = Variables(trained=0, fixed=0, strengths=None)  # type: ignore[arg-type]  # axes of runs


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


@functools.partial(jax.jit, static_argnums=(0, 1))
def _map(graphdef: Any, function: Any, states: Any, per_run: tuple[Any, ...]) -> Any:
    def one(state: Any, values: tuple[Any, ...]) -> Any:
        return function.value(nnx.merge(graphdef, state), *values)

    return jax.vmap(one)(states, per_run)


def _variables(
    problem: Problem, models: Sequence[nnx.Module], loss: Any, like: Variables
) -> Variables:
    """The variables of all runs, stacked."""
    parts = [split(model, loss) for model in models]
    for index, (graphdef, _, _) in enumerate(parts):
        if graphdef != problem.graphdef:
            raise ValueError(
                f"make_model: expected the same structure for every seed; that of run {index} "
                f"differs from the first: {models[index]!r} against {models[0]!r}"
            )
    trained, fixed = (_stack([part[place] for part in parts]) for place in (1, 2))
    return Variables(trained, fixed, like.strengths)


def _stack(trees: Sequence[Any]) -> Any:
    # On the host: stacking many small arrays would compile something for each of their shapes.
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *trees)


def _examples(
    argument: str, given: Mapping[str, Any], *, runs: int, stacked: bool, **options: Any
) -> Examples:
    """Checked examples; with a leading axis of runs if they came with one."""
    if not stacked:
        return _checks.check_examples(argument, given, **options)
    present = {name: np.asarray(value) for name, value in given.items() if value is not None}
    for name, value in present.items():
        if value.ndim < 1 or len(value) != runs:
            where = f"{argument}: {name}" if argument else name
            raise ValueError(
                f"{where}: expected [{runs}, ...], one entry for each seed; got shape {value.shape}"
            )
    checked = [
        _checks.check_examples(
            argument, {name: value[index] for name, value in present.items()}, **options
        )
        for index in range(runs)
    ]
    return _stack(checked)


def _check_seeds(seeds: Any) -> tuple[int, ...]:
    """At least one seed, all different.

    Raises:
        ValueError: if not.
    """
    checked = tuple(_checks.check_count("seeds", seed, at_least=0) for seed in seeds)
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"seeds: expected one or more different seeds, got {checked}")
    return checked

"""``fit``: train one autoencoder."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from aelib.training import _checks, _loop
from aelib.training._errors import TrainingInterrupted
from aelib.training._history import History
from aelib.training._prepare import (
    check_patience,
    merge,
    place,
    prepare,
    schedule,
    validation_fields,
)
from aelib.training._progress import Progress, choose
from aelib.training._run import run

Penalty = tuple[float, Callable[..., jax.Array]]

_start = jax.jit(_loop.start, static_argnums=0)
_advance = jax.jit(_loop.advance, static_argnums=0, donate_argnums=1)


@dataclasses.dataclass(frozen=True)
class FitResult:
    """What :func:`fit` returns.

    Attributes:
        model: the trained model, a new object.
        likelihood: the likelihood with its trained parameters, a new object; a plain callable loss
            is returned as it was.
        history: the course of training.
    """

    model: Any
    likelihood: Any
    history: History


def fit(
    model: nnx.Module,
    x: Any,
    loss: Any,
    *,
    penalties: Sequence[Penalty] = (),
    corruption: Callable[[jax.Array, jax.Array], Any] | None = None,
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
    mesh: jax.sharding.Mesh | None = None,
    key: jax.Array,
) -> FitResult:
    r"""Train an autoencoder: minimise the mean over examples of nats + Σ strength · penalty.

    The model and the likelihood given are not changed; trained copies are returned. The same
    arguments and key give the same result. All steps between two ticks run in one compiled call,
    which is compiled once and used again by later fits of the same structure, shapes and functions.

    Args:
        model: an :class:`aelib.models.Autoencoder`, or any ``nnx.Module`` with ``encode`` and
            ``decode``.
        x: [n, ...] the data, NumPy or JAX. Floating data are turned into the model's type; integers
            (counts, labels) stay integers for the loss.
        loss: a likelihood, whose parameters are trained along with the model's, or any callable
            (outputs, x) -> [batch], nats per example.
        penalties: pairs (strength, penalty) with ``penalty(model, x, codes, key)`` -> [batch] or
            []; ``x`` is the uncorrupted batch, ``codes`` are what the loss saw. See
            :func:`aelib.penalties.on_codes`.
        corruption: ``corruption(key, x) -> x`` is applied to what the encoder sees, anew at each
            step; the loss compares with the uncorrupted ``x``. For a model that takes a mask
            (:func:`aelib.models.table`) it may return ``(x, seen)``: where ``seen`` is False the
            encoder must not look; or ``(x, seen, scored)``: the loss, a likelihood, is asked only
            for what is ``scored``. See :func:`hide`.
        mask: booleans of x's shape, True where observed; needs a likelihood. Entries that were not
            observed do not count, may be NaN, and are 0 for the encoder; a model that takes a mask
            is also told which they are.
        weights: [n] weight of each example, at least 0. They are scaled to mean 1 over the data, so
            that only their ratios matter, and multiply the nats and the penalties of each example
            (a penalty that is one number for the batch is not weighted).
        exposure: [n] exposure of each example (trials, library size); needs a likelihood.
        optimizer: any optax optimiser; ``optax.adam(1e-3)`` by default. For ``optax.lbfgs()`` take
            ``batch_size=None``: its line search is given value, gradient and the objective.
        batch_size: examples in each step. Batches go through a new permutation of the data in each
            epoch; those left over at its end are left out of it. None takes all of the data, in
            order, at every step.
        steps: number of steps.
        validation: data to look at on the way: [m, ...], or a mapping with ``x`` and maybe
            ``mask``, ``weights`` and ``exposure``. Its loss is in nats, without corruption or
            penalties.
        patience: stop when this many ticks in a row were no better on the validation data than the
            best before, and return the best parameters, not the last. None never stops early and
            returns the last.
        tick_every: steps between ticks, at which progress is shown, history written, validation
            looked at and failure noticed; by default so that there are about 50.
        progress: True for a bar, False for none, or an object of your own (:class:`Progress`).
        mesh: devices that share each batch equally; nothing else changes but rounding.
        key: ``jax.random.key(seed)``, from which batches, corruption and penalties draw.

    Returns:
        FitResult: ``model``, ``likelihood`` and ``history``.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective is not finite at some step: which, what part of it, and
            the last loss before.
        TrainingInterrupted: on Ctrl-C, which it is; ``error.result`` is what was trained so far.

    >>> import jax, jax.numpy as jnp
    >>> from flax import nnx
    >>> import aelib
    >>> x = jax.random.normal(jax.random.key(0), (64, 4))
    >>> model = aelib.models.linear(4, 2, rngs=nnx.Rngs(1))
    >>> half_squares = lambda outputs, x: 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)
    >>> result = aelib.training.fit(
    ...     model, x, half_squares, batch_size=16, steps=100, progress=False, key=jax.random.key(2)
    ... )
    >>> bool(result.history.loss[-1] < result.history.loss[0])
    True
    """
    dtype = _checks.model_dtype(model)
    _checks.check_loss(loss)
    key = _checks.check_key(key)
    ticks = schedule(steps, tick_every)
    given = {"x": x, "mask": mask, "weights": weights, "exposure": exposure}
    data = _checks.check_examples("", given, model=model, loss=loss, dtype=dtype)
    checked = None
    if validation is not None:
        fields = validation_fields(validation)
        checked = _checks.check_examples("validation", fields, model=model, loss=loss, dtype=dtype)
    _checks.check_same_exposure(data, checked)
    problem, variables, names = prepare(
        model,
        loss,
        n=data.x.shape[0],
        penalties=penalties,
        corruption=corruption,
        optimizer=optimizer,
        batch_size=batch_size,
        patience=check_patience(patience, validation),
        mesh=mesh,
    )
    bar = choose(progress)
    variables, data, checked, key = place(problem.mesh, variables, data, checked, key)
    # Of the variables, those that are trained are in the state, which is donated.
    given_variables = variables._replace(trained=None)
    advance = functools.partial(_advance_by, problem, given_variables, data, checked, key)
    state = _start(problem, variables, data)
    course = run(state, advance, ticks, names, bar)
    trained_model, likelihood = merge(problem, loss, course.trained, variables.fixed)
    result = FitResult(trained_model, likelihood, course.history)
    if course.interrupted:
        raise TrainingInterrupted(
            f"training was interrupted after {done(course.history)} of {ticks.steps} steps; "
            "what was trained so far is this exception's result",
            result=result,
        )
    return result


def _advance_by(
    problem: Any,
    variables: Any,
    data: Any,
    validation: Any,
    key: Any,
    state: Any,
    first: int,
    last: int,
) -> Any:
    bounds = jnp.int32(first), jnp.int32(last)
    return _advance(problem, state, variables, data, validation, key, *bounds)


def done(history: History) -> int:
    """How many steps a history covers."""
    return int(history.step[-1]) if len(history.step) else 0

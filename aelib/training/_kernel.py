"""The training kernel: steps of an optimizer on an objective, as pure functions.

All that aelib trains by gradient steps is trained here. :func:`start`, :func:`advance` and
:func:`minimize` are to be called within a compiled function, and may be mapped by ``jax.vmap``.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree


class Problem(NamedTuple):
    """What is minimized, and how.

    Attributes:
        objective: (parameters, batch, step) -> (loss [], report). The report is a tree of numbers
            that the objective is made of, or ``()``.
        batch: (order, step) -> (order, batch): the data of a step. ``order`` is whatever it has to
            remember from one step to the next, or None.
        optimizer: any optax optimizer. A line search is given value, gradient and the objective.
    """

    objective: Callable[[PyTree, PyTree, Int[Array, ""]], tuple[Float[Array, ""], PyTree]]
    batch: Callable[[PyTree, Int[Array, ""]], tuple[PyTree, PyTree]]
    optimizer: optax.GradientTransformation


class Failure(NamedTuple):
    """The first step at which the objective was not finite, if there was one.

    Attributes:
        step: its index, or -1; the index of the step to come if its parameters are not finite.
        finite_parameters: whether the parameters were finite when it began.
        report: the objective's report then.
        last_loss: the loss of the last step before it; infinite if there was none.
    """

    step: Int[Array, ""]
    finite_parameters: Bool[Array, ""]
    report: PyTree
    last_loss: Float[Array, ""]


class State(NamedTuple):
    """All that changes from step to step.

    Attributes:
        parameters: what is trained.
        optimizer: the optimizer's state.
        order: what ``Problem.batch`` remembers.
        failure: the first step that failed. From it on the parameters stay as they were.
        losses: the loss of every step, or None if they are not recorded.
    """

    parameters: PyTree
    optimizer: optax.OptState
    order: PyTree
    failure: Failure
    losses: Float[Array, " steps"] | None


def start(
    problem: Problem,
    parameters: PyTree,
    *,
    order: PyTree = None,
    report: PyTree = (),
    record: int | None = None,
) -> State:
    """The state before the first step; it shares no memory with ``parameters``.

    Args:
        problem: what is minimized.
        parameters: a tree of arrays.
        order: what ``problem.batch`` is given at the first step.
        report: zeros of the shapes of the objective's report.
        record: number of steps whose losses are to be recorded; None records nothing.
    """
    parameters = jax.tree.map(lambda leaf: _strong(jnp.copy(leaf)), parameters)
    # Sums are at least in float32, whatever the parameters are kept in.
    dtype = jnp.promote_types(jnp.result_type(*jax.tree.leaves(parameters)), jnp.float32)
    return State(
        parameters=parameters,
        optimizer=jax.tree.map(_strong, problem.optimizer.init(parameters)),
        order=order,
        failure=Failure(
            step=jnp.full((), -1, jnp.int32),
            finite_parameters=jnp.ones((), bool),
            report=report,
            last_loss=jnp.full((), jnp.inf, dtype),
        ),
        losses=None if record is None else jnp.zeros(record, dtype),
    )


def advance(
    problem: Problem, state: State, first: Int[Array, ""] | int, last: Int[Array, ""] | int
) -> tuple[State, tuple[Float[Array, ""], PyTree]]:
    """Take steps ``first`` to ``last`` - 1.

    Returns:
        The new state, and the sums over these steps of the loss and of the report.
    """

    def body(step: Int[Array, ""], carry: PyTree) -> PyTree:
        state, sums = carry
        order, batch = problem.batch(state.order, step)
        parameters, optimizer, loss, report = _update(problem, state, batch, step)
        loss = loss.astype(state.failure.last_loss.dtype)
        failure = _note(state.failure, loss, report, step)
        # A run that failed stands still, so that its parameters can be examined afterwards; to
        # examine them at every step would cost as much to compile as the step itself.
        fine = failure.step < 0
        parameters = jax.tree.map(
            lambda new, old: jnp.where(fine, new, old), parameters, state.parameters
        )
        losses = None if state.losses is None else state.losses.at[step].set(loss)
        sums = jax.tree.map(lambda total, value: total + value, sums, (loss, report))
        return State(parameters, optimizer, order, failure, losses), sums

    sums = jax.tree.map(_zero_sum, (state.failure.last_loss, state.failure.report))
    state, sums = jax.lax.fori_loop(first, last, body, (state, sums))
    finite = _all_finite(state.parameters)
    broken = ~finite & (state.failure.step < 0)  # by the very last update
    failure = state.failure._replace(
        step=jnp.where(broken, jnp.asarray(last, jnp.int32), state.failure.step),
        finite_parameters=finite,
    )
    return state._replace(failure=failure), sums


def minimize(
    problem: Problem, parameters: PyTree, *, steps: int
) -> tuple[PyTree, Float[Array, " steps"]]:
    """All steps at once, without the report.

    Returns:
        The trained parameters, and the loss of every step as it was before the step's update.
    """

    def loss_only(
        parameters: PyTree, batch: PyTree, step: Int[Array, ""]
    ) -> tuple[Float[Array, ""], PyTree]:
        return problem.objective(parameters, batch, step)[0], ()

    plain = problem._replace(objective=loss_only)
    state = start(plain, parameters, record=steps)
    state, _ = advance(plain, state, 0, steps)
    assert state.losses is not None
    return state.parameters, state.losses


def _update(
    problem: Problem, state: State, batch: PyTree, step: Int[Array, ""]
) -> tuple[PyTree, optax.OptState, Float[Array, ""], PyTree]:
    """One step: parameters, optimizer state, and loss and report as they were before it."""

    def objective(parameters: PyTree) -> tuple[Float[Array, ""], PyTree]:
        return problem.objective(parameters, batch, step)

    (loss, report), gradient = jax.value_and_grad(objective, has_aux=True)(state.parameters)
    extra = {
        "value": loss,
        "grad": gradient,
        "value_fn": lambda parameters: objective(parameters)[0],  # a line search calls it
    }
    updates, optimizer = update(
        problem.optimizer, gradient, state.optimizer, state.parameters, extra
    )
    return optax.apply_updates(state.parameters, updates), optimizer, loss, report


def update(
    optimizer: optax.GradientTransformation,
    gradient: PyTree,
    state: PyTree,
    parameters: PyTree,
    extra: dict[str, Any],
) -> tuple[PyTree, PyTree]:
    """One update of an optimizer, given as much of ``extra`` as it says that it takes."""
    function = optax.with_extra_args_support(optimizer).update
    takes = inspect.signature(function).parameters
    if not any(each.kind is each.VAR_KEYWORD for each in takes.values()):
        extra = {name: value for name, value in extra.items() if name in takes}
    return function(gradient, state, parameters, **extra)


def _note(
    failure: Failure, loss: Float[Array, ""], report: PyTree, step: Int[Array, ""]
) -> Failure:
    """Record the first step whose objective is not finite."""
    fine = jnp.isfinite(loss)

    def record() -> Failure:
        return failure._replace(step=step.astype(jnp.int32), report=report)

    def keep() -> Failure:
        usable = fine & (failure.step < 0)
        return failure._replace(last_loss=jnp.where(usable, loss, failure.last_loss))

    return jax.lax.cond(~fine & (failure.step < 0), record, keep)


def _zero_sum(leaf: Array) -> Array:
    """The sum of nothing; of booleans it is a count."""
    return jnp.zeros(leaf.shape, jnp.int32 if leaf.dtype == bool else leaf.dtype)


def _all_finite(tree: PyTree) -> Bool[Array, ""]:
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()


def _strong(leaf: Array) -> Array:
    """Without a weak type, which the state after a step does not have: that would compile twice."""
    return jnp.asarray(leaf, jnp.asarray(leaf).dtype)

"""The pure training loop: from one tick to the next, in one compiled call."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from aelib.training._problem import Examples, Parts, Problem, Variables, mean_nats, objective


class Trouble(NamedTuple):
    """The first step at which the objective was not finite, if there was one.

    Attributes:
        step: [] its index, or -1; the index of the step to come if its parameters are not finite.
        parameters: [] whether the parameters were finite when it began.
        outputs: [] whether the raw outputs were.
        nats: [] the likelihood part then.
        penalties: [num_penalties] the penalties then.
        last_loss: [] the loss of the last step before it.
    """

    step: jax.Array
    parameters: jax.Array
    outputs: jax.Array
    nats: jax.Array
    penalties: jax.Array
    last_loss: jax.Array


class Best(NamedTuple):
    """The best parameters so far by validation, and how long ago that was.

    Attributes:
        trained: the parameters.
        nats: [] their validation loss.
        step: [] number of steps taken when they were found.
        checks: [] validation checks since then.
        stopped: [] whether patience has run out; from then on nothing here changes.
    """

    trained: Any
    nats: jax.Array
    step: jax.Array
    checks: jax.Array
    stopped: jax.Array


class State(NamedTuple):
    """All that training changes.

    Attributes:
        trained: the parameters.
        optimizer: the optimiser's state.
        order: [n] the order of the examples in this epoch, or None without shuffling.
        trouble: the first step that failed.
        best: for early stopping, or None.
    """

    trained: Any
    optimizer: Any
    order: jax.Array | None
    trouble: Trouble
    best: Best | None

    @property
    def stopped(self) -> bool:
        """Whether patience has run out, in every run."""
        return self.best is not None and bool(np.all(self.best.stopped))


class Tick(NamedTuple):
    """What the host learns at a tick.

    Attributes:
        loss: [] mean objective over the tick's steps.
        nats: [] mean likelihood part.
        penalties: [num_penalties] mean penalties.
        validation: [] validation loss at the end of the tick, or None.
    """

    loss: jax.Array
    nats: jax.Array
    penalties: jax.Array
    validation: jax.Array | None


def start(problem: Problem, variables: Variables, data: Examples) -> State:
    """The state before the first step; shares no memory with the model it came from."""
    trained = jax.tree.map(jnp.copy, variables.trained)
    dtype = variables.strengths.dtype
    zero = jnp.zeros((), dtype)
    trouble = Trouble(
        step=jnp.full((), -1, jnp.int32),
        parameters=jnp.ones((), bool),
        outputs=jnp.ones((), bool),
        nats=zero,
        penalties=jnp.zeros(len(problem.penalties), dtype),
        last_loss=jnp.full((), jnp.nan, dtype),
    )
    best = None
    if problem.patience is not None:
        best = Best(
            trained=jax.tree.map(jnp.copy, trained),
            nats=jnp.full((), jnp.inf, dtype),
            step=jnp.zeros((), jnp.int32),
            checks=jnp.zeros((), jnp.int32),
            stopped=jnp.zeros((), bool),
        )
    order = None
    if problem.batch_size is not None:
        order = jnp.arange(data.x.shape[0], dtype=jnp.int32)
    optimizer = jax.tree.map(_strong, problem.optimizer.init(trained))
    return State(trained, optimizer, order, trouble, best)


def _strong(leaf: jax.Array) -> jax.Array:
    """Without a weak type, which the state after a step does not have: that would compile twice."""
    return jnp.asarray(leaf, jnp.asarray(leaf).dtype)


def advance(
    problem: Problem,
    state: State,
    variables: Variables,
    data: Examples,
    validation: Examples | None,
    key: jax.Array,
    first: jax.Array,
    last: jax.Array,
) -> tuple[State, Tick]:
    """Take steps ``first`` to ``last`` - 1; bounds are traced, so a short tick costs nothing."""
    epoch_key, step_key = jax.random.split(key)

    def body(index: jax.Array, carry: tuple[State, Parts]) -> tuple[State, Parts]:
        state, sums = carry
        order, batch = _batch(problem, state.order, data, epoch_key, index)
        now = variables._replace(trained=state.trained)
        key = jax.random.fold_in(step_key, index)
        trained, optimizer, parts = _update(problem, now, state.optimizer, batch, key)
        trouble = _note(state.trouble, parts, index)
        # A run that failed stands still, so that after the tick its parameters can still be judged;
        # to judge them at every step would cost as much to compile as the step itself.
        fine = trouble.step < 0
        trained = jax.tree.map(lambda new, old: jnp.where(fine, new, old), trained, state.trained)
        sums = jax.tree.map(lambda total, part: total + part, sums, parts)
        return State(trained, optimizer, order, trouble, state.best), sums

    zero = jnp.zeros((), state.trouble.nats.dtype)
    zeros = Parts(zero, zero, jnp.zeros_like(state.trouble.penalties), jnp.zeros((), jnp.int32))
    state, sums = jax.lax.fori_loop(first, last, body, (state, zeros))
    finite = _finite(state.trained)
    broken = ~finite & (state.trouble.step < 0)  # by the very last update
    trouble = state.trouble._replace(
        step=jnp.where(broken, last, state.trouble.step), parameters=finite
    )
    state = state._replace(trouble=trouble)
    count = (last - first).astype(zero.dtype)
    checked = None
    if validation is not None:
        checked = mean_nats(problem, variables._replace(trained=state.trained), validation)
        if state.best is not None:
            best = _keep_best(state.best, state.trained, checked, last, problem.patience or 0)
            state = state._replace(best=best)
    return state, Tick(sums.loss / count, sums.nats / count, sums.penalties / count, checked)


def _batch(
    problem: Problem,
    order: jax.Array | None,
    data: Examples,
    key: jax.Array,
    index: jax.Array,
) -> tuple[jax.Array | None, Examples]:
    """The batch of step ``index``; each epoch goes through a new permutation of the examples."""
    size = problem.batch_size
    if size is None or order is None:
        return order, _shard(problem, data)
    n = order.shape[0]
    epoch, position = jnp.divmod(index, n // size)
    order = jax.lax.cond(
        position == 0,
        lambda: _permutation(jax.random.fold_in(key, epoch), n),
        lambda: order,
    )
    rows = jax.lax.dynamic_slice(order, (position * size,), (size,))
    return order, _shard(problem, jax.tree.map(lambda values: values[rows], data))


def _permutation(key: jax.Array, n: int) -> jax.Array:
    """A random order of ``n`` things; one sort where ``jax.random.permutation`` compiles several.

    Two of the 32-bit sort keys being equal leaves that pair as it was, which for the batches of an
    epoch does not matter.
    """
    return jnp.argsort(jax.random.bits(key, (n,))).astype(jnp.int32)


def _shard(problem: Problem, batch: Examples) -> Examples:
    """Spread a batch over the devices of the mesh; the compiler spreads the rest."""
    if problem.mesh is None:
        return batch
    spec = jax.sharding.PartitionSpec(problem.mesh.axis_names)
    sharding = jax.sharding.NamedSharding(problem.mesh, spec)
    return jax.tree.map(lambda v: jax.lax.with_sharding_constraint(v, sharding), batch)


def _update(
    problem: Problem, variables: Variables, optimizer: Any, batch: Examples, key: jax.Array
) -> tuple[Any, Any, Parts]:
    """One step: parameters, optimiser state and what the objective was before it."""

    def value(trained: Any) -> tuple[jax.Array, Parts]:
        return objective(problem, variables._replace(trained=trained), batch, key)

    (loss, parts), gradient = jax.value_and_grad(value, has_aux=True)(variables.trained)
    if variables.present is not None:
        # What is padding stays zero under every optimiser: it never sees a gradient there.
        gradient = jax.tree.map(
            lambda g, there: jnp.where(there, g, 0), gradient, variables.present
        )
    updates, optimizer = problem.optimizer.update(
        gradient,
        optimizer,
        variables.trained,
        value=loss,
        grad=gradient,
        value_fn=lambda trained: value(trained)[0],  # a line search calls it
    )
    return optax.apply_updates(variables.trained, updates), optimizer, parts


def _note(trouble: Trouble, parts: Parts, index: jax.Array) -> Trouble:
    """Record the first step whose objective is not finite, and which part of it."""
    fine = jnp.isfinite(parts.loss)

    def record() -> Trouble:
        return Trouble(
            step=index.astype(jnp.int32),
            parameters=trouble.parameters,
            outputs=parts.outputs_finite,
            nats=parts.nats,
            penalties=parts.penalties,
            last_loss=trouble.last_loss,
        )

    def keep() -> Trouble:
        usable = fine & (trouble.step < 0)
        return trouble._replace(last_loss=jnp.where(usable, parts.loss, trouble.last_loss))

    return jax.lax.cond(~fine & (trouble.step < 0), record, keep)


def _finite(tree: Any) -> jax.Array:
    """Whether every number in a tree is finite."""
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)]).all()


def _keep_best(best: Best, trained: Any, nats: jax.Array, step: jax.Array, patience: int) -> Best:
    better = (nats < best.nats) & ~best.stopped

    def pick(new: Any, old: Any) -> Any:
        return jnp.where(better, new, old)

    checks = pick(0, best.checks + 1)
    return Best(
        trained=jax.tree.map(pick, trained, best.trained),
        nats=pick(nats, best.nats),
        step=pick(step, best.step),
        checks=checks,
        stopped=best.stopped | (checks >= patience),
    )

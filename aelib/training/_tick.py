"""One tick of training as a pure function: some steps, then a look at the validation data."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, PyTree

from aelib.training import _kernel
from aelib.training._examples import Examples
from aelib.training._objective import Report, Variables, empty_report, mean_nats, objective
from aelib.training._settings import Settings


class Inputs(NamedTuple):
    """What a run is given besides its parameters.

    Attributes:
        variables: numbers that the objective depends on.
        data: the training data.
        validation: the validation data, or None.
        key: from which batches, corruption and penalties draw.
    """

    variables: Variables
    data: Examples
    validation: Examples | None
    key: jax.Array


class Best(NamedTuple):
    """The best parameters so far by validation, and how long ago that was.

    Attributes:
        parameters: the parameters.
        nats: their validation loss.
        step: number of steps taken when they were found.
        checks: validation checks since then.
        stopped: whether patience has run out; from then on nothing here changes.
    """

    parameters: PyTree
    nats: Float[Array, ""]
    step: Int[Array, ""]
    checks: Int[Array, ""]
    stopped: Bool[Array, ""]


class State(NamedTuple):
    """All that training changes.

    Attributes:
        training: the kernel's state.
        best: for early stopping, or None.
    """

    training: _kernel.State
    best: Best | None


class Tick(NamedTuple):
    """What is known at the end of a tick; all but ``validation`` are means over its steps.

    Attributes:
        loss: the objective.
        nats: its likelihood part.
        penalties: the penalties.
        validation: validation loss at the end of the tick, or None.
    """

    loss: Float[np.ndarray | Array, "..."]
    nats: Float[np.ndarray | Array, "..."]
    penalties: Float[np.ndarray | Array, "... penalties"]
    validation: Float[np.ndarray | Array, "..."] | None


def start(settings: Settings, parameters: PyTree, inputs: Inputs) -> State:
    """The state before the first step."""
    order = None
    if settings.batch_size is not None:
        order = jnp.arange(inputs.data.x.shape[0], dtype=jnp.int32)
    training = _kernel.start(
        _problem(settings, inputs), parameters, order=order, report=empty_report(settings)
    )
    if settings.patience is None:
        return State(training, None)
    best = Best(
        parameters=jax.tree.map(jnp.copy, training.parameters),
        nats=jnp.full((), jnp.inf, settings.dtype),
        step=jnp.zeros((), jnp.int32),
        checks=jnp.zeros((), jnp.int32),
        stopped=jnp.zeros((), bool),
    )
    return State(training, best)


def advance(
    settings: Settings, state: State, inputs: Inputs, first: Int[Array, ""], last: Int[Array, ""]
) -> tuple[State, Tick]:
    """Take steps ``first`` to ``last`` - 1; they are traced, so that one program does all ticks."""
    problem = _problem(settings, inputs)
    training, (loss, report) = _kernel.advance(problem, state.training, first, last)
    count = (last - first).astype(loss.dtype)
    validation, best = None, state.best
    if inputs.validation is not None:
        validation = mean_nats(settings, training.parameters, inputs.variables, inputs.validation)
        if best is not None:
            best = _keep_best(best, training.parameters, validation, last, settings.patience or 0)
    tick = Tick(loss / count, report.nats / count, report.penalties / count, validation)
    return State(training, best), tick


def _problem(settings: Settings, inputs: Inputs) -> _kernel.Problem:
    """What the kernel is to do with these inputs."""
    epoch_key, step_key = jax.random.split(inputs.key)

    def batch(
        order: Int[Array, " n"] | None, step: Int[Array, ""]
    ) -> tuple[Int[Array, " n"] | None, Examples]:
        return _batch(settings, inputs.data, epoch_key, order, step)

    def loss(
        parameters: PyTree, batch: Examples, step: Int[Array, ""]
    ) -> tuple[Float[Array, ""], Report]:
        key = jax.random.fold_in(step_key, step)
        return objective(settings, parameters, inputs.variables, batch, key)

    return _kernel.Problem(loss, batch, settings.optimizer)


def _batch(
    settings: Settings,
    data: Examples,
    key: jax.Array,
    order: Int[Array, " n"] | None,
    step: Int[Array, ""],
) -> tuple[Int[Array, " n"] | None, Examples]:
    """The batch of a step; each epoch goes through a new permutation of the examples."""
    size = settings.batch_size
    if size is None or order is None:
        return order, _shard(settings.mesh, data)
    n = order.shape[0]
    epoch, position = jnp.divmod(step, n // size)
    order = jax.lax.cond(
        position == 0,
        lambda: _permutation(jax.random.fold_in(key, epoch), n),
        lambda: order,
    )
    rows = jax.lax.dynamic_slice(order, (position * size,), (size,))
    return order, _shard(settings.mesh, jax.tree.map(lambda values: values[rows], data))


def _permutation(key: jax.Array, n: int) -> Int[Array, " n"]:
    """A random order of ``n`` things; one sort where ``jax.random.permutation`` compiles several.

    Two of the 32-bit sort keys being equal leaves that pair as it was, which for the batches of an
    epoch does not matter.
    """
    return jnp.argsort(jax.random.bits(key, (n,))).astype(jnp.int32)


def _shard(mesh: jax.sharding.Mesh | None, batch: Examples) -> Examples:
    """Spread a batch over the devices of the mesh; the compiler spreads the rest."""
    if mesh is None:
        return batch
    spec = jax.sharding.PartitionSpec(mesh.axis_names)
    sharding = jax.sharding.NamedSharding(mesh, spec)
    return jax.tree.map(lambda v: jax.lax.with_sharding_constraint(v, sharding), batch)


def _keep_best(
    best: Best, parameters: PyTree, nats: Float[Array, ""], step: Int[Array, ""], patience: int
) -> Best:
    better = (nats < best.nats) & ~best.stopped

    def pick(new: ArrayLike, old: jax.Array) -> jax.Array:
        return jnp.where(better, new, old)

    checks = pick(0, best.checks + 1)
    return Best(
        parameters=jax.tree.map(pick, parameters, best.parameters),
        nats=pick(nats, best.nats),
        step=pick(step, best.step),
        checks=checks,
        stopped=best.stopped | (checks >= patience),
    )

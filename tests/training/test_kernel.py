"""The kernel does what a plain loop of optax does, and can be mapped over runs."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from aelib.training._kernel import Problem, advance, minimize, start

OPTIMIZER = optax.adam(optax.cosine_decay_schedule(0.1, 30))
X = jnp.asarray(np.random.default_rng(0).normal(1.0, 0.1, (30, 4, 2)), jnp.float32)


def squares(parameters, batch, _step):
    loss = jnp.sum((parameters["at"] - batch) ** 2)
    return loss, {"largest": jnp.max(batch)}


def batches(order, step):
    return order, X[step]


PROBLEM = Problem(squares, batches, OPTIMIZER)
REPORT = {"largest": jnp.zeros(())}
START = {"at": jnp.zeros(2)}


def by_hand(parameters, steps):
    state, losses = OPTIMIZER.init(parameters), []
    for step in range(steps):
        loss, gradient = jax.value_and_grad(lambda p, step=step: squares(p, X[step], 0)[0])(
            parameters
        )
        updates, state = OPTIMIZER.update(gradient, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        losses.append(loss)
    return parameters, np.asarray(losses)


def test_all_steps_at_once_are_a_plain_loop():
    expected, losses = by_hand(START, 30)
    found, recorded = jax.jit(lambda p: minimize(PROBLEM, p, steps=30))(START)
    np.testing.assert_allclose(found["at"], expected["at"], rtol=1e-5)
    np.testing.assert_allclose(recorded, losses, rtol=1e-5)


def test_steps_may_be_taken_in_several_calls():
    step = jax.jit(lambda state, first, last: advance(PROBLEM, state, first, last))
    state = start(PROBLEM, START, report=REPORT)
    state, first = step(state, 0, 7)
    state, second = step(state, 7, 30)
    expected, losses = by_hand(START, 30)
    np.testing.assert_allclose(state.parameters["at"], expected["at"], rtol=1e-5)
    np.testing.assert_allclose([first[0], second[0]], [losses[:7].sum(), losses[7:].sum()], 1e-5)
    np.testing.assert_allclose(first[1]["largest"], X[:7].max(axis=(1, 2)).sum(), rtol=1e-6)
    assert state.failure.step == -1
    assert state.losses is None


def test_the_order_of_batches_is_remembered():
    """A batch may be whatever the one before left."""
    counting = Problem(
        lambda p, count, _step: (p * count, ()),
        lambda order, _step: (order + 1, order + 1),
        optax.sgd(1.0),
    )
    state = start(counting, jnp.float32(0), order=jnp.float32(0))
    state, _ = advance(counting, state, 0, 4)
    assert state.order == 4
    assert state.parameters == -(1 + 2 + 3 + 4)


def test_runs_are_mapped():
    starts = {"at": jnp.asarray([[0.0, 0.0], [5.0, -5.0]])}
    found, losses = jax.jit(jax.vmap(lambda p: minimize(PROBLEM, p, steps=20)))(starts)
    for run in range(2):
        expected, alone = by_hand(jax.tree.map(lambda leaf, run=run: leaf[run], starts), 20)
        np.testing.assert_allclose(found["at"][run], expected["at"], rtol=1e-4)
        np.testing.assert_allclose(losses[run], alone, rtol=1e-4)


def fails_at(step):
    def objective(parameters, batch, now):
        loss, report = squares(parameters, batch, now)
        return jnp.where(now == step, jnp.nan, loss), report

    return Problem(objective, batches, OPTIMIZER)


@pytest.mark.parametrize("step", [0, 3, 9])
def test_the_step_that_failed_is_recorded_and_the_parameters_stay(step):
    problem = fails_at(step)
    state, _ = jax.jit(lambda s: advance(problem, s, 0, 10))(start(problem, START, report=REPORT))
    expected, losses = by_hand(START, step)
    assert state.failure.step == step
    assert state.failure.finite_parameters
    np.testing.assert_allclose(state.failure.report["largest"], X[step].max())
    np.testing.assert_allclose(state.parameters["at"], expected["at"], rtol=1e-5)
    last = losses[-1] if step else np.inf
    np.testing.assert_allclose(state.failure.last_loss, last, rtol=1e-5)


def test_an_update_that_breaks_the_parameters_is_noticed_at_the_end():
    steep = Problem(lambda p, _batch, _step: (jnp.sum(jnp.sqrt(p)), ()), batches, optax.sgd(1.0))
    state, _ = advance(steep, start(steep, jnp.zeros(2)), 0, 1)  # the slope of a root at 0
    assert not state.failure.finite_parameters
    assert state.failure.step == 1


def test_the_state_shares_no_memory_with_the_parameters():
    given = jnp.zeros(2)
    state = start(PROBLEM, {"at": given})
    assert state.parameters["at"].unsafe_buffer_pointer() != given.unsafe_buffer_pointer()


def test_weak_types_are_made_strong():
    state = start(PROBLEM, {"at": jnp.full(2, 0.0)})
    assert not any(leaf.weak_type for leaf in jax.tree.leaves(state.parameters))

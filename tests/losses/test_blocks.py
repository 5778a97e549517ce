"""Large arrays are worked on in blocks of rows, which must not show."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import losses
from aelib.losses import _blocks

ROWS, FEATURES = 37, 5  # the last of the blocks overlaps the one before


@pytest.fixture(params=[(), (FEATURES,), (ROWS, FEATURES)])
def arguments(request: pytest.FixtureRequest) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    log_mean, zero_logits = rng.normal(size=(2, ROWS, FEATURES)).astype(np.float32)
    log_theta = rng.normal(size=request.param).astype(np.float32)
    counts = rng.poisson(np.exp(log_mean)).astype(np.float32)
    return [log_mean, log_theta, zero_logits, counts]


def test_same_values_and_slopes_as_all_at_once(
    arguments: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = losses.zero_inflated_negative_binomial_nll

    def weighted(*given: jax.Array) -> tuple[jax.Array, jax.Array]:
        nats = loss(*given)
        return (nats * jnp.arange(ROWS * FEATURES).reshape(nats.shape)).sum(), nats

    both = jax.value_and_grad(weighted, argnums=(0, 1, 2), has_aux=True)
    given = list(map(jnp.asarray, arguments))
    jax.clear_caches()
    whole = both(*given)
    monkeypatch.setattr(_blocks, "_BLOCK", 4 * FEATURES)
    jax.clear_caches()
    assert "while" in jax.jit(both).lower(*given).as_text()
    in_blocks = both(*given)
    jax.clear_caches()
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(in_blocks), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)  # sums in another order


def test_curvature_through_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second derivatives pass through the loop, forward over reverse."""
    monkeypatch.setattr(_blocks, "_BLOCK", 4)
    log_rate, counts = jnp.linspace(-1.0, 2.0, 11), jnp.arange(11.0)
    jax.clear_caches()
    curvature = jax.hessian(lambda rate: losses.poisson_nll(rate, counts).sum())(log_rate)
    jax.clear_caches()
    np.testing.assert_allclose(curvature, np.diag(np.exp(log_rate)), rtol=1e-5, atol=1e-6)


def test_a_negative_count_costs_nan_in_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocks, "_BLOCK", 2)
    jax.clear_caches()
    nats = losses.negative_binomial_nll(jnp.zeros(6), 0.0, jnp.array([0, 1, -1, 2, 3, 4]))
    jax.clear_caches()
    assert jnp.isnan(nats).tolist() == [False, False, True, False, False, False]


def test_inside_of_shard_map_large_arrays_are_not_divided_again() -> None:
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("rows",))
    rows = jax.sharding.PartitionSpec("rows")
    options = {"mesh": mesh, "in_specs": (rows, rows), "out_specs": rows}
    logits = jnp.zeros(2 * _blocks._BLOCK)
    shared = jax.shard_map(losses.bernoulli_nll, **options)
    slope = jax.grad(lambda a: shared(a, logits).sum())(logits)
    np.testing.assert_allclose(shared(logits, logits), np.log(2), rtol=1e-6)
    np.testing.assert_allclose(slope, 0.5, rtol=1e-6)

"""However many cores share the runs of a chunk, the runs are the same."""

import functools

import jax
import numpy as np
import optax
import pytest

import aelib
from aelib import _cores
from aelib.training import TrainingDiverged, sweep

HALF_SQUARES = aelib.likelihoods.Gaussian(scale=1.0)


@pytest.fixture
def cores(monkeypatch):
    return lambda number: monkeypatch.setattr(_cores, "_num_cores", lambda: number)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).standard_normal((60, 6)).astype(np.float32)


def make(rngs, latent):
    return aelib.models.linear(6, latent, rngs=rngs)


def train(x, **options):
    options = {"seeds": range(5), "sizes": {"latent": (1, 3)}, "batch_size": 20} | options
    return sweep(make, x, HALF_SQUARES, steps=40, tick_every=10, progress=False, **options)


@pytest.mark.parametrize(("number", "width"), [(1, 10), (2, 5), (3, 4), (64, 2)])
def test_each_core_takes_two_runs_at_least(number, width, cores):
    cores(number)
    assert _cores.group_size(10) == width
    assert _cores.group_size(1) == 1


def test_the_number_of_cores_changes_nothing(x, cores):
    stops = {"validation": x[:9], "patience": 1, "optimizer": optax.adam(0.3), "chunk": 7}
    found = []
    for number in (1, 3):
        cores(number)
        found.append(train(x, **stops))
    one, three = found
    np.testing.assert_allclose(one.history.loss, three.history.loss, rtol=1e-4)
    np.testing.assert_array_equal(one.history.best_step, three.history.best_step)
    assert len(np.unique(one.history.best_step)) > 1
    for ours, theirs in zip(one.models, three.models, strict=True):
        np.testing.assert_allclose(ours.encode(x), theirs.encode(x), rtol=1e-3, atol=1e-4)


def test_data_of_each_seed_go_to_its_runs(x, cores):
    found = []
    for number in (1, 2):
        cores(number)
        own = np.stack([x + seed for seed in range(5)])
        found.append(train(own, per_run_data=True).history.loss)
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_a_run_that_diverges_is_named_by_its_own_number(x, cores):
    cores(3)
    broken = np.stack([x] * 5)
    broken[3] *= 1e30
    with pytest.raises(TrainingDiverged, match=r"in run 3 \(latent 1, seed 3\), one of 2"):
        train(broken, per_run_data=True)


def test_what_is_set_in_jax_for_this_thread_holds_in_the_cores(x, cores):
    cores(2)
    with jax.enable_x64(True):
        model = functools.partial(aelib.models.linear, 6, 2)
        result = sweep(
            lambda rngs: model(rngs=rngs),
            x,
            HALF_SQUARES,
            seeds=range(4),
            batch_size=20,
            steps=3,
            progress=False,
        )
        assert result.models[0].encode(x).dtype == np.float64
        assert result.history.loss.dtype == np.float64

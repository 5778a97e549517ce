"""``sweep`` is several fits in one."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import likelihoods, models
from aelib.training import TrainingDiverged, TrainingInterrupted, fit, sweep
from tests.training.cases import D, Interrupts, half_squares, leaves, make_linear

SEEDS = (3, 0, 7)


@pytest.fixture
def shared(options):
    """The options of ``fit`` without its key."""
    return {name: value for name, value in options.items() if name != "key"}


def one_by_one(make_model, x, loss, **options):
    """What ``sweep`` says it does, run by run."""
    for index, seed in enumerate(SEEDS):
        model_key, key = jax.random.split(jax.random.key(seed))
        given = {
            name: value[index] if name in ("validation", "mask") else value
            for name, value in options.items()
        }
        yield fit(make_model(nnx.Rngs(model_key)), x[index], loss, key=key, **given)


def assert_agree(result, fits):
    for index, single in enumerate(fits):
        for a, b in zip(leaves(result.models[index]), leaves(single.model), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(result.history.loss[index], single.history.loss, rtol=1e-4)
        np.testing.assert_array_equal(result.history.step, single.history.step)


@pytest.mark.parametrize("tree", [False, True], ids=["graph", "tree"])
def test_a_sweep_over_seeds_is_a_fit_for_each(tree, x, shared):
    noise = {"corruption": lambda key, x: x + 0.1 * jax.random.normal(key, x.shape)}
    noise["batch_size"] = 8
    del shared["batch_size"]
    with nnx.set_graph_mode(not tree), nnx.set_graph_updates(not tree):
        result = sweep(make_linear, x, half_squares, seeds=SEEDS, **shared, **noise)
    assert result.seeds == SEEDS
    assert result.history.loss.shape == (3, 4)
    assert_agree(result, one_by_one(make_linear, [x] * 3, half_squares, **shared, **noise))
    assert result.likelihoods == (half_squares,) * 3


def test_data_of_each_run_with_masks_and_early_stopping(x, shared):
    rng = np.random.default_rng(0)
    stacked = np.stack([rng.permutation(x) for _ in SEEDS])
    mask = rng.random(stacked.shape) < 0.9
    train, mask, validation = stacked[:, :6], mask[:, :6], stacked[:, 6:]
    gaussian = likelihoods.Gaussian(scale="feature", num_features=D)
    options = shared | {"steps": 60, "tick_every": 3, "patience": 2}
    options |= {"optimizer": optax.adam(0.1)}
    result = sweep(
        make_linear,
        train,
        gaussian,
        seeds=SEEDS,
        per_run_data=True,
        mask=mask,
        validation=validation,
        **options,
    )
    fits = list(
        one_by_one(make_linear, train, gaussian, mask=mask, validation=validation, **options)
    )
    stops = [len(single.history.step) for single in fits]
    assert (
        len(set(stops)) > 1
    )  # the runs stop at different times, and the sweep at the last of them
    assert len(result.history.step) == max(stops)
    np.testing.assert_array_equal(
        result.history.best_step, [single.history.best_step for single in fits]
    )
    for index, single in enumerate(fits):
        both = ((result.models, single.model), (result.likelihoods, single.likelihood))
        for trained, alone in both:
            for a, b in zip(leaves(trained[index]), leaves(alone), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_map_applies_to_every_model(x, shared):
    result = sweep(make_linear, x, half_squares, seeds=SEEDS, **shared)
    errors = result.map(lambda model: jnp.mean((model(jnp.asarray(x)) - x) ** 2))
    offsets = np.array([0.0, 1.0, 2.0])
    codes = result.map(lambda model, offset: model.encode(x[:4] + offset), offsets)
    assert codes.shape == (3, 4, 2)
    for index, model in enumerate(result.models):
        np.testing.assert_allclose(errors[index], np.mean((model(x) - x) ** 2), rtol=1e-5)
        expected = model.encode(x[:4] + offsets[index])
        np.testing.assert_allclose(codes[index], expected, rtol=1e-4, atol=1e-5)
    assert "SweepResult(3 x Autoencoder(linear" in repr(result)


def test_lbfgs_in_a_sweep(x, shared):
    options = shared | {"optimizer": optax.lbfgs(), "steps": 300}
    options |= {"tick_every": 10}
    result = sweep(make_linear, x, half_squares, seeds=SEEDS, **options)
    best = 0.5 * np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[2:].astype(np.float64) ** 2
    np.testing.assert_allclose(result.history.loss[:, -1], best.sum() / len(x), rtol=1e-4)


def test_the_run_that_failed_is_named(x, shared):
    data = np.stack([x, x * 1e4, x])
    with pytest.raises(TrainingDiverged, match=r"in run 1 \(seed 0\), one of 1 that failed"):
        sweep(
            make_linear,
            data,
            half_squares,
            seeds=SEEDS,
            per_run_data=True,
            **shared | {"optimizer": optax.sgd(1e-3)},
        )


def test_an_interrupt_keeps_all_runs(x, shared):
    with pytest.raises(TrainingInterrupted) as caught:
        sweep(make_linear, x, half_squares, seeds=SEEDS, **shared | {"progress": Interrupts(10)})
    assert len(caught.value.result.models) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": ()}, "seeds: expected one or more different seeds"),
        ({"seeds": (1, 1)}, "seeds: expected one or more different seeds"),
        ({"seeds": (1.5,)}, r"seeds\[0\]: expected a whole number"),
        ({"per_run_data": True}, r"x: expected \[3, ...\], one entry for each seed"),
    ],
)
def test_bad_values_are_named(change, message, x, shared):
    with pytest.raises(ValueError, match=message):
        sweep(make_linear, x, half_squares, **{"seeds": SEEDS} | shared | change)


def test_models_must_have_one_structure(x, shared):
    sizes = iter([2, 3, 2])
    with pytest.raises(ValueError, match=r"make_model: expected the same structure .* run 1"):
        sweep(
            lambda rngs: models.linear(D, next(sizes), rngs=rngs),
            x,
            half_squares,
            seeds=SEEDS,
            **shared,
        )


def test_defaults_are_those_of_fit():
    one, many = (inspect.signature(each).parameters for each in (fit, sweep))
    both = sorted(set(one) & set(many))
    assert {"batch_size", "steps", "patience"} <= set(both)
    assert [many[name].default for name in both] == [one[name].default for name in both]

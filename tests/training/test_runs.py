"""A sweep over sizes, strengths and noise is a fit for each combination."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import models, penalties
from aelib.training import TrainingDiverged, TrainingInterrupted, _train, fit, sweep
from tests.training.cases import D, half_squares, leaves

SEEDS = (4, 1)
OPTIONS = {"batch_size": None, "steps": 12, "tick_every": 4, "progress": False}
L1 = penalties.on_codes(penalties.l1)


def make_mlp(rngs, latent, width=5):
    return models.mlp(D, latent, hidden=(width,), activation="softplus", rngs=rngs)


def make_tied(rngs, latent):
    return models.tied(D, latent, code_activation="sigmoid", rngs=rngs)


def blur(key, x, level):
    return x + level * jax.random.normal(key, x.shape)


def alone(make_model, x, seed, **options):
    model_key, key = jax.random.split(jax.random.key(seed))
    sizes = options.pop("sizes", {})
    return fit(make_model(nnx.Rngs(model_key), **sizes), x, half_squares, key=key, **options)


def assert_agree(result, index, single):
    for a, b in zip(leaves(result.models[index]), leaves(single.model), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(result.history.loss[index], single.history.loss, rtol=1e-4)


@pytest.mark.parametrize("make_model", [make_mlp, make_tied])
def test_every_size_is_trained_as_if_alone(make_model, x):
    """Also where the activation is not 0 at 0, under an optimizer that uses every gradient."""
    options = OPTIONS | {"optimizer": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02))}
    result = sweep(make_model, x, half_squares, seeds=SEEDS, sizes={"latent": (1, 3)}, **options)
    runs = list(itertools.product((1, 3), SEEDS))
    assert list(zip(result.table["latent"], result.table["seed"], strict=True)) == runs
    for index, (latent, seed) in enumerate(runs):
        single = alone(make_model, x, seed, sizes={"latent": latent}, **options)
        assert_agree(result, index, single)
        assert result.models[index].architecture == single.model.architecture
    errors = result.map(lambda model: jnp.mean((model(x) - x) ** 2))
    single = [np.mean((np.asarray(model(x)) - x) ** 2) for model in result.models]
    np.testing.assert_allclose(errors, single, rtol=1e-5)


def test_strengths_noise_and_widths_in_chunks(x):
    strengths, levels, widths = (0.0, 0.3), (0.0, 0.5), (3, 6)
    result = sweep(
        make_mlp,
        x,
        half_squares,
        seeds=SEEDS,
        sizes={"latent": (2,), "width": widths},
        penalties=[(strengths, L1)],
        corruption=blur,
        noise=levels,
        validation=x[:7],
        chunk=5,
        **OPTIONS,
    )
    expected = list(itertools.product((2,), widths, strengths, levels, SEEDS))
    columns = ["latent", "width", "l1_strength", "noise", "seed"]
    assert [tuple(row) for row in result.table[columns].to_numpy()] == expected
    assert result.history.loss.shape == (16, 3)
    for index in (7, 10):
        _, width, strength, level, seed = expected[index]
        single = alone(
            make_mlp,
            x,
            seed,
            sizes={"latent": 2, "width": width},
            penalties=[(strength, L1)],
            corruption=lambda key, x, level=level: blur(key, x, level),
            validation=x[:7],
            **OPTIONS,
        )
        assert_agree(result, index, single)
        row = result.table.iloc[index]
        np.testing.assert_allclose(row["loss"], single.history.loss[-1], rtol=1e-4)
        np.testing.assert_allclose(row["l1"], single.history.penalties["l1"][-1], rtol=1e-4)
        np.testing.assert_allclose(row["validation"], single.history.validation[-1], rtol=1e-4)
        assert row["steps"] == 12


def test_data_of_a_seed_serve_all_its_settings(x):
    data = np.stack([x, x[::-1] + 1])
    options = OPTIONS | {"sizes": {"latent": (1, 2)}}
    result = sweep(make_mlp, data, half_squares, seeds=SEEDS, per_run_data=True, **options)
    for index, (latent, seed) in enumerate(itertools.product((1, 2), (0, 1))):
        single = alone(make_mlp, data[seed], SEEDS[seed], sizes={"latent": latent}, **OPTIONS)
        assert_agree(result, index, single)


class _Ends:
    """Progress that raises at a given update."""

    def __init__(self, at):
        self.at, self.steps, self.closed = at, [], 0

    def start(self, steps):
        self.total = steps

    def update(self, step, _):
        self.steps.append(step)
        if len(self.steps) == self.at:
            raise KeyboardInterrupt

    def close(self):
        self.closed += 1


@pytest.mark.parametrize(("at", "models_left"), [(2, 2), (5, 2), (8, 4)])
def test_an_interrupt_keeps_the_finished_chunks(at, models_left, x):
    progress = _Ends(at)
    with pytest.raises(TrainingInterrupted, match=f"{models_left} of 6 runs") as caught:
        sweep(
            make_mlp,
            x,
            half_squares,
            seeds=SEEDS,
            sizes={"latent": (1, 2, 3)},
            chunk=2,
            **OPTIONS | {"progress": progress},
        )
    result = caught.value.result
    assert len(result.models) == models_left == len(result.table)
    assert result.table["steps"].tolist() == [8 if at == 2 else 12] * models_left
    assert progress.total == 36
    assert progress.steps == [4 * (tick + 1) for tick in range(at)]
    assert progress.closed == 1


@pytest.mark.parametrize(("at", "models_left"), [(2, 0), (5, 2)])
def test_an_interrupt_inside_a_compiled_call_keeps_the_finished_chunks(
    at, models_left, x, monkeypatch
):
    """The second Ctrl-C: the state of this chunk has been given away, those before it stay."""
    calls, advance_all = itertools.count(1), _train._advance_all

    def interrupted(*given):
        moved = advance_all(*given)
        if next(calls) == at:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(_train, "_advance_all", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        sweep(
            make_mlp, x, half_squares, seeds=SEEDS, sizes={"latent": (1, 2, 3)}, chunk=2, **OPTIONS
        )
    assert isinstance(caught.value, TrainingInterrupted) == bool(models_left)
    if models_left:
        assert len(caught.value.result.models) == models_left


def test_a_run_that_diverges_is_named_and_the_chunks_before_it_are_kept(x):
    message = r"run 2 \(latent 2, l1_strength 1e\+38, seed 4\), one of 2 that failed"
    with pytest.raises(TrainingDiverged, match=message) as caught:
        sweep(
            lambda rngs, latent: models.linear(D, latent, rngs=rngs),
            100 * x,
            half_squares,
            seeds=SEEDS,
            sizes={"latent": (2,)},
            penalties=[((0.0, 1e38), L1)],
            chunk=2,
            **OPTIONS,
        )
    assert len(caught.value.result.models) == 2
    assert np.isfinite(caught.value.result.table["loss"]).all()


class Normed(nnx.Module):
    """Layer normalization looks at all units, so padding changes what it does."""

    def __init__(self, rngs, latent):
        self.model = models.mlp(D, latent, hidden=(4,), rngs=rngs)
        self.norm = nnx.LayerNorm(latent, rngs=rngs)

    def encode(self, x):
        return self.norm(self.model.encode(x))

    def decode(self, codes):
        return self.model.decode(codes)


def crossed(rngs, latent):
    """The model with the shorter code is the wider one."""
    return make_mlp(rngs, latent, width=9 - latent)


@pytest.mark.parametrize(
    ("make_model", "change", "message"),
    [
        (make_mlp, {"sizes": {"latent": ()}}, r"sizes\['latent'\]: expected one or more different"),
        (make_mlp, {"sizes": {"latent": (2, 2)}}, r"sizes\['latent'\]: expected .* different"),
        (make_mlp, {"noise": 0.1}, "noise: expected also a corruption"),
        (make_mlp, {"noise": (0.1, np.nan), "corruption": blur}, "noise: expected finite values"),
        (
            make_mlp,
            {"penalties": [((0.1, -1.0), L1)]},
            r"strength: expected a finite number, at least 0, got -1.0",
        ),
        (make_mlp, {"penalties": [((), L1)]}, r"penalties\[0\]: strengths: expected one or more"),
        (make_mlp, {"chunk": 0}, "chunk: expected a whole number of at least 1, got 0"),
        (make_tied, {"penalties": [(0.1, L1)]}, "penalties: codes of the smaller models, padded"),
        (Normed, {}, r"sizes: Normed.*is not what the largest model is with zeros"),
        (crossed, {}, "sizes: expected one model that is the largest in every size"),
    ],
)
def test_bad_values_are_named(make_model, change, message, x):
    options = OPTIONS | {"sizes": {"latent": (1, 3)}} | change
    with pytest.raises(ValueError, match=message):
        sweep(make_model, x, half_squares, seeds=SEEDS, **options)


def test_sizes_must_be_a_mapping_and_fit_takes_one_strength(x):
    with pytest.raises(TypeError, match="sizes: expected a mapping such as"):
        sweep(make_mlp, x, half_squares, seeds=SEEDS, sizes=(1, 2), **OPTIONS)
    with pytest.raises(TypeError, match=r"penalties\[0\]: expected one strength"):
        alone(make_mlp, x, 0, sizes={"latent": 2}, penalties=[((0.1, 0.2), L1)], **OPTIONS)

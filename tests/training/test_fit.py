"""``fit`` does what a plain loop would do, once compiled."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import likelihoods, penalties
from aelib.training import FitResult, fit
from tests.training.cases import ADAM, D, K, assert_same, half_squares, leaves, make_linear


def plain_loop(model, x, steps, optimizer=ADAM):
    """The same training written out step by step."""
    graphdef, params = nnx.split(model)
    params = nnx.as_pure(params)
    state = optimizer.init(params)
    losses = []

    @jax.jit
    def one(params, state):
        value, gradient = jax.value_and_grad(
            lambda params: half_squares(nnx.merge(graphdef, params)(x), x).mean()
        )(params)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, value

    for _ in range(steps):
        params, state, value = one(params, state)
        losses.append(float(value))
    return nnx.merge(graphdef, params), np.array(losses)


def test_full_batch_is_the_plain_loop(x, options):
    model = make_linear(nnx.Rngs(0))
    expected, losses = plain_loop(model, jnp.asarray(x), 12)
    result = fit(model, x, half_squares, **options | {"steps": 12})
    assert isinstance(result, FitResult)
    for a, b in zip(leaves(result.model), leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(result.history.step, [5, 10, 12])
    ticks = [losses[:5].mean(), losses[5:10].mean(), losses[10:].mean()]
    np.testing.assert_allclose(result.history.loss, ticks, rtol=1e-5)
    np.testing.assert_array_equal(result.history.nats, result.history.loss)
    assert result.history.penalties == {}
    assert result.history.validation is None
    assert result.history.best_step == 12
    assert result.likelihood is half_squares


def test_batches_go_through_every_example_once_an_epoch(options):
    # The loss of example i is 10^i, and the model cannot change it: batch means tell who was in.
    x = 10.0 ** np.arange(6)[:, None] * np.ones((1, D))
    names = lambda outputs, x: x[:, 0] + 0 * outputs[:, 0]  # noqa: E731
    result = fit(
        make_linear(nnx.Rngs(0)),
        x,
        names,
        **options | {"batch_size": 2, "steps": 12, "tick_every": 1},
    )
    sums = np.rint(result.history.loss * 2).astype(int)
    assert (sums.reshape(4, 3).sum(axis=1) == 111111).all()
    assert len({tuple(epoch) for epoch in sums.reshape(4, 3)}) > 1


def test_the_model_and_likelihood_given_are_left_alone(x, options):
    model = make_linear(nnx.Rngs(0))
    likelihood = likelihoods.Gaussian(scale="feature", num_features=D)
    before = [leaf.copy() for leaf in leaves((model, likelihood))]
    result = fit(model, x, likelihood, **options)
    for a, b in zip(leaves((model, likelihood)), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert result.model is not model
    assert result.likelihood is not likelihood
    # All of it was trained, the likelihood's scales too.
    for a, b in zip(leaves((result.model, result.likelihood)), before, strict=True):
        assert not np.array_equal(a, b)


def test_same_key_same_result_and_other_key_another(x, options):
    noisy = options | {"corruption": lambda key, x: x + jax.random.normal(key, x.shape)}
    noisy["batch_size"] = 8
    first, again = (fit(make_linear(nnx.Rngs(0)), x, half_squares, **noisy) for _ in range(2))
    assert_same(first.model, again.model)
    np.testing.assert_array_equal(first.history.loss, again.history.loss)
    other = fit(make_linear(nnx.Rngs(0)), x, half_squares, **noisy | {"key": jax.random.key(2)})
    assert not np.array_equal(first.history.loss, other.history.loss)
    # Where the ticks are makes no difference to the training.
    moved = fit(make_linear(nnx.Rngs(0)), x, half_squares, **noisy | {"tick_every": 7})
    assert_same(first.model, moved.model)


def test_penalties_add_up_and_are_reported_apart(x, options):
    def weight_decay(model, _x, _codes, _key):
        return jnp.sum(model.encoder.layers[0].weight[...] ** 2)

    def moving(_model, x, _codes, key):
        return jax.random.uniform(key, (x.shape[0],))

    terms = [
        (0.5, penalties.on_codes(penalties.l1)),
        (2.0, weight_decay),
        (1.0, moving),
        (3.0, lambda _model, _x, codes, _key: jnp.mean(codes**2, axis=1)),
    ]
    result = fit(make_linear(nnx.Rngs(0)), x, half_squares, penalties=terms, **options)
    history = result.history
    assert list(history.penalties) == ["l1", "weight_decay", "moving", "lambda_3"]
    total = history.nats + sum(
        s * history.penalties[name] for (s, _), name in zip(terms, history.penalties, strict=True)
    )
    np.testing.assert_allclose(history.loss, total, rtol=1e-6)
    assert ((history.penalties["moving"] > 0.2) & (history.penalties["moving"] < 0.8)).all()
    assert len(set(history.penalties["moving"])) == 4  # a new key at each step
    # At the first step everything can be computed by hand.
    one = fit(
        make_linear(nnx.Rngs(0)),
        x,
        half_squares,
        penalties=terms[:2],
        **options | {"steps": 1},
    ).history
    codes = make_linear(nnx.Rngs(0)).encode(jnp.asarray(x))
    assert one.penalties["l1"][0] == pytest.approx(float(penalties.l1(codes).mean()), rel=1e-5)
    assert one.penalties["weight_decay"][0] == pytest.approx(K, rel=1e-5)  # it starts orthogonal


def test_corruption_is_seen_by_the_encoder_only(x, options):
    blank = options | {"corruption": lambda _, x: jnp.zeros_like(x)}
    result = fit(make_linear(nnx.Rngs(0)), x, half_squares, **blank | {"steps": 1})
    model = make_linear(nnx.Rngs(0))
    outputs = model(jnp.zeros_like(x))
    assert result.history.loss[0] == pytest.approx(float(half_squares(outputs, x).mean()), rel=1e-5)


def test_masked_entries_do_not_count_whatever_they_hold(x, options):
    mask = np.random.default_rng(1).random(x.shape) < 0.8
    gaussian = likelihoods.Gaussian(scale=0.5)
    holes = np.where(mask, x, np.nan)
    with_nan = fit(make_linear(nnx.Rngs(0)), holes, gaussian, mask=mask, **options)
    with_zero = fit(make_linear(nnx.Rngs(0)), np.where(mask, x, 0), gaussian, mask=mask, **options)
    assert_same(with_nan.model, with_zero.model)
    assert np.isfinite(with_nan.history.loss).all()
    # Corruption cannot put anything where nothing was observed.
    noise = {"corruption": lambda _, x: x + 1.0, "steps": 1}
    result = fit(make_linear(nnx.Rngs(0)), holes, gaussian, mask=mask, **options | noise)
    filled = np.where(mask, x, 0)
    outputs = make_linear(nnx.Rngs(0))(jnp.asarray(np.where(mask, filled + 1, 0)))
    expected = -gaussian.log_prob(outputs, filled, mask=mask).mean()
    assert result.history.nats[0] == pytest.approx(float(expected), rel=1e-5)


def test_weights_count_by_their_ratios(x, options):
    twice = np.ones(len(x))
    twice[:10] = 2
    weighted = fit(make_linear(nnx.Rngs(0)), x, half_squares, weights=twice, **options)
    repeated = fit(make_linear(nnx.Rngs(0)), np.concatenate([x, x[:10]]), half_squares, **options)
    np.testing.assert_allclose(weighted.history.loss, repeated.history.loss, rtol=1e-5)
    scaled = fit(make_linear(nnx.Rngs(0)), x, half_squares, weights=1000 * twice, **options)
    np.testing.assert_allclose(scaled.history.loss, weighted.history.loss, rtol=1e-5)


def test_exposure_and_integer_counts_reach_the_likelihood(options):
    counts = np.random.default_rng(0).poisson(3.0, (16, D))
    exposure = np.linspace(1, 4, 16)
    model = make_linear(nnx.Rngs(0))
    one = options | {"steps": 1}
    result = fit(model, counts, likelihoods.Poisson(), exposure=exposure, **one)
    outputs = model(jnp.asarray(counts))
    expected = -likelihoods.Poisson().log_prob(outputs, counts, exposure=jnp.asarray(exposure))
    assert result.history.nats[0] == pytest.approx(float(expected.mean()), rel=1e-5)


def test_a_likelihood_of_ones_own_need_not_be_a_module(x, options):
    class Laplace:
        num_outputs = 1

        def log_prob(self, outputs, x, **_):
            return -jnp.sum(jnp.abs(x - outputs), axis=-1)

    own = Laplace()
    result = fit(make_linear(nnx.Rngs(0)), x, own, **options)
    assert result.likelihood is own
    assert result.history.loss[-1] < result.history.loss[0]


@pytest.mark.parametrize("tree", [False, True], ids=["graph", "tree"])
def test_both_nnx_modes_give_the_same(tree, x, options):
    expected = fit(make_linear(nnx.Rngs(0)), x, half_squares, **options)
    with nnx.set_graph_mode(not tree), nnx.set_graph_updates(not tree):
        result = fit(make_linear(nnx.Rngs(0)), x, half_squares, **options)
    assert_same(result.model, expected.model)


def test_x64_is_kept(x, options):
    with jax.enable_x64(True):
        model = make_linear(nnx.Rngs(0))
        result = fit(model, x, half_squares, **options | {"key": jax.random.key(1)})
        assert {leaf.dtype for leaf in leaves(result.model)} == {np.dtype("float64")}
        assert result.history.loss.dtype == np.float64


def test_early_stopping_returns_the_best(x, options):
    # A large learning rate on a few examples: validation falls, then rises.
    options = options | {"steps": 400, "tick_every": 4}
    result = fit(
        make_linear(nnx.Rngs(0)),
        x[:4],
        half_squares,
        validation=x[4:],
        patience=3,
        **options | {"optimizer": optax.adam(0.1)},
    )
    history = result.history
    best = int(np.argmin(history.validation))
    assert len(history.step) == best + 4 < 100  # three ticks later, long before the end
    assert history.best_step == history.step[best]
    now = half_squares(result.model(jnp.asarray(x[4:])), x[4:]).mean()
    assert float(now) == pytest.approx(history.validation[best], rel=1e-5)
    # Without patience the last parameters come back, after all steps.
    patient = fit(
        make_linear(nnx.Rngs(0)),
        x[:4],
        half_squares,
        validation={"x": x[4:]},
        **options | {"optimizer": optax.adam(0.1), "steps": 40},
    )
    assert patient.history.best_step == 40
    now = half_squares(patient.model(jnp.asarray(x[4:])), x[4:]).mean()
    assert float(now) == pytest.approx(patient.history.validation[-1], rel=1e-5)


def test_progress_is_told_and_can_be_replaced(x, options, capsys):
    told = []

    class Recorder:
        def start(self, steps):
            told.append(("start", steps))

        def update(self, step, values):
            told.append((step, sorted(values)))

        def close(self):
            told.append("close")

    result = fit(make_linear(nnx.Rngs(0)), x, half_squares, **options | {"progress": Recorder()})
    middle = [(step, ["loss"]) for step in (5, 10, 15, 20)]
    assert told == [("start", 20), *middle, "close"]
    assert capsys.readouterr() == ("", "")
    shown = fit(make_linear(nnx.Rngs(0)), x, half_squares, **options | {"progress": True})
    assert "20/20" in capsys.readouterr().err
    assert_same(result.model, shown.model)

"""Failures say what went wrong and where; what was given stays whole."""

import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import data, likelihoods, models, penalties
from aelib.training import TrainingDiverged, TrainingInterrupted, fit
from tests.training.cases import D, half_squares, leaves, make_linear


def diverge(model, x, loss, options, **more):
    before = [leaf.copy() for leaf in leaves(model)]
    with pytest.raises(TrainingDiverged) as caught:
        fit(model, x, loss, **options | more)
    for a, b in zip(leaves(model), before, strict=True):
        np.testing.assert_array_equal(a, b)
    return caught.value


def test_overflowing_outputs(x, options):
    error = diverge(make_linear(nnx.Rngs(0)), x, half_squares, options, optimizer=optax.sgd(1e4))
    assert error.part == "outputs"
    assert f"training stopped at step {error.step}: the model's raw outputs" in str(error)
    assert error.last_finite_loss > 1e4
    assert error.step > 1


def test_a_gradient_that_is_not_finite_is_blamed_on_its_step(x, options):
    # sqrt has an infinite slope at 0, times 0: the loss is finite and its gradient is not.
    def root(outputs, x):
        return jnp.sqrt(jnp.sum(0 * outputs, axis=-1)) + jnp.sum(x, axis=-1)

    error = diverge(make_linear(nnx.Rngs(0)), x, root, options)
    assert (error.part, error.step) == ("parameters", 1)
    assert "its update made the parameters not finite" in str(error)
    assert error.last_finite_loss is not None
    # Also where it is the very last step, which no other follows to notice.
    error = diverge(make_linear(nnx.Rngs(0)), x, root, options, steps=1)
    assert (error.part, error.step) == ("parameters", 1)


def test_parameters_broken_from_the_start(x, options):
    model = make_linear(nnx.Rngs(0))
    model.encoder.layers[0].weight[...] = jnp.nan
    error = diverge(model, x, half_squares, options)
    assert (error.part, error.step, error.last_finite_loss) == ("parameters", 0, None)
    assert "the parameters given are not finite; no loss was finite" in str(error)


class Offset(nnx.Module):
    """Gives back a bias, whatever goes in."""

    def __init__(self):
        self.bias = nnx.Param(jnp.zeros(D))

    def encode(self, x):
        return x[:, :1]

    def decode(self, codes):
        return 0 * codes + self.bias[...]


def test_the_likelihood_at_a_known_step(x, options):
    # Each step of plain descent on the mean of outputs lowers the bias by 1 / D, from 0.
    def logarithm(outputs, _):
        end = jnp.log(1.5 / D + outputs[:, 0])
        return jnp.mean(outputs, axis=-1) + jax.lax.stop_gradient(end)

    error = diverge(Offset(), x, logarithm, options, optimizer=optax.sgd(1.0))
    assert (error.part, error.step) == ("likelihood", 3)
    assert "the likelihood is nan for finite raw outputs" in str(error)


def test_each_penalty_by_its_name(x, options):
    def fine(_model, _x, codes, _key):
        return jnp.mean(codes**2)

    def late(model, _x, _codes, _key):
        # NaN once the first bias has moved, which takes one step.
        moved = jnp.abs(model.decoder.layers[0].bias[0]) > 0
        return jnp.where(moved, jnp.nan, 0.0)

    terms = [(1.0, fine), (1.0, late)]
    error = diverge(make_linear(nnx.Rngs(0)), x, half_squares, options, penalties=terms)
    assert (error.part, error.step) == ("late", 2)
    assert "step 2: the penalty 'late' is nan; the last finite loss was" in str(error)
    assert len(error.history.step) == 0


def test_history_up_to_the_failure_is_kept(x, options):
    schedule = optax.piecewise_constant_schedule(1e-2, {12: 1e20})
    error = diverge(
        make_linear(nnx.Rngs(0)), x, half_squares, options, optimizer=optax.sgd(schedule)
    )
    np.testing.assert_array_equal(error.history.step, [5, 10])
    assert error.step > 12


def test_a_validation_loss_of_nan(x, options):
    def zero_over_zero(outputs, x):
        return half_squares(outputs, x) + 0.0 / (x[:, 0] - 123.0)

    validation = np.full((3, D), 123.0)
    error = diverge(make_linear(nnx.Rngs(0)), x, zero_over_zero, options, validation=validation)
    assert (error.part, error.step) == ("validation", 5)


def test_an_interrupt_keeps_what_was_trained(x, options):
    class Impatient:
        def start(self, steps):
            pass

        def update(self, step, _):
            if step == 10:
                raise KeyboardInterrupt

        def close(self):
            self.closed = True

    bar = Impatient()
    model = make_linear(nnx.Rngs(0))
    with pytest.raises(TrainingInterrupted, match="after 10 of 20 steps") as caught:
        fit(model, x, half_squares, **options | {"progress": bar})
    assert isinstance(caught.value, KeyboardInterrupt)
    assert bar.closed
    result = caught.value.result
    shorter = fit(model, x, half_squares, **options | {"steps": 10})
    for a, b in zip(leaves(result.model), leaves(shorter.model), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(result.history.step, [5, 10])


def test_a_signal_waits_for_the_tick(x, options):
    class Signals:
        def start(self, steps):
            pass

        def update(self, step, _):
            if step == 10:
                os.kill(os.getpid(), signal.SIGINT)

        def close(self):
            pass

    # A process started in the background is born deaf to the signal.
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(TrainingInterrupted) as caught:
            fit(make_linear(nnx.Rngs(0)), x, half_squares, **options | {"progress": Signals()})
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, outside)
    assert caught.value.result.history.step[-1] == 10


GAUSSIAN = likelihoods.Gaussian()
COUNTS = likelihoods.Poisson()
ONES = np.ones((40, D))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 41}, "batch_size: 41 is more than the 40 examples; None takes all"),
        ({"batch_size": 0}, "batch_size: expected a whole number of at least 1, got 0"),
        ({"steps": 2.5}, "steps: expected a whole number of at least 1, got 2.5"),
        ({"tick_every": 0}, "tick_every: expected a whole number"),
        ({"patience": 3}, "patience: needs validation data"),
        ({"validation": np.ones((3, D)), "patience": 0}, "patience: expected a whole number"),
        ({"validation": np.ones((3, 5))}, r"validation: x: expected shape \[n, 6\]"),
        ({"validation": {"y": 1}}, "validation: expected x among its entries"),
        ({"validation": {"x": np.ones((3, D)), "y": 1}}, "validation: expected .*; got 'y'"),
        ({"weights": np.ones(39)}, r"weights: expected shape \(40,\), got \(39,\)"),
        ({"weights": -np.ones(40)}, "weights: expected values >= 0"),
        (
            {"weights": np.full(40, np.inf)},
            r"weights: expected finite values, got inf at index \(0,",
        ),
        ({"loss": GAUSSIAN, "exposure": np.ones((40, 1))}, r"exposure: expected shape \(40,\)"),
        ({"loss": GAUSSIAN, "mask": np.ones((40, D))}, "mask: expected booleans of x's shape"),
        (
            {"loss": GAUSSIAN, "mask": np.ones((40, 1), bool)},
            "mask: expected booleans of x's shape",
        ),
        ({"loss": GAUSSIAN, "mask": np.zeros((40, D), bool)}, "mask: expected some values"),
        ({"loss": COUNTS, "x": ONES, "exposure": np.arange(40)}, "exposure: expected .*positive"),
        (
            {"loss": COUNTS, "x": ONES, "exposure": np.ones(40), "validation": ONES},
            "validation: expected an exposure as for the training data",
        ),
        (
            {"loss": COUNTS, "x": ONES, "validation": -ONES},
            "validation: x: expected counts",
        ),
        ({"x": np.ones((40, 5))}, r"x: expected shape \[n, 6\].*got \(40, 5\)"),
        ({"x": np.ones(40)}, r"x: expected \[n, ...\]"),
        ({"x": np.ones((0, D))}, r"x: expected \[n, ...\] with n of at least 1"),
        ({"x": np.full((40, D), "a")}, "x: expected numbers"),
        (
            {"x": np.where(np.arange(40 * D).reshape(40, D) == 20, np.nan, 1)},
            r"nan at index \(3, 2\)",
        ),
        (
            {"penalties": [(-1.0, penalties.on_codes(penalties.l1))]},
            r"penalties\[0\]: expected a strength >= 0",
        ),
        ({"loss": likelihoods.Bernoulli(), "x": np.full((40, D), 1.5)}, "1.5"),
        (
            {"loss": lambda outputs, x: jnp.sum(outputs - x)},
            r"loss: expected a result of shape \(40,\)",
        ),
        (
            {"penalties": [(1.0, lambda _m, _x, z, _k: z)]},
            r"penalties\[0\]: expected a result of shape",
        ),
        ({"corruption": lambda _, x: x[:1]}, "corruption: expected a result of shape"),
    ],
)
def test_bad_values_are_named(change, message, x, options):
    arguments = {"x": x, "loss": half_squares} | options | change
    with pytest.raises(ValueError, match=message):
        fit(make_linear(nnx.Rngs(0)), arguments.pop("x"), arguments.pop("loss"), **arguments)


def test_a_dataset_in_place_of_its_array_is_told_apart(options):
    digits = data.load("digits")
    with pytest.raises(TypeError, match=r"x: expected an array \[n, ...\], got a Dataset"):
        fit(make_linear(nnx.Rngs(0)), digits, half_squares, **options)


class WithDropout(nnx.Module):
    def __init__(self):
        self.layer = nnx.Linear(D, D, rngs=nnx.Rngs(0))
        self.dropout = nnx.Dropout(0.5, rngs=nnx.Rngs(0))

    def encode(self, x):
        return self.dropout(self.layer(x))

    def decode(self, codes):
        return codes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": 0}, "key: expected a key such as jax.random.key"),
        ({"key": jax.random.split(jax.random.key(0))}, "key: expected one key"),
        ({"optimizer": 1e-3}, "optimizer: expected an optax optimizer"),
        ({"loss": "mse"}, "loss: expected a likelihood"),
        ({"loss": likelihoods.Gaussian}, "loss: expected a likelihood"),
        ({"corruption": 0.1}, "corruption: expected a callable"),
        ({"penalties": [half_squares]}, r"penalties\[0\]: expected \(strength, penalty\)"),
        ({"penalties": [(1.0, penalties.l1)]}, r"penalties\[0\]: expected penalty\(.*on_codes"),
        ({"mask": np.ones((40, D), bool)}, "mask: only a likelihood can take it"),
        ({"exposure": np.ones(40)}, "exposure: only a likelihood can take it"),
        ({"progress": "bar"}, "progress: expected True, False or an object"),
        ({"mesh": 2}, "mesh: expected a jax.sharding.Mesh"),
        ({"model": nnx.Linear(D, D, rngs=nnx.Rngs(0))}, "model: .* with encode and decode"),
        ({"model": WithDropout()}, "model: dropout.* changes with every call"),
    ],
)
def test_wrong_kinds_are_named(change, message, x, options):
    arguments = {"model": make_linear(nnx.Rngs(0)), "loss": half_squares} | options | change
    with pytest.raises(TypeError, match=message):
        fit(arguments.pop("model"), x, arguments.pop("loss"), **arguments)


def test_a_model_with_nothing_to_train(x, options):
    class Nothing(nnx.Module):
        def encode(self, x):
            return x

        def decode(self, codes):
            return codes

    with pytest.raises(ValueError, match=r"model: has no nnx\.Param"):
        fit(Nothing(), x, half_squares, **options)


def test_outputs_of_the_wrong_shape_for_the_likelihood(x, options):
    model = models.linear(D, 2, outputs_per_feature=3, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="outputs"):
        fit(model, x, GAUSSIAN, **options)

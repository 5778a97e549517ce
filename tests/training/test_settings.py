"""Arguments that do not fit are named before anything is compiled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import data, likelihoods, models, penalties
from aelib.training import fit
from tests.training.cases import D, half_squares, make_linear

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
        (
            {"x": np.where(np.arange(40 * D).reshape(40, D) == 20, np.nan, 1)},
            r"nan at index \(3, 2\)",
        ),
        (
            {"penalties": [(-1.0, penalties.on_codes(penalties.l1))]},
            r"penalties\[0\]: strength: expected a finite number, at least 0",
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


def test_text_is_no_data(options):
    with pytest.raises(TypeError, match="x: expected real numbers, got dtype <U1"):
        fit(make_linear(nnx.Rngs(0)), np.full((40, D), "a"), half_squares, **options)


def test_a_dataset_in_place_of_its_array_is_told_apart(options):
    digits = data.load("digits")
    with pytest.raises(TypeError, match="x: expected an array, got a Dataset; pass its"):
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

"""Failures say what went wrong and where; what was given stays whole."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib.training import TrainingDiverged, fit
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

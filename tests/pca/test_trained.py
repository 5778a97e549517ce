"""What training finds on real digits, against what the theorems say it must find."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import aelib
from aelib import pca
from aelib.lab import regularized_pca

pytestmark = pytest.mark.exact

K = 8
STEPS = 2000


def digits() -> np.ndarray:
    x = aelib.data.load("digits").x.astype(np.float64)
    return x - x.mean(axis=0)


def half_squares(outputs, x):
    """Gaussian nats at scale 1, without their constant."""
    return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)


def half_norm(model, x, codes, key):
    """Half the squared norm of both weight matrices; biases are free."""
    del x, codes, key
    encoder, decoder = model.encoder.layers[0].weight, model.decoder.layers[0].weight
    return 0.5 * (jnp.sum(encoder[...] ** 2) + jnp.sum(decoder[...] ** 2))


def train(make, x, seed=0, penalties=(), steps=STEPS):
    # Adam's steps have the size of the learning rate however small the gradient, so the rate has
    # to fall to zero; a line search would stall where float32 can no longer tell two losses apart.
    result = aelib.training.fit(
        make(x.shape[1], K, rngs=nnx.Rngs(seed)),
        x,
        half_squares,
        penalties=penalties,
        optimizer=optax.adam(optax.cosine_decay_schedule(0.1, steps), b2=0.99),
        batch_size=None,
        steps=steps,
        progress=False,
        key=jax.random.key(seed),
    )
    return result.model


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("make", [aelib.models.linear, aelib.models.tied])
def test_training_reaches_the_pca_optimum(make, x64):
    loss_bound, angle_bound = (1e-10, 1e-6) if x64 else (1e-6, 1e-4)
    with jax.enable_x64(x64):
        x = jnp.asarray(digits())
        assert x.dtype == (jnp.float64 if x64 else jnp.float32)
        result = pca.compare(train(make, x), x)
    assert 0 <= result.relative_excess_loss < loss_bound
    assert result.largest_angle < angle_bound
    assert result.recovered_cosines.min() >= 0.999
    if make is aelib.models.tied:
        assert result.orthonormality_error < (1e-12 if x64 else 1e-6)


@pytest.mark.parametrize("strength", [10.0, 100.0])
def test_the_regularized_autoencoder_shrinks_as_kunin_et_al_say(strength):
    with jax.enable_x64(True):
        x = jnp.asarray(digits())
        # The mean of halves over n examples: dividing the objective by 2 n moves no minimum.
        model = train(aelib.models.linear, x, penalties=[(strength / len(x), half_norm)])
        result = pca.compare(model, x)
        encoder = np.linalg.svd(model.encoder.layers[0].weight[...], compute_uv=False)
    expected = regularized_pca.singular_values(x, strength, K)
    np.testing.assert_allclose(result.decoder_singular_values, expected, atol=1e-5)
    np.testing.assert_allclose(encoder, expected, atol=1e-5)
    # And the axes themselves are found, which without the penalty they are not.
    assert result.decoder_cosines.min() > 0.999
    objective = len(x) * result.loss + strength * 2 * (expected**2).sum()
    assert objective == pytest.approx(regularized_pca.loss_optimum(x, strength, K), rel=1e-9)


def test_a_strong_penalty_gives_up_axes():
    x = digits()
    squares = np.linalg.svd(x, compute_uv=False) ** 2
    strength = float((squares[4] + squares[5]) / 2)
    predicted = regularized_pca.singular_values(x, strength, K)
    assert (predicted > 0).sum() == 5
    np.testing.assert_allclose(predicted[:5], np.sqrt(1 - strength / squares[:5]), rtol=1e-10)
    with jax.enable_x64(True):
        model = train(
            aelib.models.linear, jnp.asarray(x), penalties=[(strength / len(x), half_norm)]
        )
        found = np.linalg.svd(model.decoder.layers[0].weight[...], compute_uv=False)
    np.testing.assert_allclose(found, predicted, atol=1e-5)


def test_closed_forms_agree_with_each_other():
    x = digits()
    assert regularized_pca.loss_optimum(x, 0.0, K) == pytest.approx(
        len(x) * pca.linear_loss_optimum(x, K), rel=1e-12
    )
    np.testing.assert_array_equal(regularized_pca.singular_values(x, 0.0, K), np.ones(K))
    shifted = x + 1.0
    assert pca.linear_loss_optimum(shifted, K) == pytest.approx(
        pca.linear_loss_optimum(x, K), rel=1e-12
    )
    assert pca.linear_loss_optimum(shifted, K, use_bias=False) > pca.linear_loss_optimum(x, K)


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_strength_has_to_be_a_strength(strength):
    with pytest.raises(ValueError, match="strength: expected a finite number, at least 0"):
        regularized_pca.singular_values(digits(), strength, K)

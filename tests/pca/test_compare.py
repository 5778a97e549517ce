"""The comparison against losses in 60 digits, and what it refuses."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flax import nnx

import aelib
from aelib import pca


def data(n=40, d=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * np.arange(d, 0, -1) + rng.normal(size=d)


class Maps:
    """An affine autoencoder in NumPy."""

    def __init__(self, encoder, decoder, offset, code_offset=0.0):
        self.encoder, self.decoder = encoder, decoder
        self.offset, self.code_offset = offset, code_offset

    def encode(self, x):
        return x @ self.encoder + self.code_offset

    def decode(self, codes):
        return codes @ self.decoder + self.offset

    def __call__(self, x):
        return self.decode(self.encode(x))


def exact_excess(x, model, k):
    """Relative excess loss with 60 digits: the difference of the two losses, as it stands."""
    with mpmath.workdps(60):
        X, E, D = (mpmath.matrix(m.tolist()) for m in (x, model.encoder, model.decoder))
        n, d = X.rows, X.cols
        mean = [mpmath.fsum(X[i, j] for i in range(n)) / n for j in range(d)]
        centered = mpmath.matrix(n, d)
        residual = X - X * E * D
        constant = mpmath.matrix([[float(c) for c in np.broadcast_to(model.code_offset, k)]]) * D
        for i in range(n):
            for j in range(d):
                centered[i, j] = X[i, j] - mean[j]
                residual[i, j] -= constant[j] + mpmath.mpf(float(model.offset[j]))
        loss = mpmath.fsum(r**2 for r in residual) / n
        variances = sorted(mpmath.eigsy(centered.T * centered / n, eigvals_only=True))
        optimum = mpmath.fsum(variances[: d - k])
        return float((loss - optimum) / optimum), float(optimum)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
def test_excess_loss_is_seen_far_below_the_rounding_of_a_loss(size):
    x, k = data(), 2
    best = pca.fit(x, k)
    rng = np.random.default_rng(1)
    model = Maps(
        best.basis + size * rng.normal(size=(5, k)),
        best.components + size * rng.normal(size=(k, 5)),
        best.mean - best(np.zeros(5)) * 0 - best.components.T @ (best.components @ best.mean),
        code_offset=size * rng.normal(size=k),
    )
    expected, optimum = exact_excess(x, model, k)
    result = pca.compare(model, x)
    assert result.optimal_loss == pytest.approx(optimum, rel=1e-12)
    # Relative to the excess itself, down to 1e-19 of the optimum, where the difference of two
    # losses sees nothing. The weights themselves carry rounding of 1e-16, hence the second term.
    assert result.relative_excess_loss == pytest.approx(expected, rel=1e-6 + 1e-14 / size)


def test_parts_of_the_excess_are_what_they_say():
    x, k = data(), 2
    best, mean = pca.fit(x, k), data().mean(axis=0)
    basis, level = best.basis, pca.fit(x, k, spectrum=True).spectrum * 39 / 40
    zero = np.zeros(5)

    wrong_axis = np.linalg.svd(x - mean)[2][[0, 2]]
    parts = pca.compare(Maps(wrong_axis.T, wrong_axis, mean - wrong_axis.T @ wrong_axis @ mean), x)
    assert parts.subspace_excess == pytest.approx(level[1] - level[2], rel=1e-10)
    assert parts.projection_excess + parts.offset_excess < 1e-24

    shrunk = pca.compare(Maps(basis * 0.5, basis.T, mean - 0.5 * basis @ basis.T @ mean), x)
    assert shrunk.projection_excess == pytest.approx(0.25 * level[:2].sum(), rel=1e-10)
    assert shrunk.subspace_excess + shrunk.offset_excess < 1e-24

    shifted = pca.compare(Maps(basis, basis.T, mean - basis @ basis.T @ mean + 0.1), x)
    assert shifted.offset_excess == pytest.approx(5 * 0.01, rel=1e-10)

    nothing = pca.compare(Maps(basis * 0, basis.T * 0, zero), x)
    assert nothing.loss == pytest.approx((x**2).sum(axis=1).mean(), rel=1e-12)
    assert nothing.largest_angle == np.pi / 2
    assert len(nothing.angles) == 0


def test_small_variances_keep_their_digits_beside_a_large_one():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(40, 3))
    centered = np.linalg.qr(draws - draws.mean(axis=0))[0]
    variances = np.array([1e12, 1.0, 0.5])
    x = centered * np.sqrt(len(centered) * variances)
    turned = np.array([[1, 0, 0], [0, np.cos(0.1), np.sin(0.1)]])  # away from the second axis
    model = Maps(turned.T, turned, -x.mean(axis=0) @ turned.T @ turned + x.mean(axis=0))
    result = pca.compare(model, x)
    assert result.subspace_excess == pytest.approx(0.5 * np.sin(0.1) ** 2, rel=1e-8)


def test_rank_below_the_code_size():
    x = data()
    axis = pca.fit(x, 1)
    twice = Maps(
        np.hstack([axis.basis] * 2) / 2,
        np.vstack([axis.components] * 2),
        axis.mean - axis.basis @ (axis.components @ axis.mean),
    )
    result = pca.compare(twice, x)
    second = pca.fit(x, 2, spectrum=True).spectrum[1] * 39 / 40
    assert result.num_components == 2
    assert len(result.angles) == 1
    assert result.subspace_excess == pytest.approx(second, rel=1e-10)
    assert result.largest_angle == np.pi / 2


def test_axes_come_back_from_the_reconstructions_not_from_the_decoder():
    x, k = data(n=200), 3
    best = pca.fit(x, k)
    mix = np.random.default_rng(4).normal(size=(k, k))
    model = Maps(
        best.basis @ np.linalg.inv(mix),
        mix @ best.components,
        best.mean - best.basis @ (best.components @ best.mean),
    )
    result = pca.compare(model, x)
    assert result.largest_angle < 1e-13
    assert result.relative_excess_loss < 1e-26
    np.testing.assert_allclose(result.recovered_cosines, 1.0, atol=1e-12)
    np.testing.assert_allclose(np.abs(result.recovered_axes), np.abs(best.components), atol=1e-10)
    assert result.decoder_cosines.min() < 0.9


def test_fewer_examples_than_features():
    x = np.random.default_rng(0).normal(size=(6, 20))
    result = pca.compare(pca.fit(x, 3), x)
    assert result.relative_excess_loss < 1e-26
    assert pca.compare(pca.fit(x, 5), x).optimal_loss == pytest.approx(0.0, abs=1e-28)


@pytest.mark.parametrize("make", [aelib.models.linear, aelib.models.tied])
@pytest.mark.parametrize("use_bias", [True, False])
def test_reads_the_weights_of_our_models_bit_by_bit(make, use_bias):
    x = jnp.asarray(data(), jnp.float32)
    model = make(5, 2, use_bias=use_bias, rngs=nnx.Rngs(0))
    weight = np.asarray(model.encoder.layers[0].weight[...], np.float64)
    result = pca.compare(model, x)
    np.testing.assert_array_equal(result.encoder_gram, weight.T @ weight)
    losses = ((np.asarray(model(x), np.float64) - np.asarray(x)) ** 2).sum(axis=1)
    assert result.loss == pytest.approx(losses.mean(), rel=1e-5)


def test_bare_callables_in_jax_and_numpy_agree_with_the_model():
    x = data()
    model = aelib.models.tied(5, 2, rngs=nnx.Rngs(0))
    weight = np.asarray(model.encoder.layers[0].weight[...], np.float64)
    whole = pca.compare(model, x)
    for function in (lambda v: model(v), lambda v: v @ weight @ weight.T):
        bare = pca.compare(function, x)
        assert bare.num_components == 2
        assert bare.loss == pytest.approx(whole.loss, rel=1e-5)
        np.testing.assert_allclose(bare.angles, whole.angles, rtol=1e-5)
        assert bare.encoder_gram is None
        assert np.isnan(bare.orthonormality_error)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_refuses_networks_that_bend(activation):
    model = aelib.models.mlp(5, 2, hidden=(8,), activation=activation, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="model: expected an affine map, such as a linear or tied"):
        pca.compare(model, data())


def test_says_what_is_wrong():
    x = data()
    with pytest.raises(TypeError, match="model: expected a callable"):
        pca.compare(3, x)
    with pytest.raises(ValueError, match=r"model: expected outputs of the shape of x, \[n, 5\]"):
        pca.compare(lambda v: v[:, :3], x)
    with pytest.raises(ValueError, match="expected a map of"):
        pca.compare(lambda v: v.sum(), x)
    with pytest.raises(ValueError, match="expected finite outputs, got NaN"):
        pca.compare(lambda v: v + np.where(v > 1, np.nan, 0.0), x)
    with pytest.raises(ValueError, match="x: expected finite values"):
        pca.compare(lambda v: v, np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="num_components: expected at least the rank of the model"):
        pca.compare(lambda v: v, x, num_components=2)


def test_does_not_train_under_the_readers_feet():
    """The model is only read: comparing twice gives the same, and jit caches are not needed."""
    model = aelib.models.linear(5, 2, rngs=nnx.Rngs(1))
    before = jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(model)))
    first, second = pca.compare(model, data()), pca.compare(model, data())
    assert first.loss == second.loss
    after = jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(model)))
    jax.tree.map(np.testing.assert_array_equal, before, after)

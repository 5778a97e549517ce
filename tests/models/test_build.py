import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import data, models


@contextlib.contextmanager
def mode(tree: bool):
    """NNX's graph mode or its coming tree mode."""
    with nnx.set_graph_mode(not tree), nnx.set_graph_updates(not tree):
        yield


def every_model(rngs):
    yield models.linear(6, 3, rngs=rngs)
    yield models.linear(6, 3, use_bias=False, outputs_per_feature=2, rngs=rngs)
    yield models.tied(6, 3, rngs=rngs)
    yield models.mlp(6, 3, hidden=(5, 4), activation="tanh", rngs=rngs)
    yield models.mlp(6, 3, hidden=(), outputs_per_feature=3, rngs=rngs)


@pytest.mark.parametrize("tree", [False, True], ids=["graph", "tree"])
def test_shapes_splitting_and_merging_in_both_modes(tree):
    x = jax.random.normal(jax.random.key(0), (4, 6))
    with mode(tree):
        for model in every_model(nnx.Rngs(0)):
            p = dict(model.architecture.arguments).get("outputs_per_feature", 1)
            outputs = model(x)
            assert model.encode(x).shape == (4, 3)
            assert outputs.shape == (4, 6) if p == 1 else (4, 6, p)
            np.testing.assert_array_equal(model.decode(model.encode(x)), outputs)
            graphdef, state = nnx.split(model)
            np.testing.assert_array_equal(nnx.merge(graphdef, nnx.as_pure(state))(x), outputs)
            gradient = nnx.grad(lambda m: jnp.sum(m(x) ** 2))(model)
            shapes = [leaf.shape for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))]
            assert [leaf.shape for leaf in jax.tree.leaves(gradient)] == shapes


def test_the_leading_axes_are_free():
    model = models.linear(6, 3, outputs_per_feature=2, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (2, 4, 6))
    outputs = model(x)
    assert outputs.shape == (2, 4, 6, 2)
    np.testing.assert_allclose(model(x[1, 3]), outputs[1, 3], rtol=1e-5, atol=1e-6)


def test_tied_decodes_with_the_transpose_of_one_variable():
    model = models.tied(6, 3, rngs=nnx.Rngs(0))
    weight = model.encoder.layers[0].weight
    assert sum(leaf.ndim == 2 for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))) == 1
    z = jnp.eye(3)
    np.testing.assert_allclose(model.decode(z), weight[...].T, rtol=1e-6)
    weight[...] = 2 * weight[...]
    np.testing.assert_allclose(model.decode(z), weight[...].T, rtol=1e-6)
    # Both uses of the weight reach its gradient.
    x = jax.random.normal(jax.random.key(1), (5, 6))
    model = models.tied(6, 3, use_bias=False, rngs=nnx.Rngs(0))
    gradient = nnx.grad(lambda m: jnp.sum(m(x)))(model)["encoder"]["layers"][0]["weight"]
    w = np.asarray(model.encoder.layers[0].weight[...], np.float64)
    x = np.asarray(x, np.float64)
    ones = np.ones((5, 6))
    np.testing.assert_allclose(gradient[...], x.T @ ones @ w + ones.T @ x @ w, rtol=1e-4, atol=1e-4)


def test_layers_can_be_read_from_outside():
    model = models.mlp(6, 3, hidden=(5, 4), activation="tanh", rngs=nnx.Rngs(0))
    layers = model.encoder.layers
    assert isinstance(layers, tuple)
    assert [layer.weight.shape for layer in layers] == [(6, 5), (5, 4), (4, 3)]
    assert [layer.activation for layer in layers] == ["tanh", "tanh", "identity"]
    x = np.asarray(jax.random.normal(jax.random.key(0), (4, 6)), np.float64)
    by_hand = x
    for layer in layers:
        by_hand = by_hand @ np.asarray(layer.weight[...]) + np.asarray(layer.bias[...])
        by_hand = np.tanh(by_hand) if layer.activation == "tanh" else by_hand
    np.testing.assert_allclose(model.encode(jnp.asarray(x)), by_hand, rtol=1e-5, atol=1e-6)


def test_code_activation_bounds_the_codes():
    model = models.mlp(6, 3, hidden=(4,), code_activation="sigmoid", rngs=nnx.Rngs(0))
    codes = model.encode(jax.random.normal(jax.random.key(0), (50, 6)) * 3)
    assert ((codes > 0) & (codes < 1)).all()


def test_initial_weights_of_linear_models_are_orthogonal():
    for model in (models.linear(40, 7, rngs=nnx.Rngs(3)), models.tied(40, 7, rngs=nnx.Rngs(3))):
        weight = model.encoder.layers[0].weight[...]
        np.testing.assert_allclose(weight.T @ weight, np.eye(7), atol=1e-5)
    decoder = models.linear(40, 7, rngs=nnx.Rngs(3)).decoder.layers[0].weight[...]
    np.testing.assert_allclose(decoder @ decoder.T, np.eye(7), atol=1e-5)
    overcomplete = models.linear(4, 9, rngs=nnx.Rngs(3)).encoder.layers[0].weight[...]
    np.testing.assert_allclose(overcomplete @ overcomplete.T, np.eye(4), atol=1e-5)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2.0), ("tanh", 1.0)])
def test_initial_weights_keep_the_variance(activation, gain):
    layer = models.Dense(300, 200, activation=activation, rngs=nnx.Rngs(0))
    weights = np.asarray(layer.weight[...], np.float64)
    # 60,000 draws: the standard error of their variance is 0.6 % of it, of their mean 0.4 % of sd.
    assert weights.var() == pytest.approx(gain / 300, rel=0.03)
    assert abs(weights.mean()) < 0.02 * (gain / 300) ** 0.5
    # Blocks of the generator must not repeat.
    assert len(np.unique(weights)) > 0.99 * weights.size
    assert not layer.bias[...].any()


def test_initial_weights_are_the_same_inside_a_compiled_function():
    def make(key):
        return nnx.as_pure(nnx.state(models.mlp(200, 3, hidden=(150,), rngs=nnx.Rngs(key))))

    key = jax.random.key(0)
    for eager, traced in zip(*map(jax.tree.leaves, (make(key), jax.jit(make)(key))), strict=True):
        np.testing.assert_allclose(eager, traced, rtol=1e-5, atol=1e-7)


def test_same_seed_same_model_other_seed_another():
    first, again, other = (models.mlp(6, 2, hidden=(4,), rngs=nnx.Rngs(s)) for s in (0, 0, 1))
    x = jnp.ones((1, 6))
    np.testing.assert_array_equal(first(x), again(x))
    assert not np.array_equal(first(x), other(x))


def test_types_follow_the_parameters():
    with jax.enable_x64(True):
        model = models.linear(6, 3, rngs=nnx.Rngs(0))
        assert model(jnp.ones((2, 6), jnp.float32)).dtype == jnp.float64
        small = models.linear(6, 3, dtype="float32", rngs=nnx.Rngs(0))
        assert small(jnp.ones((2, 6))).dtype == jnp.float32
    model = models.linear(6, 3, rngs=nnx.Rngs(0))
    assert model(jnp.ones((2, 6), int)).dtype == jnp.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda r: models.linear(0, 3, rngs=r), "num_features: expected a whole number"),
        (lambda r: models.tied(5, 2.5, rngs=r), "latent: expected a whole number .* got 2.5"),
        (lambda r: models.linear(5, True, rngs=r), "latent: expected a whole number .* got True"),
        (lambda r: models.mlp(5, 2, hidden=(3, -1), rngs=r), r"hidden\[1\]: expected a whole"),
        (lambda r: models.mlp(5, 2, hidden=16, rngs=r), r"hidden: expected a seq.*\(16,\), got 16"),
        (lambda r: models.conv((8, 8), 2, channels=4, rngs=r), r"channels: expected .*\(4,\)"),
        (
            lambda r: models.mlp(5, 2, activation="rleu", rngs=r),
            "activation: expected 'identity'",
        ),
        (lambda r: models.mlp(5, 2, code_activation=None, rngs=r), "code_activation: expected"),
        (lambda r: models.mlp(5, 2, dtype=int, rngs=r), "dtype: expected a floating type"),
        (lambda r: models.linear(5, 2, dtype="float64", rngs=r), "dtype: float64 needs x64"),
        (lambda r: models.Dense(5, 2, initial="zeros", rngs=r), "initial: expected 'normal'"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(nnx.Rngs(0))


def test_a_seed_is_not_taken_for_rngs():
    with pytest.raises(TypeError, match=r"rngs: expected an nnx.Rngs such as nnx.Rngs\(0\), got 0"):
        models.mlp(5, 2, rngs=0)


def test_wrong_input_shapes_are_named():
    model = models.linear(6, 3, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"x: expected shape \[\.\.\., 6\] .* got \(2, 5\)"):
        model(jnp.ones((2, 5)))


def test_repr_of_a_model_of_own_modules():
    model = models.Autoencoder(
        models.Stack([models.Dense(4, 2, rngs=nnx.Rngs(0))], (4,), (2,)),
        models.Stack([models.Dense(2, 4, use_bias=False, rngs=nnx.Rngs(0))], (2,), (4,)),
    )
    assert repr(model) == "Autoencoder(own modules: [4] -> 2 | 4 -> [4]; 18 parameters, float32)"
    assert repr(model.encoder) == "Stack(2)"
    assert repr(model.decoder.layers[0]) == "Dense(2 -> 4 identity, no bias)"


def test_predict_in_batches_is_predict_at_once():
    model = models.mlp(6, 3, hidden=(5,), outputs_per_feature=2, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(23, 6))  # float64 from NumPy is fine
    whole = model.predict(x)
    assert whole.shape == (23, 6, 2)
    np.testing.assert_allclose(whole, model(jnp.asarray(x, jnp.float32)), rtol=1e-5, atol=1e-6)
    for batch_size in (1, 5, 22, 23, 24):
        in_batches = model.predict(x, batch_size=batch_size)
        np.testing.assert_allclose(in_batches, whole, rtol=1e-5, atol=1e-6)
    codes = model.predict(x.tolist(), method="codes", batch_size=10)
    np.testing.assert_allclose(codes, model.encode(jnp.asarray(x)), rtol=1e-5, atol=1e-6)


def test_predict_compiles_once_for_all_batches_and_models_of_a_kind():
    from aelib.models._predict import _apply

    x = np.ones((35, 6))
    before = _apply._cache_size()
    for seed in range(3):
        models.linear(6, 4, rngs=nnx.Rngs(seed)).predict(x, batch_size=10)
    assert _apply._cache_size() == before + 1


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (np.ones((3, 6)), {"batch_size": 0}, "batch_size: expected a whole number .* got 0"),
        (np.ones((3, 6)), {"batch_size": 2.5}, "batch_size: expected a whole number .* got 2.5"),
        (np.ones((3, 6)), {"method": "mean"}, "method: expected 'outputs' or 'codes', got 'mean'"),
        (np.ones((0, 6)), {}, r"x: expected \[n, ...\] with n of at least 1, got shape \(0, 6\)"),
        (np.ones((3, 7)), {}, r"x: expected shape"),
    ],
)
def test_predict_names_bad_arguments(x, options, message):
    with pytest.raises(ValueError, match=message):
        models.linear(6, 3, rngs=nnx.Rngs(0)).predict(x, **options)


def test_predict_takes_no_masked_array_and_no_dataset():
    model = models.linear(64, 3, rngs=nnx.Rngs(0))
    with pytest.raises(TypeError, match="x: expected a plain array, got a masked one"):
        model.predict(np.ma.masked_less(np.ones((3, 64)), 2))
    with pytest.raises(TypeError, match=r"x: expected an array, got a Dataset; pass its \.x"):
        model.predict(data.load("digits"))

"""The contractive penalty: three methods, one answer."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy import special

from aelib import models
from aelib.penalties import contractive, contractive_estimate

TOLERANCE = 1e-5  # the promise for float32, relative to the value
INPUTS, LATENT, BATCH = 40, 5, 7

# Each activation and its derivative, written down independently in float64.
FUNCTIONS = {
    "identity": (lambda a: a, np.ones_like),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0),
    "leaky_relu": (lambda a: np.where(a > 0, a, 0.01 * a), lambda a: np.where(a > 0, 1, 0.01)),
    "elu": (
        lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
        lambda a: np.exp(np.minimum(a, 0)),
    ),
    "gelu": (lambda a: a * _gate(a)[0], lambda a: _gate(a)[0] + a * _gate(a)[1]),
    "silu": (
        lambda a: a * special.expit(a),
        lambda a: special.expit(a) * (1 + a * special.expit(-a)),
    ),
    "softplus": (lambda a: np.logaddexp(0, a), special.expit),
    "sigmoid": (special.expit, lambda a: special.expit(a) * special.expit(-a)),
    "tanh": (np.tanh, lambda a: np.cosh(a) ** -2),
}


def _gate(a):
    """The factor of a in the tanh form of GELU, and its derivative."""
    c = np.sqrt(2 / np.pi)
    inner, slope = c * (a + 0.044715 * a**3), c * (1 + 3 * 0.044715 * a**2)
    return (1 + np.tanh(inner)) / 2, slope / np.cosh(inner) ** 2 / 2


def reference(encoder, x):
    """||dz/dx||² from the whole Jacobian in float64, by NumPy."""
    hidden = np.asarray(x, np.float64).reshape(len(x), -1)
    jacobian = np.eye(hidden.shape[1])[None]
    for layer in encoder.layers:
        weight = np.asarray(layer.weight[...], np.float64)
        affine = hidden @ weight + np.asarray(layer.bias[...], np.float64)
        function, derivative = FUNCTIONS[layer.activation]
        hidden = function(affine)
        jacobian = (jacobian @ weight) * derivative(affine)[:, None, :]
    return np.sum(jacobian**2, axis=(1, 2))


def encoder(hidden=(16,), activation="tanh", *, inputs=INPUTS, latent=LATENT, seed=0):
    rngs = nnx.Rngs(seed)
    made = models.mlp(
        inputs, latent, hidden=hidden, activation=activation, code_activation=activation, rngs=rngs
    ).encoder
    for layer in made.layers:
        layer.bias[...] = jax.random.normal(rngs.params(), layer.bias.shape) / 2
    return made


def examples(batch=BATCH, inputs=INPUTS, seed=1):
    return jax.random.normal(jax.random.key(seed), (batch, inputs))


def with_first_weight(made, weight):
    """The same encoder with another first weight."""
    made.layers[0].weight[...] = jnp.asarray(weight, jnp.float32)
    return made


def ill_conditioned(condition, *, reads, inputs=400, hidden=64, latent=5, activation="identity"):
    """A linear first layer of this condition number; what the second reads of it."""
    made = encoder((hidden,), activation, inputs=inputs, latent=latent)
    u, _, vt = np.linalg.svd(np.asarray(made.layers[0].weight[...]), full_matrices=False)
    spread = (u * np.geomspace(1, 1 / condition, hidden)) @ vt
    made = with_first_weight(made, spread)
    if reads == "the most contracted":
        vt = np.linalg.svd(np.asarray(made.layers[0].weight[...], np.float64))[2]
        made.layers[1].weight[...] = jnp.asarray(vt[-latent:].T, jnp.float32)
    return made


@jax.jit
def both(made, x):
    return [contractive(made, x, method=method) for method in ("closed_form", "exact")]


def test_every_activation_has_its_own_slope():
    x, made = examples(), {name: encoder((), name) for name in sorted(models.ACTIVATIONS)}
    values = jax.jit(lambda made, x: {name: both(each, x) for name, each in made.items()})(made, x)
    for name, pair in values.items():
        for value in pair:
            np.testing.assert_allclose(value, reference(made[name], x), TOLERANCE, err_msg=name)


# One without and one with the Gram matrix, the second of three hidden layers; one layer is above.
@pytest.mark.exact
@pytest.mark.parametrize("hidden", [(64, 12), (24, 20, 16)])
def test_every_depth_agrees_with_the_whole_jacobian(hidden):
    made, x = encoder(hidden), examples()
    for value in both(made, x):
        np.testing.assert_allclose(value, reference(made, x), rtol=TOLERANCE)


@pytest.mark.exact
@pytest.mark.parametrize("reads", ["everything", "the most contracted"])
@pytest.mark.parametrize("condition", [1e3, 3e3])
def test_ill_conditioned_encoders_lose_no_digits(condition, reads):
    made, x = ill_conditioned(condition, reads=reads), examples(64, 400)
    closed, exact = both(made, x)
    np.testing.assert_allclose(closed, exact, rtol=TOLERANCE)
    np.testing.assert_allclose(closed, reference(made, x), rtol=TOLERANCE)


@pytest.mark.exact
def test_one_contracted_example_among_others_keeps_its_digits():
    """Relu: examples differ in which units are on, so each is judged by itself."""
    made, x = encoder((64,), "relu", inputs=400), np.array(examples(64, 400))
    weight = np.array(made.layers[0].weight[...])
    weight[:, 1] = weight[:, 0] * (1 + 1e-4)
    second = np.array(made.layers[1].weight[...])
    second[0], second[1] = 1.0, -1.0
    # For the first example only these two units are on, and they all but cancel.
    made = with_first_weight(made, weight)
    made.layers[1].weight[...] = jnp.asarray(second)
    made.layers[1].bias[...] = jnp.full(LATENT, 100.0)
    bias = np.full(64, -50.0)
    bias[:2] = 100.0
    made.layers[0].bias[...] = jnp.asarray(bias, jnp.float32)
    x[1:] += 100 * weight[:, 2:].sum(axis=1)
    expected = reference(made, x)
    assert expected[0] < 1e-6 * expected[1:].min()
    for value in both(made, x):
        np.testing.assert_allclose(value, expected, rtol=TOLERANCE)


@pytest.mark.exact
def test_gram_alone_would_lose_them():
    """The fall-back is there for a reason: the same product through W.T @ W is far off."""
    made = ill_conditioned(1e3, reads="the most contracted")
    first, second = (layer.weight[...] for layer in made.layers)
    through_gram = float(jnp.sum(second * ((first.T @ first) @ second)))
    assert abs(through_gram / reference(made, examples(1, 400))[0] - 1) > 10 * TOLERANCE


def test_one_sigmoid_layer_gives_rifais_formula():
    made, x = encoder((), "sigmoid"), examples()
    weight, z = np.asarray(made.layers[0].weight[...]), np.asarray(made(x))
    rifai = np.sum((z * (1 - z)) ** 2 * np.sum(weight**2, axis=0), axis=1)
    np.testing.assert_allclose(both(made, x)[0], rifai, rtol=TOLERANCE)


@functools.partial(jax.jit, static_argnums=2)
def gradients(made, x, methods=("closed_form", "exact")):
    graphdef, state = nnx.split(made)

    def total(state, x, method):
        return jnp.mean(contractive(nnx.merge(graphdef, state), x, method=method))

    return [jax.grad(total, (0, 1))(state, x, method) for method in methods]


def canceling_pairs(apart):
    """Units in pairs that differ by about this much and are read with opposite signs."""
    made, rng = encoder(), np.random.default_rng(0)
    first, second = (np.array(layer.weight[...]) for layer in made.layers)
    first[:, 1::2] = first[:, ::2] * (1 + apart * rng.normal(size=8))
    second[1::2] = -second[::2]
    made.layers[1].weight[...] = jnp.asarray(second)
    made.layers[0].bias[...] = jnp.zeros(16)
    return with_first_weight(made, first)


def apart(ones, others):
    """Of the largest entry, array by array."""
    pairs = zip(jax.tree.leaves(ones), jax.tree.leaves(others), strict=True)
    return [float(np.max(np.abs(a - np.asarray(b))) / np.max(np.abs(b))) for a, b in pairs]


@pytest.mark.exact
@pytest.mark.parametrize(
    "made",
    [
        encoder(),
        encoder((64, 12)),
        ill_conditioned(1e3, reads="everything", inputs=INPUTS, hidden=16, activation="tanh"),
    ],
    ids=["through the Gram matrix", "without", "ill-conditioned"],
)
def test_gradients_of_closed_form_and_exact_agree(made):
    assert max(apart(*gradients(made, examples()))) < TOLERANCE


@pytest.mark.exact
def test_gradients_are_as_good_as_exact_where_digits_are_lost():
    """Both keep 1.5e-5 of the weights' gradient; through W.T @ dW it would be 5e-5."""
    made, x = canceling_pairs(3e-3), examples() / 20
    with jax.enable_x64(True):
        graphdef, state = nnx.split(made)
        wide = nnx.merge(graphdef, jax.tree.map(lambda leaf: leaf.astype(jnp.float64), state))
        truth = gradients(wide, x.astype(jnp.float64), ("exact",))[0]
    for found in gradients(made, x):
        ours, theirs = (jax.tree.leaves(each[0])[1::2] for each in (found, truth))  # weights
        assert max(apart(ours, theirs)) < 2.5e-5


@functools.partial(jax.jit, static_argnames="num_probes")
def estimates(made, x, keys, num_probes):
    """Values and standard errors for each key; the same value without the error."""

    def one(key):
        options = {"method": "hutchinson", "num_probes": num_probes, "key": key}
        value, error, method = contractive_estimate(made, x, **options)
        assert method == "hutchinson"
        return value, error, contractive(made, x, **options)

    return jax.vmap(one)(keys)


def test_estimate_is_unbiased_and_knows_its_error():
    made, x = encoder(), examples()
    keys = jax.random.split(jax.random.key(3), 200)
    values, errors, same = map(np.asarray, estimates(made, x, keys, 8))
    np.testing.assert_array_equal(values, same)
    truth = reference(made, x)
    spread = values.std(axis=0, ddof=1)
    assert np.all(np.abs(values.mean(axis=0) - truth) < 4 * spread / np.sqrt(200))
    # What one call says of its own error is right on average: 200 draws know a standard deviation
    # to 5 %, and 0.25 is five times that.
    np.testing.assert_allclose(np.sqrt(np.mean(errors**2, axis=0)), spread, rtol=0.25)


def test_estimate_is_within_four_standard_errors():
    made, x = encoder(), examples()
    value, standard_error, _ = estimates(made, x, jax.random.split(jax.random.key(0), 1), 256)
    assert np.all(np.abs(value[0] - reference(made, x)) < 4 * standard_error[0])


def test_exact_methods_have_no_standard_error():
    made, x = encoder((), "sigmoid"), examples()

    @jax.jit
    def errors():
        methods = ("closed_form", "exact")
        return [contractive_estimate(made, x, method=each).standard_error for each in methods]

    for error in errors():
        np.testing.assert_array_equal(error, np.zeros(BATCH))

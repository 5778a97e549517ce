"""What the contractive penalty takes, what it chooses, and what it says no to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import models
from aelib.penalties import contractive, contractive_estimate
from aelib.penalties._contractive_closed_form import largest_array
from tests.compilations import compilations

KEY = jax.random.key(0)


def encoder():
    return models.mlp(12, 3, hidden=(8,), activation="tanh", rngs=nnx.Rngs(0)).encoder


def test_callables_take_one_example_of_any_shape():
    value = contractive(lambda image: jnp.sin(image).sum(axis=0), jnp.ones((3, 4, 2)))
    np.testing.assert_allclose(value, 8 * np.cos(1.0) ** 2 * np.ones(3), rtol=1e-6)


def test_modules_take_the_batch():
    class Flattened(nnx.Module):
        def __init__(self, rngs):
            self.linear = nnx.Linear(12, 3, rngs=rngs)

        def __call__(self, images):
            return self.linear(images.reshape(len(images), -1))

    made = Flattened(nnx.Rngs(0))
    x = jnp.ones((5, 3, 4))
    assert chosen(made, x) == "exact"
    norm = float(jnp.sum(made.linear.kernel[...] ** 2))
    value = jax.jit(lambda x: contractive(made, x))(x)
    np.testing.assert_allclose(value, norm * np.ones(5), rtol=1e-6)


def chosen(encoder, x, **options):
    """The method, without computing anything."""
    methods = []

    def value(x):
        estimate = contractive_estimate(encoder, x, **options)
        methods.append(estimate.method)
        return estimate.value

    jax.eval_shape(value, x)
    return methods[0]


def test_methods_are_chosen_by_what_is_known():
    x = jnp.ones((2, 12))
    assert chosen(encoder(), x) == "closed_form"
    assert chosen(lambda one: one[:3], x) == "exact"
    wide = jnp.ones((2, 300))
    assert chosen(jnp.sin, wide) == "exact"
    assert chosen(jnp.sin, wide, key=KEY) == "hutchinson"


def test_closed_form_is_not_chosen_where_it_would_not_fit():
    """By shapes alone: nothing of this size is made."""
    wide = nnx.eval_shape(lambda: models.mlp(64, 256, hidden=(4096,), rngs=nnx.Rngs(0)).encoder)
    graphdef, state = nnx.split(wide)
    x = jax.ShapeDtypeStruct((512, 64), jnp.float32)
    chosen = []

    def value(state, x):
        estimate = contractive_estimate(nnx.merge(graphdef, state), x)
        chosen.append(estimate.method)
        return estimate.value

    assert jax.eval_shape(value, state, x).shape == (512,)
    assert chosen == ["exact"]


METHODS = ("closed_form", "exact", "hutchinson")


@pytest.mark.parametrize("x64", [False, True])
def test_types(x64):
    def dtypes(encoder, x):
        # A dtype is known before anything is computed.
        methods = METHODS if isinstance(encoder, nnx.Module) else METHODS[1:]
        shape = jax.eval_shape(
            lambda x: [contractive(encoder, x, method=method, key=KEY) for method in methods], x
        )
        return {each.dtype for each in shape}

    with jax.enable_x64(x64):
        dtype = jnp.float64 if x64 else jnp.float32
        wide = models.mlp(12, 3, hidden=(8,), dtype=dtype, rngs=nnx.Rngs(0)).encoder
        half = models.mlp(12, 3, hidden=(8,), dtype=jnp.bfloat16, rngs=nnx.Rngs(0)).encoder
        counts = np.arange(24).reshape(2, 12)
        for x in (counts, counts.astype(np.float32), jnp.asarray(counts, jnp.bfloat16)):
            assert dtypes(wide, x) == {jnp.dtype(dtype)}
        assert dtypes(half, jnp.ones((2, 12), jnp.bfloat16)) == {jnp.dtype(jnp.float32)}
        assert dtypes(jnp.sin, counts) == {jnp.result_type(float)}


def test_examples_of_any_type_have_the_same_value():
    made, counts = encoder(), np.arange(24).reshape(2, 12)
    same = [counts, counts.astype(np.float32), jnp.asarray(counts, jnp.bfloat16)]

    @jax.jit
    def values(inputs):
        return [
            [contractive(made, x, method=method, key=KEY) for x in inputs] for method in METHODS
        ]

    for first, *others in values(same):
        for value in others:
            np.testing.assert_array_equal(value, first)


def test_half_precision_encoders_are_evaluated_in_float32():
    half = models.mlp(12, 3, hidden=(8,), dtype=jnp.bfloat16, rngs=nnx.Rngs(0)).encoder
    x = jax.random.normal(KEY, (5, 12))
    closed, exact = jax.jit(
        lambda x: [contractive(half, x, method=method) for method in METHODS[:2]]
    )(x)
    np.testing.assert_allclose(closed, exact, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "gram"},
            "method: expected 'auto', .* or 'hutchinson', got 'gram'",
        ),
        ({"method": "hutchinson"}, "key: expected a key such as"),
        ({"num_probes": 0}, "num_probes: expected a whole number of at least 1, got 0"),
        ({"num_probes": 1.5}, "num_probes: expected a whole number of at least 1, got 1.5"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        contractive(encoder(), jnp.ones((2, 12)), **options)


@pytest.mark.parametrize(
    ("given", "x", "message"),
    [
        (lambda one: one[None], jnp.ones((2, 3)), r"encoder: expected codes of shape \(2, k\)"),
        (lambda one: (one, one), jnp.ones((2, 3)), r"got \(\(2, 3\), \(2, 3\)\)"),
        (lambda one: one.sum(), jnp.ones((2, 3)), r"given \(3,\) to a callable of one example"),
        (jnp.sin, jnp.ones(3), r"x: expected \[batch, ...\], got shape \(3,\)"),
        (encoder(), jnp.ones((2, 5)), r"x: expected shape \[..., 12\]"),
    ],
)
def test_bad_shapes_are_named(given, x, message):
    with pytest.raises(ValueError, match=message):
        contractive(given, x)


@pytest.mark.parametrize("key", [0, jax.random.split(KEY, 2)])
def test_a_key_is_one_key(key):
    with pytest.raises(TypeError, match="key: expected "):
        contractive(encoder(), jnp.ones((2, 12)), key=key)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_known_has_no_small_penalty(method):
    relu = models.mlp(12, 3, hidden=(8,), rngs=nnx.Rngs(0)).encoder
    x = jnp.ones((3, 12)).at[1, 4].set(jnp.nan)
    values = contractive(relu, x, method=method, key=KEY)
    assert jnp.isnan(values).tolist() == [False, True, False]
    plain = contractive(relu, jnp.ones((3, 12)), method=method, key=KEY)
    np.testing.assert_array_equal(values[::2], plain[::2])


def test_the_closed_form_needs_the_structure():
    with pytest.raises(ValueError, match="'closed_form' needs an aelib encoder of dense layers"):
        contractive(jnp.sin, jnp.ones((2, 3)), method="closed_form")


def test_an_error_needs_two_probes():
    with pytest.raises(ValueError, match="num_probes: expected at least 2 for a standard error"):
        contractive_estimate(jnp.sin, jnp.ones((2, 3)), method="hutchinson", num_probes=1, key=KEY)


def test_an_encoder_can_be_called():
    with pytest.raises(TypeError, match="encoder: expected a callable, got"):
        contractive(jnp.ones((3, 2)), jnp.ones((2, 3)))


@pytest.mark.parametrize("kind", ["batch statistics", "random state"])
def test_an_encoder_at_rest_is_taken_and_a_changing_one_refused(kind):
    rngs = nnx.Rngs(0)
    batch = kind == "batch statistics"
    layer = nnx.BatchNorm(12, rngs=rngs) if batch else nnx.Dropout(0.5, rngs=rngs)
    x = jax.random.normal(KEY, (5, 12))
    made = nnx.Sequential(layer, nnx.Linear(12, 3, rngs=nnx.Rngs(1)))
    with pytest.raises(TypeError, match=r"changes nothing when it is called, .* \.eval\(\) sets"):
        contractive(made, x)
    made.eval()
    norm = float(jnp.sum(made.layers[1].kernel[...] ** 2))
    np.testing.assert_allclose(contractive(made, x), norm * np.ones(5), rtol=1e-4)


def test_the_largest_array_is_as_wide_as_the_widest_layer_for_each_number_of_a_code():
    model = models.mlp(4, 2, hidden=(7, 5), rngs=nnx.Rngs(0))
    assert largest_array(model.encoder, 3) == 3 * 7 * 2


def test_a_function_written_again_compiles_nothing():
    def norms(weights):
        x = np.ones((3, 2), np.float32)
        contractive(lambda one: jnp.tanh(weights * one), x)
        contractive(
            lambda one: jnp.tanh(weights * one), x, method="hutchinson", key=jax.random.key(0)
        )

    weights = jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0])
    norms(weights[0])
    with compilations() as names:
        norms(weights[1])
    assert not names

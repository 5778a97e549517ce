"""Shapes, types and transformations: what every loss owes its caller."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from aelib import losses
from tests.losses.cases import CASES

ELEMENTWISE = {
    "gaussian_nll": 2,
    "laplace_nll": 2,
    "student_t_nll": 2,
    "bernoulli_nll": 2,
    "continuous_bernoulli_nll": 2,
    "poisson_nll": 2,
    "negative_binomial_nll": 3,
    "zero_inflated_negative_binomial_nll": 4,
}


def call(name: str, *arrays: Array, **options: Array | float) -> Array:
    if name == "student_t_nll":
        options.setdefault("df", 3.0)
    return getattr(losses, name)(*arrays, **options)


def arguments(name: str, shape: tuple[int, ...], dtype: type = np.float32) -> list[Array]:
    """Predictions anywhere in [-1, 1]; the targets, last, in {0, 1}."""
    rng = np.random.default_rng(0)
    arrays = [jnp.asarray(rng.uniform(-1, 1, shape), dtype) for _ in range(ELEMENTWISE[name])]
    return [*arrays[:-1], jnp.asarray(rng.integers(0, 2, shape), dtype)]


def test_every_loss_is_here() -> None:
    public = {name for name in dir(losses) if name.endswith("_nll")}
    assert public == set(CASES)
    assert public == {*ELEMENTWISE, "categorical_nll", "multinomial_nll"}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_shape_and_dtype(name: str) -> None:
    for shape in [(), (3,), (2, 3), (2, 0)]:
        result = jax.eval_shape(lambda *a: call(name, *a), *arguments(name, shape))
        assert result.shape == shape
        assert result.dtype == jnp.float32


@pytest.mark.parametrize("name", ["categorical_nll", "multinomial_nll"])
def test_a_batch_is_its_examples_one_by_one(name: str) -> None:
    # Examples that differ a lot: whatever is shared between them by mistake shows.
    logits = jnp.array([[0.0, 5.0, -3.0], [40.0, -40.0, 2.0], [-900.0, 1.0, 900.0]])
    targets = {
        "categorical_nll": jnp.array([1, 2, 0]),
        "multinomial_nll": jnp.array([[3.0, 1.0, 0.0], [0.0, 0.0, 7.0], [1.0, 0.0, 2.0]]),
    }[name]
    loss = getattr(losses, name)
    together = loss(logits, targets)
    alone = jnp.concatenate([loss(logits[i : i + 1], targets[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_half_precision_is_widened(name: str) -> None:
    half = arguments(name, (4, 3), jnp.bfloat16)
    widened = [a.astype(jnp.float32) for a in half]
    np.testing.assert_array_equal(call(name, *half), call(name, *widened))
    gradient = jax.eval_shape(jax.grad(lambda a: call(name, a, *half[1:]).sum()), half[0])
    assert gradient.dtype == jnp.bfloat16


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_whole_numbers_and_booleans_are_targets(name: str) -> None:
    *predictions, targets = arguments(name, (4, 3))
    expected = call(name, *predictions, targets)
    for dtype in (np.int32, np.uint8, bool):
        result = call(name, *predictions, np.asarray(targets).astype(dtype))
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_x64_follows_the_widest_array(name: str) -> None:
    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
        single = arguments(name, (4,))
        *predictions, targets = single

        def answer(*arrays: Array) -> jnp.dtype:
            return jax.eval_shape(lambda *a: call(name, *a), *arrays).dtype

        assert answer(*single) == jnp.float32
        assert answer(*predictions, targets.astype(jnp.int64)) == jnp.float32
        assert answer(*(a.astype(jnp.float64) for a in single)) == jnp.float64
        assert answer(*predictions, targets.astype(jnp.float64)) == jnp.float64


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_shapes_are_never_broadcast(name: str) -> None:
    *predictions, targets = arguments(name, (3,))
    message = r"expected the shape of \w+, \(3,\), got \(3, 1\)"
    with pytest.raises(ValueError, match=message):
        call(name, *predictions, targets[:, None])
    with pytest.raises(ValueError, match=message):
        jax.jit(lambda *a: call(name, *a))(*predictions, targets[:, None])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_complex_numbers_are_refused(name: str) -> None:
    first, *rest = arguments(name, (3,))
    with pytest.raises(TypeError, match="expected real numbers, got dtype complex64"):
        call(name, first.astype(jnp.complex64), *rest)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_vmap_and_jit_change_nothing(name: str) -> None:
    arrays = arguments(name, (4, 3))
    plain = call(name, *arrays)
    compiled = jax.jit(jax.vmap(lambda *a: call(name, *a)))(*arrays)
    assert compiled.shape == (4, 3)
    np.testing.assert_allclose(compiled, plain, rtol=1e-6, atol=1e-6)


PARAMETERS: list[tuple[str, str, Callable[..., Array]]] = [
    ("gaussian_nll", "scale", lambda a, x, p: losses.gaussian_nll(a, x, scale=p)),
    ("laplace_nll", "scale", lambda a, x, p: losses.laplace_nll(a, x, scale=p)),
    ("student_t_nll", "scale", lambda a, x, p: losses.student_t_nll(a, x, df=4.0, scale=p)),
    ("student_t_nll", "df", lambda a, x, p: losses.student_t_nll(a, x, df=p)),
    ("negative_binomial_nll", "log_theta", lambda a, x, p: losses.negative_binomial_nll(a, p, x)),
    (
        "zero_inflated_negative_binomial_nll",
        "log_theta",
        lambda a, x, p: losses.zero_inflated_negative_binomial_nll(a, p, a, x),
    ),
]


@pytest.mark.parametrize(("name", "parameter", "loss"), PARAMETERS)
def test_parameters_are_scalars_features_or_full(
    name: str, parameter: str, loss: Callable[..., Array]
) -> None:
    prediction, *_, targets = arguments(name, (4, 3))
    features = jnp.array([0.5, 1.0, 2.0])
    full = jnp.broadcast_to(features, (4, 3))
    expected = loss(prediction, targets, full)
    same = functools.partial(np.testing.assert_allclose, rtol=1e-6)
    same(loss(prediction, targets, features), expected)
    same(loss(prediction, targets, 2.0)[:, 2], expected[:, 2])
    same(loss(prediction, targets, jnp.float32(2.0))[:, 2], expected[:, 2])

    by_feature = jax.grad(lambda p: loss(prediction, targets, p).sum())(features)
    by_entry = jax.grad(lambda p: loss(prediction, targets, p).sum())(full)
    np.testing.assert_allclose(by_feature, by_entry.sum(0), rtol=1e-6)

    for shape in [(4,), (4, 1), (1, 3), (2, 4, 3)]:
        with pytest.raises(ValueError, match=f"{parameter}: expected shape"):
            loss(prediction, targets, jnp.ones(shape))


def test_one_prediction_per_feature_map() -> None:
    """Feature axes may be several, as in images."""
    scale = jnp.linspace(1.0, 2.0, 6).reshape(2, 3)
    nats = losses.gaussian_nll(jnp.zeros((5, 2, 3)), jnp.ones((5, 2, 3)), scale=scale)
    np.testing.assert_allclose(nats[4], 0.5 / scale**2 + jnp.log(scale) + 0.9189385, rtol=1e-6)


def test_categorical_arguments() -> None:
    logits = jnp.zeros((2, 3))
    assert losses.categorical_nll(logits, jnp.array([0, 2])).shape == (2,)
    half = losses.categorical_nll(logits.astype(jnp.bfloat16), jnp.array([0, 2], jnp.uint8))
    assert half.dtype == jnp.float32
    with pytest.raises(TypeError, match="labels: expected integers, got dtype float32"):
        losses.categorical_nll(logits, jnp.zeros(2))
    with pytest.raises(ValueError, match=r"labels: expected the leading shape of logits, \(2,\)"):
        losses.categorical_nll(logits, jnp.zeros(3, int))
    with pytest.raises(ValueError, match=r"logits: expected shape \[..., K\], got \(\)"):
        losses.categorical_nll(0.0, 0)


def test_a_label_that_names_no_class_is_not_taken_for_another() -> None:
    nats = losses.categorical_nll(jnp.zeros((3, 4)), jnp.array([-1, 3, 4]))
    assert jnp.isnan(nats).tolist() == [True, False, True]


def test_a_class_may_be_ruled_out() -> None:
    logits = jnp.array([0.0, -jnp.inf, 0.0])
    assert losses.categorical_nll(logits, 0) == pytest.approx(np.log(2))
    assert losses.multinomial_nll(logits, jnp.array([1, 0, 1])) == pytest.approx(np.log(2))
    for loss in (
        lambda a: losses.categorical_nll(a, 0),
        lambda a: losses.multinomial_nll(a, jnp.array([1, 0, 0])),
    ):
        np.testing.assert_allclose(jax.grad(loss)(logits), [-0.5, 0.0, 0.5], rtol=1e-6)


def test_multinomial_arguments() -> None:
    logits, counts = jnp.zeros((2, 3)), jnp.array([[1, 2, 3], [0, 0, 0]])
    nats = losses.multinomial_nll(logits, counts)
    assert nats.shape == (2,)
    assert nats[1] == 0.0
    assert losses.multinomial_nll(logits.astype(jnp.bfloat16), counts).dtype == jnp.float32
    with pytest.raises(ValueError, match=r"counts: expected the shape of logits, \(2, 3\), got"):
        losses.multinomial_nll(logits, counts[0])
    with pytest.raises(ValueError, match=r"logits: expected shape \[..., V\], got \(\)"):
        losses.multinomial_nll(0.0, 1)


@pytest.mark.parametrize("loss", [losses.bernoulli_nll, losses.continuous_bernoulli_nll])
def test_targets_outside_zero_and_one_cost_nan(loss: Callable) -> None:
    """Pixels from 0 to 16 would otherwise be paid for."""
    nats = loss(jnp.ones(5), jnp.array([-0.1, 0.0, 1.0, 16.0, jnp.nan]))
    assert jnp.isnan(nats).tolist() == [True, False, False, True, True]

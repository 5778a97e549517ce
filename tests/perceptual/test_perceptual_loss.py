import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import models, perceptual, training
from aelib.perceptual import PerceptualLoss, SmallFeatures
from aelib.perceptual._loss import unit_length

NETWORK = SmallFeatures((8, 8), 10, channels=(4,), rngs=nnx.Rngs(0))
IMAGES = np.random.default_rng(0).random((2, 3, 8, 8, 1), np.float32)


def two_maps(images):
    """Features that are easy to check: the image itself, and its mean color per row."""
    return [images, images.mean(axis=2)]


def reference(x, y, weights, normalize):
    total = np.zeros(len(x))
    for weight, a, b in zip(weights, two_maps(x), two_maps(y), strict=True):
        if normalize:
            a, b = (f / np.linalg.norm(f, axis=-1, keepdims=True) for f in (a, b))
        squares = ((a - b) ** 2).reshape(len(x), -1, a.shape[-1]).sum(axis=-1).mean(axis=-1)
        total += weight * squares / (1 if normalize else a.shape[-1])
    return total


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("weights", [None, (0.5, 3.0)])
def test_the_value(normalize, weights):
    x, y = np.random.default_rng(1).random((2, 4, 5, 6, 3))
    loss = PerceptualLoss(two_maps, weights=weights, normalize=normalize, link="identity")
    expected = reference(x, y, weights or (1, 1), normalize)
    x, y = x.astype(np.float32), y.astype(np.float32)
    np.testing.assert_allclose(loss.distance(x, y), expected, rtol=2e-6)
    np.testing.assert_allclose(loss(jnp.asarray(x), jnp.asarray(y)), expected, rtol=2e-6)


def test_it_is_a_distance_squared_of_what_the_link_makes():
    loss = PerceptualLoss(NETWORK, shape=(8, 8))
    x, y = IMAGES
    there, back = loss.distance(x, y), loss.distance(y, x)
    assert (there > 1e-3).all()
    np.testing.assert_allclose(there, back, rtol=1e-6)
    # Identical images are computed in two fusions of the same operations: rounding remains.
    np.testing.assert_allclose(loss.distance(x, x), 0, atol=1e-12)
    logits = np.log(x) - np.log1p(-x)
    np.testing.assert_allclose(loss(logits, y), there, rtol=1e-5)
    flat = loss(logits.reshape(3, 64), y.reshape(3, 64))
    np.testing.assert_array_equal(flat, loss(logits, y))


@pytest.mark.parametrize("x64", [False, True])
def test_unit_length_at_all_scales(x64):
    with jax.enable_x64(x64):
        dtype = jnp.zeros(()).dtype
        tiny = jnp.finfo(dtype).tiny
        exponents = np.arange(-35, 38)  # below, components would be subnormal in float32
        directions = np.random.default_rng(0).normal(size=(len(exponents), 5))
        x = (10.0 ** exponents[:, None] * directions / 3).astype(dtype)
        exact = x.astype(np.float64) / np.linalg.norm(x.astype(np.longdouble), axis=1)[:, None]
        tolerance = 8 * float(jnp.finfo(dtype).eps)
        u = np.random.default_rng(1).normal(size=5)
        # Below the smallest normal number there is only zero.
        zeros = np.stack([np.zeros(5), np.full(5, tiny / 4)]).astype(dtype)
        along = jax.value_and_grad(lambda x, u: jnp.vdot(unit_length(x), u))
        everything = np.concatenate([x, zeros])
        value = jax.jit(unit_length)(everything)
        _, gradient = jax.jit(jax.vmap(along, in_axes=(0, None)))(everything, u.astype(dtype))
        np.testing.assert_allclose(value[:-2], exact, rtol=tolerance)
        # Gradient of u . f(x): (u - f (f . u)) / |x|, compared on the scale of 1 / |x|.
        lengths = np.linalg.norm(x.astype(np.longdouble), axis=1)[:, None].astype(np.float64)
        scaled = np.asarray(gradient[:-2], np.float64) * lengths
        np.testing.assert_allclose(scaled, u - exact * (exact @ u)[:, None], atol=10 * tolerance)
        np.testing.assert_array_equal(value[-2:], 0)
        np.testing.assert_array_equal(gradient[-2:], 0)


def test_gradients_are_finite_where_they_might_not_be():
    """At identical images; and where all features are 0, since biases are 0 and the image black."""
    losses = [PerceptualLoss(NETWORK, normalize=n, link="identity") for n in (True, False)]
    black = np.zeros_like(IMAGES[0])
    assert all((np.asarray(maps) == 0).all() for maps in NETWORK(black))
    gradient = jax.jit(
        jax.grad(lambda a, b: sum(loss(a, b).sum() for loss in losses), argnums=(0, 1))
    )
    same = gradient(IMAGES[0], IMAGES[0])
    np.testing.assert_allclose(same[0], 0, atol=1e-6)
    np.testing.assert_array_equal(gradient(black, black)[0], 0)
    for pair in ((black, IMAGES[0]), (IMAGES[0], black)):
        assert all(np.isfinite(part).all() for part in gradient(*pair))


def test_the_gradient_is_the_slope():
    with jax.enable_x64(True):
        loss = PerceptualLoss(lambda images: [jnp.sin(3 * images @ jnp.eye(2, 3)), images])
        x, y = np.random.default_rng(2).random((2, 1, 8, 8, 2))
        direction = np.random.default_rng(3).normal(size=x.shape)
        along = jax.jit(jax.value_and_grad(lambda t: loss(x + t * direction, y)[0]))
        slope = (along(1e-6)[0] - along(-1e-6)[0]) / 2e-6
        np.testing.assert_allclose(along(0.0)[1], slope, rtol=1e-6)


def test_fit_takes_it_and_its_check():
    x = np.random.default_rng(0).random((64, 64), np.float32)
    loss = PerceptualLoss(two_maps, shape=(8, 8), normalize=False)
    model = models.linear(64, 4, rngs=nnx.Rngs(0))
    options = {"steps": 20, "batch_size": 32, "progress": False, "key": jax.random.key(0)}
    result = training.fit(model, x, loss, **options)
    mean = jax.jit(lambda model: loss(model(x), x).mean())
    before, after = mean(model), mean(result.model)
    assert after < before
    with pytest.raises(ValueError, match=r"x: expected values in \[0, 1\], got -.*\(images \+ 1\)"):
        training.fit(model, 2 * x - 1, loss, **options)


def test_the_network_is_not_trained_and_not_compiled_in():
    """Its numbers are arguments, so that a control with random weights costs no compilation."""
    others = SmallFeatures((8, 8), 10, channels=(4,), rngs=nnx.Rngs(1))
    parts = [nnx.split(PerceptualLoss(n), nnx.Param, ...) for n in (NETWORK, others)]
    assert parts[0][0] == parts[1][0]
    for _, trained, fixed in parts:
        assert not jax.tree.leaves(trained)
        assert len(jax.tree.leaves(fixed)) == 4
    assert isinstance(NETWORK.convolutions[0].weight, nnx.Param)  # the user's own is as it was
    x, y = IMAGES
    first, second = PerceptualLoss(NETWORK).distance(x, y), PerceptualLoss(others).distance(x, y)
    assert (np.abs(first - second) > 1e-3).any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: PerceptualLoss([1]), TypeError, r"features: expected a callable"),
        (lambda: PerceptualLoss(two_maps, shape=(3,)), ValueError, r"shape: expected \(h, w\)"),
        (lambda: PerceptualLoss(two_maps, link="tanh"), ValueError, "link: expected 'sigmoid' or"),
        (
            lambda: PerceptualLoss(two_maps, weights=(1, -1)),
            ValueError,
            "weights: expected numbers of at least 0",
        ),
        (
            lambda: PerceptualLoss(two_maps, weights=(1,)).distance(*IMAGES),
            ValueError,
            "weights: expected 2, one for each map, got 1",
        ),
        (
            lambda: PerceptualLoss(two_maps).distance(IMAGES[0], IMAGES[1, :2]),
            ValueError,
            r"others: expected shape \(3, 8, 8, 1\), got \(2, 8, 8, 1\)",
        ),
        (
            lambda: PerceptualLoss(two_maps).distance(IMAGES[0], IMAGES[1] + 1),
            ValueError,
            r"others: expected values in \[0, 1\]",
        ),
        (
            lambda: PerceptualLoss(two_maps)(IMAGES[0].reshape(3, 64), IMAGES[0].reshape(3, 64)),
            ValueError,
            r"expected \[batch, h, w, c\], got \(3, 64\); give PerceptualLoss the shape",
        ),
        (
            lambda: PerceptualLoss(two_maps, shape=(8, 7))(IMAGES[0], IMAGES[1]),
            ValueError,
            r"expected \[batch, 56\] or \[batch, 8, 7\], got \(3, 8, 8, 1\)",
        ),
        (
            lambda: PerceptualLoss(two_maps)(IMAGES[0], IMAGES[1, :2]),
            ValueError,
            r"outputs: expected shape \(2, 8, 8, 1\) as x",
        ),
    ],
)
def test_what_it_does_not_take(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"images: expected shape \[batch, 8, 8, 1\], got"):
        NETWORK(np.zeros((2, 8, 9, 1), np.float32))
    assert perceptual.SmallFeatures((8, 8, 3), 2, rngs=nnx.Rngs(0)).shape == (8, 8, 3)


def test_nan_is_no_distance_of_zero():
    loss = PerceptualLoss(NETWORK)
    assert jnp.isnan(loss(jnp.full_like(IMAGES[0], jnp.nan), IMAGES[0])).all()
    assert jnp.isnan(unit_length(jnp.array([jnp.nan, 1.0]))).all()
    assert (unit_length(np.zeros((1, 3))) == 0).all()


def test_a_loss_can_be_pickled():
    loss = PerceptualLoss(NETWORK)
    again = pickle.loads(pickle.dumps(loss))
    np.testing.assert_array_equal(again(IMAGES[0], IMAGES[1]), loss(IMAGES[0], IMAGES[1]))


def test_whole_numbers_and_lists_are_images_where_images_are_taken():
    loss = PerceptualLoss(NETWORK)
    zeros = np.zeros_like(IMAGES[0])
    np.testing.assert_allclose(loss(zeros.astype(int), IMAGES[1]), loss(zeros, IMAGES[1]))
    nested = IMAGES[0].tolist()
    np.testing.assert_allclose(
        loss.distance(nested, IMAGES[1]), loss.distance(IMAGES[0], IMAGES[1]), rtol=1e-6
    )

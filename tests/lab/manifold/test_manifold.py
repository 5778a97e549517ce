"""Along and off a manifold, its dimension, and what noise adds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import aelib
from aelib.lab import manifold

RNG = np.random.default_rng(0)


def test_sensitivity_of_a_linear_code():
    model = aelib.models.linear(6, 3, rngs=nnx.Rngs(0))
    weight = np.asarray(model.encoder.layers[0].weight[...]).T
    jacobian = np.asarray(manifold.jacobians(model, jnp.asarray(RNG.normal(size=(4, 6)))))
    np.testing.assert_allclose(jacobian, np.broadcast_to(weight, (4, 3, 6)), atol=1e-6)
    tangents = RNG.normal(size=(4, 2, 6))
    found = manifold.sensitivity(jacobian, tangents)
    for example in range(4):
        space = np.linalg.svd(tangents[example])[2]
        squares = ((weight @ space.T) ** 2).sum(axis=0)
        np.testing.assert_allclose(found.along[example] ** 2, squares[:2].mean(), rtol=1e-5)
        np.testing.assert_allclose(found.off[example] ** 2, squares[2:].mean(), rtol=1e-5)
    values = np.linalg.svd(weight, compute_uv=False)
    np.testing.assert_allclose(found.spectrum[0], values, rtol=1e-5)


def test_ratio_and_directions_know_no_scale_and_no_rotation():
    jacobian, tangents = RNG.normal(size=(5, 4, 9)), RNG.normal(size=(5, 2, 9))
    turn = 1e-3 * np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    mixed = RNG.normal(size=(2, 2)) @ tangents
    plain, other = (
        manifold.sensitivity(jacobian, tangents),
        manifold.sensitivity(turn @ jacobian, mixed),
    )
    np.testing.assert_allclose(other.ratio, plain.ratio, rtol=1e-9)
    np.testing.assert_allclose(other.directions, plain.directions, rtol=1e-9)
    flat = manifold.sensitivity(np.eye(9)[None, :4], tangents[:1])
    np.testing.assert_allclose(flat.directions, 4.0)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_dimension_of_a_curved_cloud(dimension):
    angles = RNG.uniform(0, 2 * np.pi, size=(1500, dimension))
    torus = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    turned = torus @ np.linalg.qr(RNG.normal(size=(20, 2 * dimension)))[0].T
    found = manifold.intrinsic_dimension(turned)
    # Statistical: the standard error is m / sqrt(n), 2.6 % here; a torus has no edge.
    assert abs(found - dimension) < 0.12 * dimension


def test_noise_expansion_against_exact_expectations():
    # r quadratic in each coordinate: the expansion ends at the fourth order, which is known.
    x = jnp.asarray(RNG.normal(size=(6, 3)), jnp.float32)
    terms = manifold.noise_expansion(lambda example: 0.5 * example**2, x)
    sigma = 0.3
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    noisy = 0.5 * (np.asarray(x)[..., None] + sigma * nodes) ** 2
    exact = ((noisy - np.asarray(x)[..., None]) ** 2 @ (weights / weights.sum())).sum(axis=1)
    rest = 3 * 0.25 * sigma**4 * 3  # three coordinates, E ε⁴ = 3
    predicted = terms.error + sigma**2 * (terms.contraction + terms.curvature) + rest
    np.testing.assert_allclose(predicted, exact, rtol=2e-5)


def test_noise_expansion_of_a_network():
    model = aelib.models.mlp(4, 2, hidden=(5,), activation="tanh", rngs=nnx.Rngs(0))
    x = jnp.asarray(RNG.normal(size=(2, 4)), jnp.float32)
    terms = manifold.noise_expansion(model, x)
    jacobian = jax.vmap(jax.jacfwd(lambda one: model(one[None])[0]))(x)
    hessian = jax.vmap(jax.hessian(lambda one: model(one[None])[0]))(x)
    laplacian = jnp.trace(hessian, axis1=2, axis2=3)
    np.testing.assert_allclose(terms.contraction, (jacobian**2).sum(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(
        terms.curvature, ((model(x) - x) * laplacian).sum(axis=1), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: manifold.sensitivity(np.ones((2, 3, 4)), np.ones((2, 1, 5))),
            r"tangents: expected shape \[2, m, 4\]",
        ),
        (
            lambda: manifold.sensitivity(np.ones((2, 3, 4)), np.ones((2, 4, 4))),
            "tangents: expected fewer than 4",
        ),
        (lambda: manifold.intrinsic_dimension(np.ones((2, 4))), "three points"),
        (
            lambda: manifold.intrinsic_dimension(np.ones((5, 4))),
            "x: expected different points, got 0",
        ),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()

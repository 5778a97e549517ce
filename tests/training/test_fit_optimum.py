"""L-BFGS and Adam on real digits, down to what the arithmetic allows; the truth is an SVD."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from sklearn.datasets import load_digits

from aelib import models
from aelib.training import fit
from tests.training.cases import half_squares

K = 8


def standardized_digits():
    x = load_digits().data
    scale = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1)


def gaps(model, x):
    """Relative excess loss over the best rank-K fit, and the largest angle to its plane."""
    basis = np.linalg.svd(x, full_matrices=False)[2][:K].T
    weight, bias = (np.asarray(v[...], np.float64) for v in _affine(model.encoder.layers[0]))
    if isinstance(model, models.TiedAutoencoder):
        back, offset = weight.T, np.asarray(model.decoder.bias[...], np.float64)
    else:
        back, offset = (np.asarray(v[...], np.float64) for v in _affine(model.decoder.layers[0]))
    outputs = (x @ weight + bias) @ back + offset
    best = np.sum((x - x @ basis @ basis.T) ** 2)
    plane = np.linalg.qr(back.T)[0]
    sines = np.linalg.svd(plane - basis @ (basis.T @ plane), compute_uv=False)
    return np.sum((x - outputs) ** 2) / best - 1, np.arcsin(min(1.0, sines.max()))


def _affine(layer):
    return layer.weight, layer.bias


# Pairwise, since L-BFGS is slow to compile; the tests of aelib.pca have all four, with Adam.
@pytest.mark.parametrize(
    ("make", "x64"), [(models.linear, False), (models.tied, True)], ids=["linear", "tied-x64"]
)
def test_lbfgs_reaches_the_pca_optimum(make, x64):
    excess_bound, angle_bound = (1e-10, 1e-6) if x64 else (1e-6, 1e-4)
    x = standardized_digits()
    with jax.enable_x64(x64):
        result = fit(
            make(64, K, rngs=nnx.Rngs(0)),
            x,
            half_squares,
            optimizer=optax.lbfgs(memory_size=20),
            batch_size=None,
            steps=300,
            progress=False,
            key=jax.random.key(0),
        )
    excess, angle = gaps(result.model, x)
    assert -1e-12 < excess < excess_bound
    assert angle < angle_bound


def test_a_line_search_gets_value_gradient_and_objective(x):
    # Where the objective is a parabola along the way, backtracking from 1 with sgd must descend.
    optimizer = optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(30))
    result = fit(
        models.linear(6, 2, rngs=nnx.Rngs(0)),
        x * jnp.sqrt(100.0),  # plain sgd at rate 1 diverges here at once
        half_squares,
        optimizer=optimizer,
        batch_size=None,
        steps=20,
        tick_every=1,
        progress=False,
        key=jax.random.key(0),
    )
    assert (np.diff(result.history.loss) < 0).all()

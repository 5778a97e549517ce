"""The contractive penalty where it is used: in ``fit``, in ``sweep``, and differentiated twice."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib import models, training
from aelib.penalties import contractive, on_encoder
from aelib.penalties._contractive_gram import multiply, squared_norm

INPUTS, BATCH = 40, 32
X = np.random.default_rng(0).normal(size=(BATCH, INPUTS)).astype(np.float32)


def half_squares(outputs, x):
    return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)


def make(rngs):
    return models.mlp(INPUTS, 3, hidden=(8,), activation="tanh", rngs=rngs)


def leaves(model):
    return jax.tree.leaves(nnx.as_pure(nnx.state(model)))


def test_fit_and_sweep_press_it_down_alike():
    options = {"steps": 30, "tick_every": 15, "batch_size": None, "progress": False}
    options["penalties"] = [(1.0, on_encoder(contractive))]
    swept = training.sweep(make, X, half_squares, seeds=[0, 1], **options)
    model_key, fit_key = jax.random.split(jax.random.key(1))
    model = make(nnx.Rngs(model_key))
    fitted = training.fit(model, X, half_squares, key=fit_key, **options)
    history = fitted.history.penalties["contractive"]
    assert history[-1] < history[0]
    mean = jax.jit(lambda encoder: contractive(encoder, X).mean())
    assert mean(fitted.model.encoder) < mean(model.encoder)
    for a, b in zip(leaves(fitted.model), leaves(swept.models[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)  # rounding, through 30 steps


def test_models_with_an_encode_of_their_own():
    class Centered(nnx.Module):
        def __init__(self):
            self.encoder = models.Dense(INPUTS, 3, rngs=nnx.Rngs(0))

        def encode(self, x):
            return 2 * self.encoder(x - 1)

    model = Centered()
    penalty = on_encoder(contractive)(model, jnp.asarray(X), None, jax.random.key(0))
    expected = 4 * float(jnp.sum(model.encoder.weight[...] ** 2))
    np.testing.assert_allclose(penalty, np.full(BATCH, expected), rtol=1e-6)


def canceling(rng):
    """Weights and columns whose product is small, because pairs of units cancel."""
    weight = np.repeat(rng.normal(size=(INPUTS, 4)), 2, axis=1)
    weight[:, 1::2] *= 1 + 1e-2 * rng.normal(size=4)
    columns = np.repeat(rng.normal(size=(4, 6, 5)), 2, axis=0)
    columns[1::2] *= -1
    return weight.astype(np.float32), columns.astype(np.float32)


def test_runs_side_by_side_keep_their_digits():
    """Under vmap one of the runs has lost them and the others have not."""
    rng = np.random.default_rng(0)
    runs = [canceling(rng)]
    runs += [(rng.normal(size=(INPUTS, 8)), rng.normal(size=(8, 6, 5))) for _ in range(2)]
    weight, columns = (np.stack(part).astype(np.float32) for part in zip(*runs, strict=True))
    value = jax.jit(jax.vmap(squared_norm))(weight, columns)
    image = np.einsum("rdu,rubk->rdbk", weight.astype(np.float64), columns.astype(np.float64))
    np.testing.assert_allclose(value, (image**2).sum(axis=(1, 3)), rtol=1e-5)
    # The derivative by the weights makes the same choice.
    total = jax.grad(lambda weight, columns: jnp.sum(squared_norm(weight, columns)))
    gradient = jax.jit(jax.vmap(total))(weight, columns)
    expected = 2 * np.einsum("rdbk,rubk->rdu", image, columns.astype(np.float64))
    scale = np.abs(expected).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(gradient / scale, expected / scale, rtol=0, atol=1e-5)
    shared = jax.jit(jax.vmap(squared_norm, (None, 0)))(weight[0], columns)
    image = np.einsum("du,rubk->rdbk", weight[0].astype(np.float64), columns.astype(np.float64))
    np.testing.assert_allclose(shared, (image**2).sum(axis=(1, 3)), rtol=1e-5)


def test_runs_side_by_side_make_one_choice():
    """The choice stays a branch, of which one side is computed."""
    weight, columns = np.ones((3, INPUTS, 8), np.float32), np.ones((3, 8, 6, 5), np.float32)
    total = jax.grad(lambda weight, columns: jnp.sum(squared_norm(weight, columns)))
    alone, beside = (
        str(jax.make_jaxpr(function)(*parts)).count(" cond[")
        for function, parts in (
            (total, (weight[0], columns[0])),
            (jax.vmap(total), (weight, columns)),
        )
    )
    assert beside == alone >= 2  # for the value and for the way back


def test_second_derivatives():
    rng = np.random.default_rng(0)
    weight, columns = (rng.normal(size=shape) for shape in ((INPUTS, 8), (8, 6, 5)))
    directions = [rng.normal(size=part.shape) for part in (weight, columns)]

    @jax.jit
    def along(function, primals, tangents):
        gradient = jax.grad(lambda *parts: jnp.sum(jnp.sin(function(*parts))), (0, 1))
        return jax.jvp(gradient, primals, tangents)[1]

    def plain(weight, columns):
        return jnp.sum(jnp.einsum("du,ubk->dbk", weight, columns) ** 2, axis=(0, 2)) / 1000

    with jax.enable_x64(True):
        ours, theirs = (
            along(jax.tree_util.Partial(f), (weight, columns), tuple(directions))
            for f in (lambda *parts: squared_norm(*parts) / 1000, plain)
        )
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_the_product_of_deep_encoders_may_be_differentiated_side_by_side_and_twice():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(2, 3, 4)).astype(np.float32)
    columns = rng.normal(size=(2, 4, 2, 2)).astype(np.float32)

    def plain(matrix, columns):
        return jnp.tensordot(matrix, columns, 1)

    @functools.partial(jax.jit, static_argnums=0)
    def derivatives(product, *parts):
        total = jax.grad(lambda *parts: jnp.sum(jnp.sin(product(*parts))), (0, 1))
        return jax.vmap(lambda *parts: jax.jvp(total, parts, parts))(*parts)

    ours, theirs = (derivatives(product, matrix, columns) for product in (multiply, plain))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)

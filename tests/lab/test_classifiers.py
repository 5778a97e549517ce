"""Classifiers trained on attacked examples, and the strength that fools a given fraction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import adversarial, models, training
from aelib.lab import classifiers

RNG = np.random.default_rng(2)
CENTERS = np.array([[0.3, 0.3, 0.3, 0.3], [0.7, 0.7, 0.3, 0.3], [0.3, 0.7, 0.7, 0.7]])
LABELS = np.arange(90) % 3
X = np.clip(CENTERS[LABELS] + 0.05 * RNG.normal(size=(90, 4)), 0, 1).astype(np.float32)


def test_epsilon_needed():
    rates = [[0.5, 0.6, 1.0], [0.0, 0.2, 0.6], [0.0, 0.1, 0.2]]
    found = classifiers.epsilon_needed([0.1, 0.2, 0.4], rates)
    np.testing.assert_allclose(found, [0.1, 0.35, np.inf])


def test_classifiers_of_all_strengths_and_seeds():
    def network(rngs):
        layers = [models.Dense(4, 8, activation="relu", rngs=rngs), models.Dense(8, 3, rngs=rngs)]
        return models.Stack(layers, (4,), (3,))

    data = np.stack([X, X[::-1]]), np.stack([LABELS, LABELS[::-1]])
    trained = classifiers.train_classifiers(
        network, *data, seeds=[4, 9], epsilons=(0.0, 0.15), per_run_data=True, steps=150,
        batch_size=30, learning_rate=0.03,
    )  # fmt: skip
    assert trained.loss.shape == (4, 150)
    assert list(zip(trained.epsilons, trained.seeds, strict=True)) == [
        (0.0, 4), (0.0, 9), (0.15, 4), (0.15, 9)
    ]  # fmt: skip

    @jax.jit
    @jax.vmap
    def fooled(state):
        def loss(x):
            return adversarial.margin(trained.network(state)(x), LABELS)

        moved = adversarial.fgsm(loss, X, epsilon=0.2)
        return jnp.mean(loss(X) > 0), jnp.mean(loss(moved) > 0)

    plain, hardened = fooled(trained.only(0.0)), fooled(trained.only(0.15))
    assert max(plain[0].max(), hardened[0].max()) < 0.1
    assert (hardened[1] < plain[1]).all()
    first = trained.models[0](X)
    state = jax.tree.map(lambda leaf: leaf[0], trained.only(0.0))
    np.testing.assert_allclose(trained.network(state)(X), first, rtol=1e-6)
    with pytest.raises(ValueError, match="epsilon: expected one of"):
        trained.only(0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[:5]}, r"labels: expected shape \(90,\)"),
        ({"seeds": [1, 1]}, "seeds: expected one or more different"),
        ({"epsilons": (0.1, -0.1)}, "epsilons: .* got -0.1 at index"),
        ({"steps": 0}, "steps: expected a whole number"),
        ({"x": X + 1}, r"x: expected values in \[0, 1\]"),
        ({"per_run_data": True}, r"x: expected \[1, n, ...\]"),
    ],
)
def test_training_names_bad_arguments(change, message):
    given = {"x": X, "labels": LABELS, "seeds": [0]} | change

    def network(rngs: nnx.Rngs) -> nnx.Module:
        return models.Stack([models.Dense(4, 3, rngs=rngs)], (4,), (3,))

    with pytest.raises(ValueError, match=message):
        classifiers.train_classifiers(network, given.pop("x"), given.pop("labels"), **given)


def test_labels_that_are_no_class_and_nan_are_refused():
    def make(rngs):
        return models.Stack([models.Dense(4, 3, rngs=rngs)], (4,), (3,))

    with pytest.raises(ValueError, match=r"labels: expected 0, 1, ..., 2, got 3"):
        classifiers.train_classifiers(make, X, LABELS + 1, seeds=[0], steps=2)
    with pytest.raises(training.TrainingDiverged):
        classifiers.train_classifiers(make, X, LABELS, seeds=[0, 1], steps=5, learning_rate=1e38)
    with pytest.raises(ValueError, match="success: expected finite values, got nan"):
        classifiers.epsilon_needed([0.1, 0.2], [0.1, np.nan])

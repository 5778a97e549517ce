"""NaN, scores of another shape, and weights that changed: never on the side of robustness."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from aelib import adversarial
from tests.compilations import compilations

X = np.random.default_rng(0).uniform(0.1, 0.9, (8, 4)).astype(np.float32)
LABELS = np.zeros(8, int)
SAME = jnp.ones((4, 3))


def test_a_classifier_of_nan_is_fooled() -> None:
    defense = adversarial.Defense(lambda x: x @ SAME * jnp.nan)
    assert defense.fooled(jnp.asarray(X), LABELS).all()
    assert jax.jit(defense.fooled)(jnp.asarray(X), LABELS).all()


def test_a_detector_of_nan_raises() -> None:
    defense = adversarial.Defense(
        lambda x: x @ SAME, score=lambda x: x.sum(1) * jnp.nan, threshold=1.0
    )
    for ask in (defense.refuses, lambda x: defense.fooled(x, LABELS)):
        with pytest.raises(ValueError, match="score: expected numbers, got nan"):
            ask(jnp.asarray(X))


@pytest.mark.parametrize("score", [lambda x: x.sum(1, keepdims=True), lambda x: x.sum()])
def test_a_score_is_one_number_for_each_example(score) -> None:
    defense = adversarial.Defense(lambda x: x @ SAME, score=score, threshold=1.0)
    for ask in (defense.refuses, lambda x: defense.objective(x, LABELS)):
        with pytest.raises(
            ValueError, match=r"score: expected one number for each example, \(8,\)"
        ):
            ask(jnp.asarray(X))


def test_an_iterate_of_nan_is_no_robust_example() -> None:
    """The objective is NaN a little way from the examples, and negative at them."""

    def objective(x: jax.Array) -> jax.Array:
        return jnp.where(x.sum(1) > X.sum(1) + 0.1, jnp.nan, x.sum(1) - 10.0)

    with pytest.raises(ValueError, match="objective: expected numbers, got nan"):
        adversarial.pgd(objective, X, epsilon=0.1, steps=5)
    traced = jax.jit(lambda x: adversarial.pgd(objective, x, epsilon=0.1, steps=5).strength)
    assert jnp.isnan(traced(X)).all()


def test_weights_count_as_they_are_now() -> None:
    network = nnx.Linear(4, 3, rngs=nnx.Rngs(0))

    def objective(x: jax.Array) -> jax.Array:
        return adversarial.margin(network(x), jnp.asarray(LABELS))

    before = adversarial.pgd(objective, X, epsilon=0.1, steps=3).strength
    network.kernel[...] = 3 * network.kernel[...]
    network.bias[...] = 3 * network.bias[...]
    after = adversarial.pgd(objective, X, epsilon=0.1, steps=3).strength
    np.testing.assert_allclose(after, 3 * before, rtol=1e-5)


def test_the_same_objective_written_again_compiles_nothing() -> None:
    def attack(weights: jax.Array) -> None:
        adversarial.pgd(lambda x: x @ weights, X, epsilon=0.1, steps=2)
        adversarial.fgsm(lambda x: x @ weights, X, epsilon=0.1)
        adversarial.attack_curve(lambda x: x @ weights, X, epsilons=[0.0, 0.1], steps=2)

    weights = jnp.arange(4.0), 2.0 * jnp.arange(4.0)
    attack(weights[0])
    with compilations() as names:
        attack(weights[1])
    assert not names


def test_a_step_size_for_each_example() -> None:
    curve = adversarial.attack_curve(
        lambda x: x.sum(1), X, epsilons=[0.1], step_size=np.full(8, 0.02, np.float32), steps=3
    )
    np.testing.assert_allclose(curve.strength[0], X.sum(1) + 4 * 0.06, rtol=1e-4)

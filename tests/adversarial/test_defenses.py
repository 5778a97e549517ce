"""Defenses, what fools them, and attacks that do not deserve belief."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import adversarial

KEY = jax.random.key(1)
RNG = np.random.default_rng(2)
CENTERS = np.array([[0.3, 0.3, 0.3, 0.3], [0.7, 0.7, 0.3, 0.3], [0.3, 0.7, 0.7, 0.7]])
LABELS = np.arange(90) % 3
X = np.clip(CENTERS[LABELS] + 0.05 * RNG.normal(size=(90, 4)), 0, 1).astype(np.float32)


def classify(x):
    return -20 * jnp.sum((x[:, None] - jnp.asarray(CENTERS, x.dtype)) ** 2, axis=2)


def coarse(x):
    return jnp.round(3 * x) / 3


def goal(x, labels, way):
    """Through nothing, through rounding, through rounding without its slope: one compilation."""
    ways = [x, coarse(x), adversarial.straight_through(coarse)(x)]
    return adversarial.margin(classify(jax.lax.select_n(way, *ways)), labels)


def score(x):
    return jnp.min(jnp.sum((x[:, None] - jnp.asarray(CENTERS, x.dtype)) ** 2, axis=2), axis=1)


def test_margin_is_positive_exactly_where_the_class_is_wrong():
    logits = jnp.asarray(RNG.normal(size=(300, 4)), jnp.float32)
    labels = RNG.integers(0, 4, 300)
    wrong = np.argmax(logits, axis=1) != labels
    assert np.array_equal(adversarial.margin(logits, labels) > 0, wrong)
    assert jnp.isnan(jax.jit(adversarial.margin)(logits, labels + 4)).all()
    with pytest.raises(ValueError, match=r"labels: expected 0, 1, \.\.\., 3, got [4-7] at index"):
        adversarial.margin(logits, labels + 4)


@pytest.mark.parametrize("classes", [2, 3])
def test_labels_of_another_numbering_do_not_pass_for_robustness(classes):
    """Labels 1, 2, ... instead of 0, 1, ...: the last class has no logit."""

    def fooled(x, labels):
        return adversarial.margin(classify(x)[:, :classes], labels)

    labels = jnp.argmax(classify(X)[:, :classes], axis=1)
    options = {"epsilons": [0.0, 0.9], "steps": 5}
    curve = adversarial.attack_curve(fooled, X, labels, **options)
    assert curve.success[0] == 0
    assert curve.success[1] > 0.8
    with pytest.raises(ValueError, match=r"got nan at index .* label beyond the last class"):
        adversarial.attack_curve(fooled, X, labels + 1, **options)
    with pytest.raises(ValueError, match=r"got nan at index .* label beyond the last class"):
        adversarial.pgd(fooled, X, labels + 1, epsilon=0.3, steps=2)


def test_criterion_is_positive_exactly_where_the_system_is_fooled():
    defense = adversarial.Defense(classify, lambda x: 0.9 * x, score, threshold=0.05)
    x = jnp.asarray(RNG.random((500, 4)), jnp.float32)
    labels = RNG.integers(0, 3, 500)
    fooled = np.asarray(defense.fooled(x, labels))
    by_hand = (np.argmax(classify(0.9 * x), 1) != labels) & (np.asarray(score(x)) <= 0.05)
    assert 0 < by_hand.sum() < 500
    assert np.array_equal(fooled, by_hand)
    assert np.array_equal(defense.criterion(x, labels) > 0, by_hand)


def test_a_score_at_the_threshold_passes():
    defense = adversarial.Defense(classify, score=lambda x: jnp.full(len(x), 0.3), threshold=0.3)
    assert not defense.refuses(X).any()
    np.testing.assert_array_equal(defense.criterion(X, LABELS), defense.objective(X, LABELS))


def test_calibrated_alarms_stay_below_alpha():
    fresh = RNG.integers(0, 3, 4000)
    x = np.clip(CENTERS[fresh] + 0.05 * RNG.normal(size=(4000, 4)), 0, 1).astype(np.float32)
    defense = adversarial.Defense(classify, score=score).calibrate(x[:999], 0.1)
    # The rate of one calibration on 999 examples is Beta(100, 900): 0.1 with a deviation of 0.0095.
    assert abs(float(defense.refuses(x[999:]).mean()) - 0.1) < 0.035
    with pytest.raises(ValueError, match="score: expected a function"):
        adversarial.Defense(classify).calibrate(X, 0.1)
    with pytest.raises(ValueError, match="threshold: expected a number above 0"):
        adversarial.Defense(classify, score=score, threshold=0.0)


def test_the_adaptive_attacker_passes_the_detector():
    defense = adversarial.Defense(classify, score=score, threshold=0.1)
    options = {"epsilon": np.float32(0.5), "steps": 60, "key": KEY}
    plain = adversarial.pgd(goal, X, LABELS, 0, **options)
    adaptive = adversarial.pgd(defense.objective, X, LABELS, criterion=defense.criterion, **options)
    blind, aware = (defense.fooled(found.x, LABELS).mean() for found in (plain, adaptive))
    assert plain.strength.min() > 0
    assert aware > blind + 0.15
    np.testing.assert_array_equal(adaptive.strength > 0, defense.fooled(adaptive.x, LABELS))


def test_masked_slopes_are_noticed_and_gone_round():
    made = adversarial.pgd(goal, X, LABELS, 0, epsilon=np.float32(0.3), steps=20, key=KEY).x
    options = {"epsilon": np.float32(0.3), "steps": 20, "transferred": made, "key": KEY}
    masked, seen = (adversarial.sanity_checks(goal, X, LABELS, way, **options) for way in (1, 2))
    assert masked.no_slope == 1
    assert any("gradient is zero" in problem for problem in masked.problems())
    assert any("another model" in problem for problem in masked.problems())
    assert seen.problems() == []
    assert seen.all_steps > masked.all_steps + 0.3
    with pytest.raises(ValueError, match="transferred: expected the shape of x"):
        adversarial.sanity_checks(goal, X, LABELS, 1, **options | {"transferred": made[:3]})


def test_straight_through_has_the_same_values():
    x = jnp.asarray(RNG.random(1000), jnp.float32)
    step = adversarial.straight_through(lambda x: jnp.round(7 * x) / 7)
    assert np.array_equal(step(x), jnp.round(7 * x) / 7)
    np.testing.assert_array_equal(jax.vmap(jax.grad(step))(x), jnp.ones(1000))

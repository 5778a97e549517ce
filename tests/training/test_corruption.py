"""What a corruption may return, and what encoder and loss are given then."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import training
from aelib.training._corruption import corrupt
from aelib.training._examples import Examples

X = jnp.arange(1.0, 7.0).reshape(2, 3)
OBSERVED = jnp.array([[True, True, False], [True, True, True]])
SEEN = jnp.array([[True, False, True], [True, True, False]])


class TakesMask:
    takes_mask = True


def run(corruption, *, mask=OBSERVED, noise=None, model=TakesMask):
    batch = Examples(x=X, mask=mask)
    return corrupt(corruption, batch, jax.random.key(0), noise=noise, model=model)


def test_without_one_nothing_changes():
    inputs, seen, scored = run(None)
    assert inputs is X
    assert seen is scored.mask is OBSERVED


def test_it_is_given_the_noise_level_where_there_is_one():
    inputs, seen, scored = run(lambda _, x, level: x + level, mask=None, noise=jnp.float32(2))
    np.testing.assert_array_equal(inputs, X + 2)
    assert seen is scored.mask is None


def test_the_encoder_sees_what_is_observed_and_not_hidden():
    inputs, seen, scored = run(lambda _, x: (x, SEEN))
    np.testing.assert_array_equal(seen, SEEN & OBSERVED)
    np.testing.assert_array_equal(inputs, np.where(seen, X, 0))
    assert scored.mask is OBSERVED
    assert scored.x is X


def test_the_loss_asks_for_what_is_observed_and_scored():
    _, seen, scored = run(lambda _, x: (x, SEEN, ~SEEN))
    np.testing.assert_array_equal(seen, SEEN & OBSERVED)
    np.testing.assert_array_equal(scored.mask, ~SEEN & OBSERVED)


def test_what_does_not_fit_is_named():
    with pytest.raises(TypeError, match=r"corruption: .* the model's encode takes no mask"):
        run(lambda _, x: (x, SEEN), model=object())
    with pytest.raises(ValueError, match=r"corruption: expected a result of shape \(2, 3\); got"):
        run(lambda _, x: x[:1])
    with pytest.raises(ValueError, match=r"seen: .* of booleans; got float32 \(2, 3\)"):
        run(lambda _, x: (x, X))
    with pytest.raises(ValueError, match=r"scored: .* of booleans; got bool \(3,\)"):
        run(lambda _, x: (x, SEEN, SEEN[0]))


def test_hide_hides_at_its_rate_and_scores_all_or_what_it_hides():
    x = jnp.ones((1000, 20))
    same, seen = training.hide(0.25)(jax.random.key(0), x)
    assert same is x
    assert abs(float(seen.mean()) - 0.75) < 5 * (0.25 * 0.75 / x.size) ** 0.5
    _, again, scored = training.hide(0.25, score="hidden")(jax.random.key(0), x)
    np.testing.assert_array_equal(again, seen)
    np.testing.assert_array_equal(scored, ~seen)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_is_a_probability_below_one(rate):
    with pytest.raises(
        ValueError, match=r"rate: expected a (probability in \[0, 1\)|finite number)"
    ):
        training.hide(rate)


def test_hiding_nothing_leaves_nothing_to_score():
    with pytest.raises(ValueError, match="rate: expected more than 0 with score='hidden'"):
        training.hide(0.0, score="hidden")
    with pytest.raises(ValueError, match="score: expected 'all' or 'hidden', got 'seen'"):
        training.hide(0.5, score="seen")

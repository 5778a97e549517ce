"""FGSM and PGD against answers in closed form."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import adversarial

RNG = np.random.default_rng(1)
X = RNG.random((40, 6)).astype(np.float32)
W = RNG.normal(size=6).astype(np.float32)
KEY = jax.random.key(3)
BUMPS = jnp.asarray(RNG.normal(size=(6, 5)), jnp.float32)


def plane(x):
    return x @ W - 1.0


def landscape(x, height):
    """A plane with bumps; one function for all tests, since each is compiled."""
    return plane(x) + height * jnp.sum(jnp.sin(9 * x @ BUMPS), axis=1)


def attack(epsilon, height=0.0, steps=60, norm="linf", **options):
    epsilon = np.full(len(X), epsilon, np.float32)
    options = {"norm": norm, "key": KEY} | options
    return adversarial.pgd(
        landscape, X, jnp.float32(height), epsilon=epsilon, steps=steps, **options
    )


def test_fgsm_is_the_maximizer_of_a_linear_objective():
    for epsilon in (0.01, 0.3, 1.0):
        found = np.asarray(adversarial.fgsm(plane, X, epsilon=epsilon))
        best = np.clip(X + epsilon * np.sign(W), 0, 1)
        np.testing.assert_allclose(found, best, atol=1e-6)
        others = RNG.uniform(-epsilon, epsilon, (200, *X.shape))
        assert (found @ W >= np.clip(X + others, 0, 1) @ W - 1e-6).all()


def test_fgsm_l2_inside_the_box():
    middle = np.full_like(X, 0.5)
    found = adversarial.fgsm(plane, middle, epsilon=0.25, norm="l2")
    wanted = np.tile(0.25 * W / np.linalg.norm(W), (len(X), 1))
    np.testing.assert_allclose(found - middle, wanted, atol=1e-6)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_pgd_finds_the_maximum_of_a_linear_objective(norm):
    found = attack(0.4, norm=norm)
    # The best point of ball and box is the projection of a point far out along the slope.
    best = adversarial.project(X + 1e4 * W, X, epsilon=np.full(len(X), 0.4, np.float32), norm=norm)
    np.testing.assert_allclose(found.strength, best @ W - 1.0, atol=1e-3)
    np.testing.assert_allclose(found.x @ W - 1.0, found.strength, atol=1e-5)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_more_steps_are_never_weaker(norm):
    runs = [attack(0.3, height=1.0, steps=steps, norm=norm) for steps in (1, 3, 30)]
    for fewer, more in itertools.pairwise(runs):
        assert (more.strength >= fewer.strength).all()
    # And the last iterate, of which nothing is promised, does get stronger.
    assert runs[2].last_strength.mean() > runs[0].last_strength.mean() + 0.3
    reached = np.asarray(runs[2].x, np.float64) - X
    length = np.abs(reached).max(axis=1) if norm == "linf" else np.linalg.norm(reached, axis=1)
    assert (length <= np.float32(0.3)).all()
    assert runs[2].x.min() >= 0
    assert runs[2].x.max() <= 1


def test_the_item_itself_counts():
    found = attack(0.0, height=1.0)
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_allclose(found.strength, landscape(X, 1.0), atol=1e-4)


def test_restarts_begin_elsewhere_and_keep_the_best():
    once, often = attack(0.3, 1.0, steps=3), attack(0.3, 1.0, steps=3, restarts=8)
    assert often.strength.mean() > once.strength.mean() + 0.1


def test_criterion_decides_what_is_kept():
    kept = attack(0.3, criterion=lambda x, height: -landscape(x, height))
    np.testing.assert_allclose(kept.strength, -landscape(kept.x, 0.0), atol=1e-5)
    assert (kept.strength >= -plane(X) - 1e-5).all()
    assert (plane(kept.last) > plane(X) + 0.1).any()


def test_epsilon_for_each_item():
    epsilon = np.linspace(0, 0.5, len(X), dtype=np.float32)
    moved = np.abs(np.asarray(attack(epsilon, steps=5).x, np.float64) - X).max(axis=1)
    assert (moved <= epsilon).all()
    assert moved[-1] > 0.4


def test_slopes_that_are_not_finite_are_no_steps():
    """The root of 0 is 0, and its slope infinite, times 0."""
    found = adversarial.pgd(lambda x: jnp.sqrt(0 * x).sum(axis=1), X, epsilon=0.1, steps=3)
    np.testing.assert_array_equal(found.x, X)
    assert (found.strength == 0).all()
    np.testing.assert_array_equal(found.last, X)


def test_an_objective_that_is_nan_is_no_success_and_no_failure():
    """Not counted as robust: an error, or NaN where the values cannot be looked at."""
    epsilons = np.array([0.0, 0.1], np.float32)
    calls = [
        lambda: attack(0.1, height=np.nan),
        lambda: adversarial.attack_curve(landscape, X, np.nan, epsilons=epsilons, steps=2),
        lambda: adversarial.fgsm(landscape, X, np.nan, epsilon=0.1),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="objective: expected numbers, got nan at index"):
            call()

    @jax.jit
    def traced(height):
        curve = adversarial.attack_curve(landscape, X, height, epsilons=epsilons, steps=2)
        return curve.strength, curve.success

    strength, success = traced(np.where(np.arange(len(X)) == 3, np.nan, 0.0).astype(np.float32))
    assert np.isnan(strength).sum(axis=1).tolist() == [1, 1]
    assert np.isnan(success).all()


def test_an_item_whose_objective_is_nan_may_still_be_attacked():
    """NaN at the example itself and a number beside it: the strongest number is found."""
    hole = lambda x: jnp.where(x[:, 0] == 0.5, jnp.nan, x[:, 0])  # noqa: E731
    start = np.full((1, 1), 0.5, np.float32)
    found = adversarial.pgd(hole, start, epsilon=0.25, steps=20, key=KEY)
    np.testing.assert_allclose(found.strength, 0.75, atol=1e-6)


def test_in_vmap_over_models_the_same_and_nothing_leaks():
    weights = RNG.normal(size=(3, 6)).astype(np.float32)
    epsilons = np.array([0.1, 0.2], np.float32)

    def curve_of(w):
        return adversarial.attack_curve(lambda x: x @ w - 0.5, X, epsilons=epsilons, steps=30)

    with jax.checking_leaks():
        curve = jax.jit(jax.vmap(curve_of))(weights)
    assert curve.x.shape == (3, 2, *X.shape)
    signs = epsilons[:, None, None] * np.sign(weights)[:, None, None]
    best = np.einsum("keni,ki->ken", np.clip(X + signs, 0, 1), weights) - 0.5
    np.testing.assert_allclose(curve.strength, best, atol=1e-5)
    np.testing.assert_allclose(curve.success, (best > 0).mean(axis=2), atol=0.03)


WRONG = {
    "epsilon: expected finite numbers of at least 0, got -0.1": {"epsilon": -0.1},
    "epsilon: expected finite numbers of at least 0, got nan": {"epsilon": np.nan},
    r"epsilon: .* got -1.0 at index \(2,\)": {"epsilon": np.where(np.arange(40) == 2, -1.0, 0.1)},
    r"epsilon: expected one number or shape \(40,\)": {"epsilon": np.ones(3)},
    r"x: expected values in \[0, 1\], got 1.5\d* at index \(0, 0\)": {"x": X + 1.5 - X[0, 0]},
    r"x: expected values in \[0, 1\], got nan": {"x": X * np.nan},
    "steps: expected a whole number of at least 1, got 0": {"steps": 0},
    "restarts: expected a whole number": {"restarts": 1.5},
    "key: expected jax.random.key": {"restarts": 2},
    "step_size: expected finite": {"step_size": -1.0},
    "norm: expected 'linf' or 'l2', got 'l1'": {"norm": "l1"},
    "objective: expected one number for each example": {"objective": lambda x: x},
    "criterion: expected one number for each example": {"criterion": jnp.sum},
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_arguments_are_named(message):
    given = {"objective": plane, "x": X, "epsilon": 0.1} | WRONG[message]
    with pytest.raises(ValueError, match=message):
        adversarial.pgd(given.pop("objective"), given.pop("x"), **given)


def test_whole_numbers_are_no_items():
    with pytest.raises(TypeError, match="x: expected floating-point numbers"):
        adversarial.fgsm(plane, np.zeros((2, 6), int), epsilon=0.1)
    with pytest.raises(ValueError, match=r"epsilons: .* ascending order, got 0.1 at index \(1,\)"):
        adversarial.attack_curve(plane, X, epsilons=[0.2, 0.1])

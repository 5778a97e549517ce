"""Exact zeros, of residuals and of codes, and units that are looked at."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib.lab import sparse
from aelib.lab.sparse._ista import soft_threshold

RNG = np.random.default_rng(0)
ATOMS = RNG.normal(size=(5, 12))
ITEMS = RNG.normal(size=(6, 12)) * 2


def test_least_absolute_has_as_many_zeros_as_the_code_has_numbers():
    found = sparse.least_absolute(ITEMS, ATOMS)
    assert ((found.residuals == 0).sum(axis=1) == len(ATOMS)).all()
    np.testing.assert_allclose(ITEMS - found.codes @ ATOMS, found.residuals, atol=1e-12)


def test_no_other_code_has_a_smaller_absolute_error():
    found = sparse.least_absolute(ITEMS, ATOMS)
    best = np.abs(found.residuals).sum(axis=1)
    for scale in (1e-6, 1e-3, 1.0):
        moved = found.codes + scale * RNG.normal(size=(200, *found.codes.shape))
        assert (np.abs(ITEMS - moved @ ATOMS).sum(axis=2) >= best - 1e-12).all()


def test_an_outlier_may_go_as_far_as_it_likes():
    found = sparse.least_absolute(ITEMS, ATOMS)
    further = ITEMS.copy()
    missed = np.argmax(np.abs(found.residuals), axis=1)
    rows = np.arange(len(ITEMS))
    further[rows, missed] += 1e3 * np.sign(found.residuals[rows, missed])
    np.testing.assert_allclose(sparse.least_absolute(further, ATOMS).codes, found.codes, atol=1e-9)


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("strength", [0.05, 1.0, 5.0])
def test_ista_reaches_the_optimum_with_exact_zeros(strength, nonnegative):
    kind = {"nonnegative": nonnegative}
    codes = sparse.ista(ITEMS, ATOMS, strength, steps=2000, **kind)
    gap = sparse.optimality_gap(codes, ITEMS, ATOMS, strength, **kind)
    # Both sides of the gap are sums of some 50 squares: rounding leaves 1e-13, steps a little more.
    assert np.abs(gap).max() < 1e-9
    correlation = (ITEMS - codes @ ATOMS) @ ATOMS.T
    active = codes != 0
    np.testing.assert_allclose(correlation[active], strength * np.sign(codes[active]), atol=1e-5)
    assert (correlation[~active] <= strength + 1e-5).all()
    assert active.all() == (strength == 0.05 and not nonnegative)


def test_the_gap_sees_a_worse_code():
    codes = sparse.ista(ITEMS, ATOMS, 1.0)
    worse = codes + 0.01
    objective = [
        0.5 * ((ITEMS - z @ ATOMS) ** 2).sum(axis=1) + np.abs(z).sum(axis=1) for z in (codes, worse)
    ]
    gap = sparse.optimality_gap(worse, ITEMS, ATOMS, 1.0)
    assert (gap >= objective[1] - objective[0] - 1e-9).all()


def test_soft_threshold_minimizes_its_objective():
    u = np.linspace(-3, 3, 25)
    grid = np.linspace(-4, 4, 8001)
    best = grid[np.argmin(0.5 * (grid - u[:, None]) ** 2 + np.abs(grid), axis=1)]
    np.testing.assert_allclose(soft_threshold(u, 1.0), best, atol=1e-3)
    assert (soft_threshold(u, 1.0, nonnegative=True) == np.maximum(u - 1, 0)).all()


def test_atoms_keep_their_length_unless_told_not_to():
    x = jnp.asarray(ITEMS, jnp.float32)
    for unit_norm, grown in ((True, 1.0), (False, 10.0)):
        model = sparse.dictionary(12, 7, unit_norm=unit_norm, rngs=nnx.Rngs(0))
        before = model(x)
        model.decoder.weight[...] = 10 * model.decoder.weight[...]
        np.testing.assert_allclose(model(x), grown * before, rtol=1e-5, atol=1e-5)


def test_an_atoms_length_has_no_gradient():
    atoms = sparse.Atoms(3, 4, rngs=nnx.Rngs(1))
    graphdef, state = nnx.split(atoms)
    codes = jnp.arange(6.0).reshape(2, 3)
    gradient = jax.grad(lambda s: (nnx.merge(graphdef, s)(codes) ** 2).sum())(state)
    along = (gradient.weight[...] * atoms.weight[...]).sum(axis=1)
    np.testing.assert_allclose(along, 0.0, atol=1e-4)


def test_purity_ignores_scale_and_thresholds():
    labels = RNG.integers(0, 3, 200)
    codes = RNG.random((200, 8)) + (labels[:, None] == np.arange(8) % 3)
    halves = (codes[:100], labels[:100]), (codes[100:], labels[100:])
    pure = sparse.purity(*halves, strongest=10)
    assert pure.mean() > 0.9
    cut = [(np.where(z > 1, z, 0) * 7, y) for z, y in halves]
    np.testing.assert_array_equal(sparse.purity(*cut, strongest=10), pure)
    chance = sparse.purity(halves[0], (RNG.random((100, 8)), labels[100:]), strongest=10)
    assert 0.1 < chance.mean() < 0.6


def _half_squares(z):
    return 0.5 * jnp.sum((z @ ATOMS - ITEMS) ** 2)


def test_adam_comes_close_to_the_same_optimum_and_has_no_exact_zeros():
    codes = sparse.ista(ITEMS, ATOMS, 1.0)
    found = sparse.adam(
        lambda z: _half_squares(z) + jnp.abs(z).sum(), np.ones_like(codes), steps=3000
    )
    assert (codes == 0).any()
    assert not (found == 0).any()
    np.testing.assert_allclose(found, codes, atol=1e-2)  # it still trembles by its last steps


def test_adam_is_that_of_optax():
    optimizer = optax.adam(optax.cosine_decay_schedule(0.03, 40))

    def step(carry, _):
        z, state = carry
        change, state = optimizer.update((z @ ATOMS - ITEMS) @ ATOMS.T, state)
        return (z + change, state), None

    start = np.ones((6, 5))
    with jax.enable_x64(True):
        first = jnp.asarray(start), optimizer.init(jnp.asarray(start))
        expected = jax.lax.scan(step, first, length=40)[0][0]
    found = sparse.adam(_half_squares, start, steps=40)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_units_are_counted_and_kept():
    kept = sparse.keep_largest(ITEMS, 3)
    assert (sparse.active_units(kept) == 3).all()
    assert (np.abs(kept).sum(axis=1) <= np.abs(ITEMS).sum(axis=1)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sparse.least_absolute(ITEMS, ATOMS[:, :3]), r"x: expected shape \[n, 3\]"),
        (lambda: sparse.ista(ITEMS[0], ATOMS, 1.0), r"x: expected shape \[n, 12\]"),
        (lambda: sparse.ista(ITEMS, ATOMS, -1.0), "strength"),
        (lambda: sparse.ista(ITEMS, ATOMS, 1.0, steps=0), "steps"),
        (lambda: sparse.optimality_gap(ITEMS, ITEMS, ATOMS, 1.0), "codes"),
        (lambda: sparse.adam(jnp.sum, ITEMS, learning_rate=0), "learning_rate"),
        (lambda: sparse.adam(jnp.sum, ITEMS, steps=0), "steps"),
        (lambda: sparse.keep_largest(ITEMS, 0), "count"),
        (lambda: sparse.active_units(ITEMS[0]), "codes"),
        (lambda: sparse.active_units(ITEMS, threshold=1.0), "threshold"),
        (lambda: sparse.purity((ITEMS, [0] * 6), (ITEMS, [0] * 5)), "train, test"),
        (lambda: sparse.purity((ITEMS, [0] * 6), (ITEMS, [0] * 6), strongest=0), "strongest"),
        (lambda: sparse.dictionary(0, 3, rngs=nnx.Rngs(0)), "num_features"),
        (lambda: sparse.dictionary(3, 3, code_activation="step", rngs=nnx.Rngs(0)), "activation"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()

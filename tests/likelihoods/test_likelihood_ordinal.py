"""Cumulative logits against mpmath, far out and with thresholds close together."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flax import nnx

from aelib.likelihoods import Ordinal

LOCATIONS = [s * v for v in (0.0, 1e-3, 0.7, 3.0, 17.0, 80.0, 700.0) for s in (-1, 1)]
LEVELS = 4


def reference(location, first, gaps, level):
    """Nats and their slopes by location, lowest threshold and gaps."""
    with mpmath.workdps(400):

        def nats(o, t, *g):
            edges = [t]
            for gap in g:
                edges.append(edges[-1] + gap)
            upper = mpmath.mpf(1) if level == LEVELS - 1 else logistic(edges[level] - o)
            lower = mpmath.mpf(0) if level == 0 else logistic(edges[level - 1] - o)
            return -mpmath.log(upper - lower)

        def logistic(v):
            return 1 / (1 + mpmath.exp(-v))

        point = tuple(mpmath.mpf(float(v)) for v in (location, first, *gaps))
        slopes = []
        step = mpmath.mpf(10) ** -60
        for i in range(len(point)):
            ends = [nats(*(v + s * step * (i == j) for j, v in enumerate(point))) for s in (1, -1)]
            slopes.append((ends[0] - ends[1]) / (2 * step))
        return [float(v) for v in (nats(*point), *slopes)]


@pytest.mark.exact
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_values_and_gradients(dtype, tolerance):
    with jax.enable_x64(dtype == np.float64):
        likelihood = Ordinal([LEVELS])
        # Gaps of 1e-4 (the floor), about 1 and about 30.
        raw = jnp.asarray([[-60.0, 0.5], [30.0, -60.0]], dtype)
        x = jnp.tile(jnp.arange(LEVELS, dtype=dtype), len(LOCATIONS))[:, None]
        o = jnp.repeat(jnp.asarray(LOCATIONS, dtype), LEVELS)[:, None]
        graphdef, state = nnx.split(likelihood)
        names = jax.tree.structure(nnx.as_pure(state))  # first, raw_gaps

        @jax.jit
        def slopes(o, first, raw):
            def nats(o, first, raw, x):
                one = nnx.merge(graphdef, jax.tree.unflatten(names, [first, raw]))
                return -one.log_prob(o[None], x[None])[0]

            both = jax.value_and_grad(nats, argnums=(0, 1, 2))
            return jax.vmap(both, in_axes=(0, None, None, 0))(o, first, raw, x)

        for row in raw:
            first = jnp.asarray([-1.25], dtype)
            value, (by_o, by_first, by_raw) = slopes(o, first, row[None])
            gaps = np.asarray(likelihood.floor + np.logaddexp(0, np.asarray(row, float)))
            chain = 1 / (1 + np.exp(-np.asarray(row, float)))
            truth = np.array(
                [
                    reference(a, first[0], gaps, int(k))
                    for a, k in zip(o[:, 0], x[:, 0], strict=True)
                ]
            )
            got = np.column_stack([value, by_o[:, 0], by_first[:, 0], by_raw[:, 0]]).astype(float)
            truth[:, 3:] *= chain
            # Near -60 the slope by the raw gap is 1e-26 times a large number: of no account.
            assert np.abs(got - truth).max(0) == pytest.approx(
                np.zeros(5), abs=10 * tolerance * np.abs(truth).max()
            )
            error = np.abs(got[:, 0] - truth[:, 0]) / np.maximum(1e-30, truth[:, 0])
            # An edge that is a difference of large numbers keeps their rounding: |o| * epsilon.
            assert (error < 4 * tolerance * np.maximum(1, np.abs(o[:, 0]))).all()


def test_levels_share_all_the_probability_and_thresholds_are_in_order():
    likelihood = Ordinal([2, 5], frequencies=[[0.3, 0.7], [0.1, 0.2, 0.05, 0.25, 0.4]])
    found = (likelihood.probabilities, likelihood.mean, likelihood.variance)
    outputs = jnp.zeros((1, 2))
    mass, mean, variance = map(np.asarray, jax.jit(lambda o: [each(o) for each in found])(outputs))
    assert mass[0, 0] == pytest.approx([0.3, 0.7, 0, 0, 0], abs=1e-6)
    assert mass[0, 1] == pytest.approx([0.1, 0.2, 0.05, 0.25, 0.4], abs=1e-6)
    assert [len(t) for t in likelihood.thresholds()] == [1, 4]
    assert (np.diff(likelihood.thresholds()[1]) > 0).all()
    assert mean[0] == pytest.approx([0.7, mass[0, 1] @ np.arange(5)], abs=1e-5)
    spread = mass[0, 1] @ (np.arange(5) - mean[0, 1]) ** 2
    assert variance[0] == pytest.approx([0.3 * 0.7, spread], abs=1e-5)


def test_the_odds_are_proportional():
    """McCullagh's property: a change of location moves all cumulative logits alike."""
    likelihood = Ordinal([5], frequencies=[[0.1, 0.2, 0.05, 0.25, 0.4]])
    mass = jax.jit(likelihood.probabilities)(jnp.array([[0.0], [1.3]]))
    mass = np.asarray(mass, float)[:, 0]
    below = np.cumsum(mass, axis=1)[:, :-1]
    logits = np.log(below / (1 - below))
    assert logits[0] - logits[1] == pytest.approx(np.full(4, 1.3), abs=1e-5)


def test_what_is_no_level_costs_nan_and_is_named():
    likelihood = Ordinal([3])
    x = jnp.array([[3.0], [-1.0], [0.5], [jnp.nan], [2.0]])
    cells = jax.jit(likelihood.log_prob)(jnp.zeros((5, 1)), x)
    assert jnp.isnan(cells).tolist() == [True, True, True, True, False]
    with pytest.raises(ValueError, match=r"x: expected levels below \(3,\), got 3.0 at index"):
        likelihood.check(np.asarray(x)[:1])
    with pytest.raises(ValueError, match=r"num_levels\[0\]: expected a whole number of at least 2"):
        Ordinal([1])
    with pytest.raises(ValueError, match=r"frequencies\[0\]: expected 3 positive probabilities"):
        Ordinal([3], frequencies=[[0.5, 0.5, 0.0]])

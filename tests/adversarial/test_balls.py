"""Projection on ball and box: inside exactly, and the nearest point."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aelib import adversarial
from aelib.adversarial._balls import random_start

RNG = np.random.default_rng(0)
RADII = np.geomspace(1e-7, 20, 40)
ITEMS, FEATURES = 120, 24


def cases(dtype):
    """Examples at, near and off the edge of the box; candidates from next to them to far away."""
    x = RNG.random((ITEMS, FEATURES))
    x[::3] = np.round(x[::3])
    x[1::3] *= 10.0 ** RNG.uniform(-9, 0, (len(x[1::3]), 1))
    away = RNG.normal(size=x.shape) * 10.0 ** RNG.uniform(-8, 3, (ITEMS, 1))
    x = x.astype(dtype)
    return x, (x + away).astype(dtype), np.resize(RADII, ITEMS).astype(dtype)


def distance(y, x, norm):
    change = y.astype(np.longdouble) - x.astype(np.longdouble)
    return np.abs(change).max(axis=1) if norm == "linf" else np.sqrt((change**2).sum(axis=1))


def nearest(candidate, x, radius, norm):
    """By bisection in float64, from the Karush-Kuhn-Tucker conditions."""
    change = candidate.astype(np.float64) - x
    if norm == "linf":
        return np.clip(x + np.clip(change, -radius, radius), 0, 1)
    low, high = np.zeros(len(x)), np.ones(len(x))
    for _ in range(200):
        middle = (low + high) / 2
        there = np.clip(x + middle[:, None] * change, 0, 1)
        inside = np.linalg.norm(there - x, axis=1) <= radius[:, 0]
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.clip(x + np.where(high == 1, 1, low)[:, None] * change, 0, 1)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_projection_is_inside_exactly_and_nearest(norm, dtype):
    with jax.enable_x64(dtype == np.float64):
        x, candidate, radius = cases(dtype)
        y = np.asarray(adversarial.project(candidate, x, epsilon=radius, norm=norm))
    assert y.dtype == dtype
    assert ((y >= 0) & (y <= 1)).all()
    assert (distance(y, x, norm) <= radius.astype(np.longdouble)).all()
    wanted = nearest(candidate, x.astype(np.float64), radius[:, None].astype(np.float64), norm)
    # A unit in the last place of x for rounding towards it, (d + 8) and the sums for the radius.
    eps = np.finfo(dtype).eps
    tolerance = 2 * eps + 4 * (FEATURES + 8) * eps * np.abs(wanted - x).max(axis=1, keepdims=True)
    assert (np.abs(y - wanted) <= tolerance).all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_random_starts_are_inside_and_depend_on_the_key(norm):
    x, _, radius = cases(np.float32)
    radius = np.minimum(radius, 0.3).astype(np.float32)
    starts = [np.asarray(random_start(jax.random.key(k), x, radius, norm)) for k in (0, 0, 1)]
    assert (distance(starts[0], x, norm) <= radius.astype(np.longdouble)).all()
    assert ((starts[0] >= 0) & (starts[0] <= 1)).all()
    assert np.array_equal(starts[0], starts[1])
    assert not np.array_equal(starts[0], starts[2])


def test_random_starts_are_uniform_in_the_ball():
    # Of a uniform point of a ball of dimension d, (length / radius)^d is uniform on (0, 1).
    middle = np.full((4000, 3), 0.5, np.float32)
    y = random_start(jax.random.key(0), middle, jnp.float32(0.25), "l2")
    volume = (np.linalg.norm(np.asarray(y) - middle, axis=1) / 0.25) ** 3
    # The standard error of a mean of 4000 uniform numbers is 0.0046.
    assert abs(volume.mean() - 0.5) < 0.02
    assert abs((volume < 0.1).mean() - 0.1) < 0.02


def test_nan_stays_with_the_item_and_nothing_moves_at_zero():
    x, candidate, _ = cases(np.float32)
    spoiled = jnp.where(jnp.arange(FEATURES) == 3, jnp.nan, candidate)
    for norm in ("linf", "l2"):
        kept = np.asarray(adversarial.project(spoiled, x, epsilon=0.1, norm=norm))
        assert np.array_equal(kept[:, 3], x[:, 3])
        assert np.isfinite(kept).all()
        still = adversarial.project(candidate, x, epsilon=0.0, norm=norm)
        assert np.array_equal(np.asarray(still), x)

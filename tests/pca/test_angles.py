"""Principal angles against planted ones, over every size that a float can hold."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import subspace_angles

from aelib import pca


def planted(angles, d, dtype=np.float64, mix=True, seed=0):
    """Two bases [d, k] with these angles between them, rotated and mixed beyond recognition."""
    rng = np.random.default_rng(seed)
    k = len(angles)
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    a = rotation[:, :k]
    b = a * np.cos(angles) + rotation[:, k : 2 * k] * np.sin(angles)
    if mix:
        a, b = a @ rng.normal(size=(k, k)), b @ rng.normal(size=(k, k))
    return a.astype(dtype), b.astype(dtype)


@pytest.mark.parametrize("exponent", range(-12, 1))
def test_planted_angles_of_every_size(exponent):
    angles = np.array([0.3, 0.6, 1.0]) * 10.0**exponent
    found = pca.principal_angles(*planted(angles, 20))
    # Bases rounded to float64 carry angles of a few 1e-16 times the conditioning of the mix.
    np.testing.assert_allclose(found, angles, rtol=1e-9, atol=2e-14)


def test_small_and_large_together_and_right_angles():
    angles = np.array([1e-9, 1e-3, 0.8, 1.5707, np.pi / 2])
    np.testing.assert_allclose(
        pca.principal_angles(*planted(angles, 12)), angles, rtol=1e-6, atol=1e-14
    )


def test_a_millionth_is_seen_as_a_millionth_in_float32():
    # Axis-aligned, so that the float32 matrices hold the planted angle itself.
    for angle in (1e-6, 1e-7, 1e-10):
        a = jnp.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]], jnp.float32)
        b = jnp.array([[1.0, 0.0], [0.0, 1.0], [0.0, angle], [0.0, 0.0]], jnp.float32)
        found = pca.principal_angles(a, b)
        np.testing.assert_allclose(found, [0.0, np.float32(angle)], rtol=1e-7, atol=1e-16)
    # And in general position, where rounding the matrices moves the spaces by a few 1e-8.
    a, b = planted(np.full(4, 1e-6), 64, np.float32, mix=False)
    np.testing.assert_allclose(pca.principal_angles(a, b), 1e-6, atol=2e-7)


def test_agrees_with_scipy_for_different_widths():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(10, 2)), rng.normal(size=(10, 5))
    expected = np.sort(subspace_angles(a, b))
    np.testing.assert_allclose(pca.principal_angles(a, b), expected, atol=1e-14)
    np.testing.assert_allclose(pca.principal_angles(b, a), expected, atol=1e-14)
    inside = pca.principal_angles(b[:, :2] @ rng.normal(size=(2, 2)), b)
    np.testing.assert_allclose(inside, 0.0, atol=1e-14)


def test_the_length_of_a_column_does_not_matter():
    a, b = planted(np.array([1e-8, 0.5]), 9, mix=False)
    expected = pca.principal_angles(a, b)
    for low, high in [(1e-200, 1e200), (1e-12, 1.0)]:
        np.testing.assert_allclose(
            pca.principal_angles(a * [low, high], b * [high, low]), expected, atol=1e-15
        )


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones((3, 2)), np.eye(3), "a: expected 2 linearly independent columns, got rank 1"),
        (np.eye(3), np.zeros((3, 1)), "b: expected 1 linearly independent columns, got rank 0"),
        (np.eye(3)[:, :2], np.eye(4)[:, :2], r"b: expected 3 rows, as a has shape \(3, 2\)"),
        (np.ones((2, 3)), np.eye(2), "a: expected at most d columns of d rows"),
        (np.array([[np.nan], [1.0]]), np.eye(2), r"a: expected finite values, got nan"),
        (np.eye(2), np.array([[np.inf], [1.0]]), r"b: expected finite values, got inf"),
        (np.ones(3), np.eye(3), r"a: expected shape \[n, d\], got \(3,\)"),
    ],
)
def test_says_what_is_wrong(a, b, message):
    with pytest.raises(ValueError, match=message):
        pca.principal_angles(a, b)


def test_rank_is_decided_in_the_precision_of_the_input():
    almost = np.array([[1.0, 1.0], [0.0, 1e-8], [0.0, 0.0]])
    assert len(pca.principal_angles(almost, np.eye(3)[:, :2])) == 2
    with pytest.raises(ValueError, match="rank 1"):
        pca.principal_angles(almost.astype(np.float32), np.eye(3)[:, :2])
    columns = jnp.array([[1.0, 1.0], [0.0, 0.1], [0.0, 0.0]], jnp.bfloat16)
    assert len(pca.principal_angles(columns, np.eye(3)[:, :2])) == 2
    with pytest.raises(ValueError, match="rank 1"):
        pca.principal_angles(columns.at[1, 1].set(0.01), np.eye(3)[:, :2])

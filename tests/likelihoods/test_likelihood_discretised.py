"""The normal mass of a bin, against mpmath."""

import functools
import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from aelib.likelihoods import Bernoulli, Gaussian, normal_log_mass

pytestmark = pytest.mark.exact


def reference(x, loc, scale, width, limits=None):
    """Log-mass and its derivatives in loc and scale, with enough digits for any cancellation."""
    with mpmath.workdps(60):
        x, loc, scale, width = (mpmath.mpf(float(v)) for v in (x, loc, scale, width))
        low, high = x - width / 2 - loc, x + width / 2 - loc
        if limits is not None and x == limits[0]:
            low = -mpmath.inf
        if limits is not None and x == limits[1]:
            high = mpmath.inf
        a, b = low / scale, high / scale
        if a + b > 0:  # erfc of a large positive number keeps its digits, 1 - erfc does not
            mass = (mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2
        else:
            mass = (mpmath.erfc(-b / mpmath.sqrt(2)) - mpmath.erfc(-a / mpmath.sqrt(2))) / 2
        left = 0 if mpmath.isinf(a) else mpmath.npdf(a)
        right = 0 if mpmath.isinf(b) else mpmath.npdf(b)
        left_a = 0 if mpmath.isinf(a) else a * left
        right_b = 0 if mpmath.isinf(b) else b * right
        return (
            float(mpmath.log(mass)),
            float((left - right) / (mass * scale)),
            float((left_a - right_b) / (mass * scale)),
        )


GAPS = [0.0, 1e-6, 0.3, 0.499999, 0.5, 0.500001, 1.0, 7.0, 120.0, 3e4]
WIDTHS = [1e-6, 1 / 255, 0.9, 1.0, 5.0, 300.0]
SCALES = [1e-3, 0.05, 0.5, 1.0, 40.0]


def grid(dtype):
    points = [
        (sign * gap, 0.0, scale, width)
        for gap in GAPS
        for sign in (-1, 1)
        for scale in SCALES
        for width in WIDTHS
    ]
    return np.array(points, dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_values_and_gradients(dtype, tolerance):
    points = grid(dtype)
    truth = np.array([reference(*row) for row in points])
    with jax.enable_x64(dtype == np.float64):
        x, loc, scale = (jnp.asarray(points[:, i]) for i in range(3))

        @jax.jit
        def value_and_pull(loc, scale):
            value = functools.partial(normal_log_mass, bin_width=points[:, 3])
            got, pull = jax.vjp(lambda loc, scale: value(x, loc, scale), loc, scale)
            return got, *pull(jnp.ones_like(got))

        got, d_loc, d_scale = (np.asarray(v, float) for v in value_and_pull(loc, scale))
    error = np.abs(got - truth[:, 0])
    assert (error <= tolerance * np.maximum(1, np.abs(truth[:, 0]))).all()
    for derivative, column in ((d_loc, 1), (d_scale, 2)):
        assert np.isfinite(derivative).all()
        error = np.abs(derivative - truth[:, column])
        # An edge 1 part in 1e6 from the mean is known to 1e-7 / 1e-6 only in float32, and
        # slopes at such places are large: 1 / scale is their natural unit.
        size = np.maximum(1 / points[:, 2].astype(float), np.abs(truth[:, column]))
        assert (error <= 30 * tolerance * size).all()


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_open_ends(dtype, tolerance):
    locs, scales = [-40.0, -1.0, 0.0, 0.5, 0.75, 1.0, 9.0], [0.02, 0.5, 3.0]
    points = np.array(list(itertools.product([0.0, 0.5, 1.0], locs, scales)), dtype)
    options = {"bin_width": 0.5, "limits": (0.0, 1.0)}
    with jax.enable_x64(dtype == np.float64):
        got = jax.jit(functools.partial(normal_log_mass, **options))(*points.T)
    truth = [reference(*point, 0.5, (0.0, 1.0))[0] for point in points]
    assert np.asarray(got) == pytest.approx(np.array(truth), rel=tolerance, abs=tolerance)


def test_a_grid_with_open_ends_sums_to_one():
    levels = np.arange(256.0) / 255
    cases = np.array(list(itertools.product([0.001, 0.1, 10.0], [-2.0, 0.1, 0.5, 1.3])))
    scale, loc = (np.tile(column, (256, 1)) for column in cases.T)
    x = np.tile(levels[:, None], len(cases))
    options = {"bin_width": 1 / 255, "limits": (0.0, 1.0)}
    with jax.enable_x64(True):
        mass = jax.jit(functools.partial(normal_log_mass, **options))(x, loc, scale)
        total = np.exp(np.asarray(mass)).sum(axis=0)
    assert (np.asarray(mass) <= 0).all()
    assert total == pytest.approx(1.0, abs=1e-12)


def test_narrow_bins_are_density_times_width():
    with jax.enable_x64(True):
        outputs, x = jnp.array([[0.2, -1.0]]), jnp.array([[0.9, 4.0]])
        gaussian = Gaussian(0.7)
        mass = jax.jit(functools.partial(gaussian.log_mass, bin_width=1e-6))(outputs, x)
        density = gaussian.log_prob(outputs, x) + 2 * np.log(1e-6)
        assert mass == pytest.approx(np.asarray(density), rel=1e-10)


def test_renormalised_on_zero_and_one_it_is_a_bernoulli():
    with jax.enable_x64(True):
        mean, scale = jnp.linspace(-3, 4, 29)[:, None], 0.6
        gaussian, ones = Gaussian(scale), jnp.ones((29, 1))
        both = jnp.stack([gaussian.log_prob(mean, 0 * ones), gaussian.log_prob(mean, ones)])
        logits = (mean - 0.5) / scale**2
        for value in (0, 1):
            renormalised = both[value] - jax.nn.logsumexp(both, axis=0)
            bernoulli = Bernoulli().log_prob(logits, value * ones)
            assert renormalised == pytest.approx(np.asarray(bernoulli), abs=1e-12)


def test_masks_do_not_leak():
    outputs = jnp.array([[0.1, 0.7]])
    x, mask = jnp.array([[0.0, jnp.nan]]), jnp.array([[True, False]])
    gaussian = Gaussian(0.3)

    def value(outputs):
        return gaussian.log_mass(outputs, x, bin_width=1.0, limits=(0, 1), mask=mask).sum()

    got, grad = jax.jit(jax.value_and_grad(value))(outputs)
    bin_of_one = functools.partial(gaussian.log_mass, bin_width=1.0, limits=(0, 1))
    alone = jax.jit(bin_of_one)(outputs[:, :1], x[:, :1])
    assert got == pytest.approx(float(alone[0]), rel=1e-6)
    assert jnp.isfinite(grad).all()
    assert grad[0, 1] == 0


def test_bad_arguments():
    x = jnp.zeros((2, 3))
    with pytest.raises(ValueError, match="bin_width: expected a positive number"):
        Gaussian().log_mass(x, x, bin_width=0.0)
    with pytest.raises(ValueError, match="limits: expected"):
        Gaussian().log_mass(x, x, bin_width=1.0, limits=(1.0, 0.0))
    with pytest.raises(ValueError, match="outputs: expected shape"):
        Gaussian().log_mass(x[:1], x, bin_width=1.0)
    with pytest.raises(ValueError, match="loc: expected the shape of x"):
        normal_log_mass(x, x[:1], 1.0, bin_width=1.0)

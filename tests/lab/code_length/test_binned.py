"""Densities as masses of whole numbers."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import stats

from aelib.lab.code_length import Binned
from aelib.lab.code_length._binned import laplace_log_mass, normal_log_mass, tilted_log_mass
from aelib.likelihoods import ContinuousBernoulli, Gaussian, Laplace, Poisson

EDGES = [
    (near, near + width)
    for near in (0.0, 0.3, 3.0, 4.9, 5.1, 7.0, 12.0, 30.0)
    for width in (0.01, 0.3, 1.0, 5.0, np.inf)
]


def _exact(near: float, far: float) -> float:
    with mpmath.workdps(60):
        return float(mpmath.log(mpmath.ncdf(-near) - (0 if np.isinf(far) else mpmath.ncdf(-far))))


def test_normal_mass_in_the_tails_on_both_sides():
    near, far = np.array(EDGES, np.float32).T
    exact = [_exact(float(a), float(b)) for a, b in zip(near, far, strict=True)]
    # 1e-4 nats is what the docstring promises; the rounding of float32 grows with the value.
    allowed = {"atol": 1e-4, "rtol": 1e-6}
    np.testing.assert_allclose(normal_log_mass(-near, far), exact, **allowed)
    np.testing.assert_allclose(normal_log_mass(far, -near), exact, **allowed)


def test_laplace_mass_is_that_of_scipy():
    low, high = np.array([-9.0, -0.4, 0.2, 30.0]), np.array([-8.0, 0.6, np.inf, 31.0])
    exact = np.log(
        np.array(
            [
                stats.laplace.cdf(-8) - stats.laplace.cdf(-9),
                stats.laplace.cdf(0.6) - stats.laplace.cdf(-0.4),
                stats.laplace.sf(0.2),
                stats.laplace.sf(30) - stats.laplace.sf(31),
            ]
        )
    )
    np.testing.assert_allclose(laplace_log_mass(-low, high), exact, rtol=2e-6)


@pytest.mark.parametrize("logit", [-40.0, -1.0, 1e-3, 3.0, 60.0])
def test_tilted_mass_is_the_integral(logit):
    with mpmath.workdps(40):
        low, high = mpmath.mpf("0.25"), mpmath.mpf("0.375")
        a = mpmath.mpf(logit)
        exact = mpmath.log((mpmath.exp(a * high) - mpmath.exp(a * low)) / mpmath.expm1(a))
    found = tilted_log_mass(jnp.float32(logit), jnp.float32(0.25), jnp.float32(0.375))
    assert float(found) == pytest.approx(float(exact), rel=2e-6)


@pytest.mark.parametrize("family", [Gaussian(0.7), Laplace(2.0), ContinuousBernoulli()])
def test_masses_of_all_whole_numbers_sum_to_one(family):
    values = np.arange(17)
    outputs = np.repeat([[0.3, 5.0, -3.0]], 17, axis=0).astype(np.float32)
    nats = Binned(family, limits=(0, 16)).log_prob_per_feature(outputs, values[:, None] + [[0] * 3])
    np.testing.assert_allclose(np.exp(nats).sum(axis=0), 1, rtol=1e-5)


@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_gradients_are_finite_without_a_last_number(family):
    likelihood = Binned(family(0.05), limits=(0, np.inf))
    slope = jax.grad(lambda o: likelihood.log_prob(o, jnp.array([[0, 3, 400]])).sum())
    gradient = np.asarray(slope(jnp.array([[3.0, 3.0, 0.0]])))
    assert np.isfinite(gradient).all()
    assert gradient[0, 0] < 0 < gradient[0, 2]


def test_what_it_refuses():
    with pytest.raises(TypeError, match="got Poisson"):
        Binned(Poisson(), limits=(0, 1))
    with pytest.raises(ValueError, match="limits: expected"):
        Binned(Gaussian(1.0), limits=(1, 0))
    with pytest.raises(ValueError, match="limits: expected"):
        Binned(ContinuousBernoulli(), limits=(0, np.inf))
    with pytest.raises(ValueError, match=r"from 0 to 2, got 3 at index \(1, 0\)"):
        Binned(Gaussian(1.0), limits=(0, 2)).check(np.array([[0], [3]]))

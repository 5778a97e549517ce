import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from aelib import penalties


def reference_kl(codes, rho):
    """Sum over units of KL(rho || mean), in 50 digits."""
    with mpmath.workdps(50):
        total = mpmath.mpf(0)
        r = mpmath.mpf(float(rho))
        for unit in np.asarray(codes, np.float64).T:
            mean = mpmath.fsum(mpmath.mpf(float(z)) for z in unit) / len(unit)
            total += r * mpmath.log(r / mean) + (1 - r) * mpmath.log((1 - r) / (1 - mean))
        return float(total)


def test_l1_sums_absolute_values_of_each_code():
    codes = jax.random.normal(jax.random.key(0), (7, 5))
    expected = np.abs(np.asarray(codes, np.float64)).sum(axis=1)
    np.testing.assert_allclose(penalties.l1(codes), expected, rtol=1e-6)


# Mean activities over the whole range, among them some near rho, where the logarithms cancel.
@pytest.mark.parametrize("rho", [0.01, 0.05, 0.5, 0.9])
@pytest.mark.parametrize("x64", [False, True])
def test_kl_sparsity_against_fifty_digits(rho, x64):
    with jax.enable_x64(x64):
        rho = float(np.float32(rho))
        dtype = np.float64 if x64 else np.float32
        eps = np.finfo(dtype).eps
        centers = [
            1e-6,
            1e-3,
            rho * (1 - 1e-3),
            rho,
            rho * (1 + 1e-5),
            0.3,
            0.7,
            1 - 1e-3,
            1 - 1e-6,
        ]
        for center in centers:
            spread = np.linspace(0.5, 1.5, 11) if center < 0.5 else np.ones(11)
            codes = np.clip(center * spread, 1e-7, 1 - 1e-7).astype(dtype)[:, None]
            value = penalties.kl_sparsity(jnp.asarray(codes), rho=rho)
            assert value.shape == ()
            assert value.dtype == dtype
            expected = reference_kl(codes, rho)
            # What rounding the distances from rho, and the sums of them, can do to the value.
            distances = codes.astype(np.float64) - rho
            mean = codes.astype(np.float64).mean()
            slope = abs(-rho / mean + (1 - rho) / (1 - mean))
            scale = abs(distances.mean()) + slope * abs(distances).mean() + expected
            assert abs(float(value) - expected) <= 4 * eps * scale


def test_kl_sparsity_gradient_is_its_derivative_and_vanishes_at_rho():
    codes = jnp.linspace(0.05, 0.9, 12).reshape(4, 3)
    gradient = jax.grad(lambda z: penalties.kl_sparsity(z, rho=0.2))(codes)
    mean = np.asarray(codes, np.float64).mean(axis=0)
    expected = np.broadcast_to((-0.2 / mean + 0.8 / (1 - mean)) / 4, (4, 3))
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)
    flat = jnp.full((4, 3), 0.2)
    at_rho = jax.grad(lambda z: penalties.kl_sparsity(z, rho=float(flat[0, 0])))(flat)
    np.testing.assert_allclose(at_rho, 0.0, atol=1e-7)


@pytest.mark.parametrize("rho", [0.0, 1.0, -0.1, float("nan")])
def test_kl_sparsity_refuses_rho_outside_the_open_interval(rho):
    with pytest.raises(ValueError, match=r"rho: expected a number in \(0, 1\)"):
        penalties.kl_sparsity(jnp.full((2, 2), 0.5), rho=rho)


@pytest.mark.parametrize("function", [penalties.l1, lambda z: penalties.kl_sparsity(z, rho=0.1)])
def test_codes_are_a_batch_of_vectors(function):
    with pytest.raises(ValueError, match=r"codes: expected \[batch, latent\], got shape \(3,\)"):
        function(jnp.ones(3))


def test_bfloat16_codes_give_float32():
    codes = jnp.full((3, 2), 0.25, jnp.bfloat16)
    assert penalties.l1(codes).dtype == jnp.float32
    assert penalties.kl_sparsity(codes, rho=0.1).dtype == jnp.float32


def test_on_codes_makes_equal_penalties_of_equal_arguments():
    penalty = penalties.on_codes(penalties.kl_sparsity, rho=0.1)
    assert penalty == penalties.on_codes(penalties.kl_sparsity, rho=0.1)
    assert penalty != penalties.on_codes(penalties.kl_sparsity, rho=0.2)
    assert penalty.__name__ == "kl_sparsity"
    codes = jnp.full((5, 2), 0.3)
    expected = penalties.kl_sparsity(codes, rho=0.1)
    assert penalty(None, None, codes, None) == expected

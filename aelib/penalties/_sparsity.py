"""Penalties that make codes sparse."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from aelib._arrays import as_floating
from aelib._checks import check_fraction


def l1(codes: Real[ArrayLike, "batch latent"]) -> Float[Array, " batch"]:
    r"""Sum of absolute values of each code: a Laplace prior on it, but for a constant.

    Args:
        codes: [batch, latent].

    Returns:
        [batch]. With strength 1 / b it is the negative log-density of independent Laplace units of
        scale b, in nats, less ``latent * log(2 b)``.

    Raises:
        ValueError: if ``codes`` is not [batch, latent].

    Example:
        >>> import jax.numpy as jnp
        >>> l1(jnp.array([[1.0, -2.0], [0.0, 0.5]]))
        Array([3. , 0.5], dtype=float32)
    """
    return jnp.sum(jnp.abs(_codes(codes)), axis=-1)


def kl_sparsity(codes: Real[ArrayLike, "batch latent"], *, rho: float) -> Float[Array, ""]:
    r"""How far each unit's mean activity is from ``rho``: Σ KL(Bernoulli(ρ) ‖ Bernoulli(mean)).

    The sum is over units and the mean over the batch (Lee, Ekanadham and Ng 2007; Ng 2011), so this
    is one number for a batch:

    .. math::
        \sum_j \rho \ln\frac{\rho}{\hat\rho_j} + (1 - \rho) \ln\frac{1 - \rho}{1 - \hat\rho_j}

    Args:
        codes: [batch, latent], in (0, 1), such as those of ``code_activation="sigmoid"``.
        rho: the activity wanted, in (0, 1).

    Returns:
        [], in nats; infinite if a unit is 0, or 1, for the whole batch.

    Raises:
        ValueError: if ``codes`` is not [batch, latent] or ``rho`` is not in (0, 1).

    Example:
        >>> import jax.numpy as jnp
        >>> float(kl_sparsity(jnp.full((10, 3), 0.05), rho=0.05))
        0.0
    """
    rho = check_fraction("rho", rho)
    codes = _codes(codes)
    # With u and v the relative distances of the two means from rho and 1 - rho, rho u + (1 - rho) v
    # is 0. Adding it makes both terms positive, u - ln(1 + u): nothing cancels between them.
    distance = jnp.mean(codes - rho, axis=0)
    active, silent = jnp.mean(codes, axis=0), jnp.mean(1 - codes, axis=0)
    on = rho * _excess(distance / rho, active / rho)
    off = (1 - rho) * _excess(-distance / (1 - rho), silent / (1 - rho))
    return jnp.sum(on + off)


def _excess(u: jax.Array, ratio: jax.Array) -> jax.Array:
    """``u - ln(ratio)`` where ratio = 1 + u, from whichever of the two has kept its digits."""
    # XLA's float64 log1p on the CPU is off by up to a hundred ulp from -0.5 to -0.29.
    by_ratio = u < -0.25
    log1p = jnp.log1p(jnp.where(by_ratio, 0.0, u))
    return u - jnp.where(by_ratio, jnp.log(jnp.where(by_ratio, ratio, 1.0)), log1p)


def _codes(codes: ArrayLike) -> jax.Array:
    codes = as_floating("codes", codes)
    if codes.ndim != 2:
        raise ValueError(f"codes: expected [batch, latent], got shape {codes.shape}")
    return codes

r"""What Stirling's formula leaves out.

.. math:: \ln\Gamma(k + 1) = k \ln k - k + \tfrac12 \ln(2 \pi k) + \delta(k)

The first two terms are huge and cancel against the rest of a likelihood; the third is small and
:math:`\delta` is tiny (0.081 at one, 8e-7 at 1e5). Writing likelihoods with :math:`\delta` in place
of :math:`\ln\Gamma` is the saddle-point form of C. Loader, *Fast and accurate computation of
binomial probabilities* (2000).
"""

import jax.numpy as jnp
from jax import Array

from aelib.losses._cancellation import atanh_tail, is_single, polynomial

HALF_LOG_TWO_PI = 0.9189385332046727

# B_2n / (2n (2n - 1)), the Stirling series in 1 / k^(2n - 1).
_STIRLING = [
    1 / 12,
    -1 / 360,
    1 / 1260,
    -1 / 1680,
    1 / 1188,
    -691 / 360360,
    1 / 156,
    -3617 / 122400,
]
# The same in powers of 1 / k for k >= 1: interpolated at the eleven Chebyshev nodes of 0 < 1/k < 1
# (a test computes them anew). Off by 2e-10 of delta(k), and 1e-8 of its derivative.
_INTERPOLATED = [
    0.08333333331,
    4.942677904e-9,
    -0.002777986624,
    3.585053631e-6,
    0.0007608859216,
    0.0001803162583,
    -0.001225387308,
    0.001387882324,
    -0.0008442476995,
    0.0002853915399,
    -4.231093085e-5,
]
# (1 - 4^-n) B_2n / (n (2n - 1)), the same for a step of one half.
_HALF_STEP = [
    1 / 8,
    -1 / 192,
    1 / 640,
    -17 / 14336,
    31 / 18432,
    -691 / 180224,
    5461 / 425984,
    -929569 / 15728640,
]


def _odd_inverse_series(k: Array, coefficients: list[float]) -> Array:
    inverse = 1.0 / k
    terms = coefficients[:5] if is_single(k) else coefficients
    return inverse * polynomial(inverse * inverse, terms)


def stirling_error(k: Array) -> Array:
    r""":math:`\delta(k)` for real ``k >= 1``.

    In float32 one polynomial. In float64 the asymptotic series, reached by stepping up with

    .. math:: \delta(k) - \delta(k + 1) = (k + \tfrac12) \ln\frac{k + 1}{k} - 1
              = \frac{v^2}{3} + \frac{v^4}{5} + \dots, \qquad v = \frac{1}{2k + 1},

    a sum of positive terms: nothing cancels, in the value or in any derivative.

    Example:
        >>> import jax.numpy as jnp
        >>> float(stirling_error(jnp.float32(1.0)))  # 1 - log(2 pi) / 2
        0.081061...
    """
    if is_single(k):
        inverse = 1.0 / k
        return inverse * polynomial(inverse, _INTERPOLATED)
    steps = 7
    total = _odd_inverse_series(k + steps, _STIRLING)
    for step in range(steps):
        v = 1.0 / (2.0 * (k + step) + 1.0)
        total = total + 0.5 * atanh_tail(v * v, largest=1.0 / (2 * step + 3) ** 2)
    return total


def reached_stirling_error(k: Array) -> Array:
    r""":math:`\delta(k)` for ``k >= 1`` and :math:`\delta(k + 1)` below, where the steps begin.

    Example:
        >>> import jax.numpy as jnp
        >>> low, high = reached_stirling_error(jnp.float32(0.5)), stirling_error(jnp.float32(1.5))
        >>> bool(low == high)
        True
    """
    return stirling_error(jnp.where(k < 1.0, k + 1.0, k))


def log_gamma_one_plus(k: Array) -> Array:
    r""":math:`\ln\Gamma(1 + k)` for ``0 <= k < 1``.

    Example:
        >>> import jax.numpy as jnp
        >>> abs(float(log_gamma_one_plus(jnp.float32(0.5))) + 0.12078224) < 1e-7
        True
    """
    return reached_stirling_error(k) + (k + 0.5) * jnp.log1p(k) - k - (1.0 - HALF_LOG_TWO_PI)


def saddle_point_prefactor(k: Array) -> Array:
    r""":math:`\ln\Gamma(k + 1) - k \ln k + k`, for ``k > 0``.

    From 1 on this is :math:`\tfrac12 \ln(2 \pi k) + \delta(k)`.

    Example:
        >>> import jax.numpy as jnp
        >>> float(saddle_point_prefactor(jnp.float32(1.0)))
        1.0
    """
    small, log_k = k < 1.0, jnp.log(k)
    low = jnp.where(small, k, 0.0)
    fraction = (low + 0.5) * jnp.log1p(low) - low * log_k - (1.0 - HALF_LOG_TWO_PI)
    whole = 0.5 * log_k + HALF_LOG_TWO_PI
    return reached_stirling_error(k) + jnp.where(small, fraction, whole)


def half_step_excess(a: Array) -> Array:
    r""":math:`\tfrac12 \ln a - \ln\Gamma(a + \tfrac12) + \ln\Gamma(a)` for ``a > 0``.

    What separates the normalizer of Student's t (with ``a`` half its degrees of freedom) from the
    Gaussian's. The asymptotic series, reached by stepping up with

    .. math:: c(a) - c(a + 1) = \tfrac12 \ln\Bigl(1 + \frac{1}{4 a (a + 1)}\Bigr) > 0.

    Example:
        >>> import jax.numpy as jnp
        >>> abs(float(half_step_excess(jnp.float32(1e4))) * 8e4 - 1) < 1e-6
        True
    """
    steps = 6 if is_single(a) else 12
    total = _odd_inverse_series(a + steps, _HALF_STEP)
    for step in range(steps):
        b = a + step
        total = total + 0.5 * jnp.log1p(0.25 / (b * (b + 1.0)))
    return total

"""Differences of nearly equal numbers, rearranged so that no digit is lost.

Near the minimum of a loss its large terms cancel: at ``counts = 1e5`` a Poisson loss of about 7
nats is what is left of terms of a million. The functions here carry out those subtractions on
paper. They hold their relative precision in float32 and in float64.
"""

import math

import jax.numpy as jnp
from jax import Array

from aelib.losses._partials import with_partials

# ln 2 in two pieces; the first is short enough that (exponent * first) is exact (fdlibm).
_LN2_SINGLE = (6.9313812256e-01, 9.0580006145e-06)
_LN2_DOUBLE = (6.93147180369123816490e-01, 1.90821492927058770002e-10)


def polynomial(x: Array, coefficients: list[float]) -> Array:
    """Horner's rule, constant term first.

    Example:
        >>> import jax.numpy as jnp
        >>> float(polynomial(jnp.asarray(2.0), [1.0, 0.0, 3.0]))
        13.0
    """
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def atanh_tail(z: Array, largest: float = 1 / 9) -> Array:
    """``2 (atanh(s) / s - 1) = 2z/3 + 2z^2/5 + ...`` of ``z = s^2``, for ``z`` up to ``largest``.

    With ``s = u / (2 + u)``, ``log1p(u) = 2s + s * atanh_tail(s^2)``: the series behind every
    careful logarithm (fdlibm's ``log1p``), with the leading term left for the caller to cancel.

    Example:
        >>> import jax.numpy as jnp
        >>> s = 0.25
        >>> bool(jnp.isclose(2 * s + s * atanh_tail(jnp.asarray(s * s)), 2 * jnp.arctanh(s)))
        True
    """
    digits = 8.5 if is_single(z) else 17.0
    terms = math.ceil(digits / -math.log10(largest))
    return z * polynomial(z, [2.0 / (2 * n + 3) for n in range(terms)])


def is_single(x: Array) -> bool:
    """Whether ``x`` is float32, for which shorter series suffice.

    Example:
        >>> import jax.numpy as jnp
        >>> is_single(jnp.float32(1.0))
        True
    """
    return x.dtype == jnp.float32


def _one(log_a: Array, b: Array) -> Array:
    del b
    return jnp.ones_like(log_a)


def _minus_inverse(log_a: Array, b: Array) -> Array:
    del log_a
    return -1.0 / b


@with_partials(_one, _minus_inverse)
def log_ratio(log_a: Array, b: Array) -> Array:
    r"""``log_a - log(b)`` for ``b > 0``, good to its own last digit and not to that of ``log(b)``.

    In float32 the numbers near :math:`\ln 10^5 = 11.5` are :math:`10^{-6}` apart, and a Poisson
    loss multiplies the difference by :math:`10^5`. So the logarithm is never rounded to one
    number: with :math:`b = (1 + f) 2^e`,

    .. math:: \ln b = e \ln 2 + f - f^2/2 + s (f^2/2 + R(s^2)), \qquad s = f / (2 + f),

    and the pieces are subtracted from ``log_a`` largest first, each subtraction exact where the
    two are close. The square is split so that its large part is exact too.

    The derivative is given because :func:`jax.numpy.frexp` has none.

    Example:
        >>> import jax.numpy as jnp
        >>> close = log_ratio(jnp.float32(11.512925), jnp.float32(1e5))  # ln 1e5 = 11.512925465
        >>> abs(float(close) - (11.512925148010254 - 11.512925464970229)) < 1e-9
        True
    """
    high, low = _LN2_SINGLE if is_single(b) else _LN2_DOUBLE
    mantissa, exponent = jnp.frexp(b)
    low_half = mantissa < 0.7071067811865476
    fraction = jnp.where(low_half, 2.0 * mantissa, mantissa) - 1.0
    exponent = jnp.where(low_half, exponent - 1, exponent).astype(b.dtype)
    # The leading bits of the fraction: few enough that their square is exact.
    grid = 2.0**11 if is_single(b) else 2.0**25
    leading = jnp.round(fraction * grid) / grid
    rest = 0.5 * (fraction - leading) * (fraction + leading)
    s = fraction / (2.0 + fraction)
    tail = atanh_tail(s * s, largest=0.0295)  # the square of (sqrt(2) - 1) / (sqrt(2) + 1)
    small = exponent * low - rest + s * (0.5 * fraction * fraction + tail)
    return ((log_a - exponent * high) - fraction) + 0.5 * leading * leading - small


def exponential_remainder(t: Array) -> Array:
    """``exp(t) - 1 - t`` for ``|t| <= 1``, to full relative precision (about ``t^2 / 2``).

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{exponential_remainder(jnp.float32(1e-4)):.6g}")
        5.00017e-09
    """
    terms = 10 if is_single(t) else 18
    return t * t * polynomial(t, [1.0 / math.factorial(n + 2) for n in range(terms)])


def remainder_series(u: Array) -> Array:
    """``u - log(1 + u)`` for ``u`` from -0.4 to 1, to full relative precision (about ``u^2 / 2``).

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{remainder_series(jnp.float32(1e-4)):.6g}")
        4.99967e-09
    """
    s = u / (2.0 + u)
    # u = 2s + s u, and log1p(u) = 2s + s R(s^2): the 2s has gone.
    return s * (u - atanh_tail(s * s))


def logarithm_remainder(u: Array, one_plus_u: Array) -> Array:
    """``u - log(1 + u)`` for ``u > -1``, to full relative precision.

    Args:
        u: greater than -1.
        one_plus_u: the same plus one, computed by the caller without cancellation; used where
            ``u`` is far from zero.

    Example:
        >>> import jax.numpy as jnp
        >>> u = jnp.float32(3.0)
        >>> print(f"{logarithm_remainder(u, 1 + u):.4f}")  # 3 - log 4
        1.6137
    """
    near = (u > -0.4) & (u < 1.0)
    series = remainder_series(jnp.where(near, u, 0.0))
    return jnp.where(near, series, u - jnp.log(jnp.where(near, 1.0, one_plus_u)))

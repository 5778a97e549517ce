"""Log of the probability that a symmetric law puts in an interval, also far out in its tail.

An interval is given by ``edge``, its end nearer to the center, counted positive into the tail, and
by ``length``, which may be infinite; an interval that holds the center has a negative edge, of at
most half its length. A difference of distribution functions would lose all its digits in narrow
intervals and far out: here nothing is subtracted that is close to what it is subtracted from, in
the value or in its derivatives.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import erfc, erfcx
from jax.scipy.stats import t as student
from jaxtyping import Float

from aelib.losses._cancellation import is_single, polynomial
from aelib.losses._partials import with_partials
from aelib.losses._stirling import HALF_LOG_TWO_PI, half_step_excess

_ROOT_HALF = 0.7071067811865476
_HALF_LOG_PI = 0.5723649429247001
_MILLS = [1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0, -135135.0]
_ROOT_HALF_PI = 1.2533141373155003


def normal_log_mass(
    edge: Float[Array, "*shape"], length: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    r"""Log of the standard normal mass in [edge, edge + length].

    Into the tail by Mills' ratio :math:`R(c) = \Phi(-c) / \varphi(c)`, as
    :math:`\log\varphi(c) + \log[R(c) - e^{-cw - w^2/2} R(c + w)]` for a length w. A narrow
    interval, where the two terms are close, is integrated instead:
    :math:`\log\varphi(c) + \log\int_0^w e^{-cs - s^2/2}\,ds`. One that holds the center and most of
    the mass is 1 minus its two tails.

    Example:
        >>> import jax.numpy as jnp
        >>> inside = normal_log_mass(jnp.float32(-1.0), jnp.float32(2.0))  # one standard deviation
        >>> print(f"{jnp.exp(inside):.4f}")
        0.6827
    """
    narrow = length * (jnp.abs(edge) + 1.0) < 1.0
    tail = ~narrow & (edge >= 0.0)
    both = ~narrow & (edge < 0.0)
    # Each branch sees harmless numbers where another is taken, or its NaN reaches the gradient.
    c = jnp.where(both, 0.0, edge)
    s, weights = _nodes(jnp.where(narrow, length, 1.0), 4 if is_single(edge) else 8)
    thin = _integral(jnp.exp(-s * (c[..., None] + 0.5 * s)), weights)

    c = jnp.where(tail, edge, 1.0)
    closed = tail & jnp.isfinite(length)
    w = jnp.where(closed, length, 1.0)
    beyond = jnp.exp(-w * (c + 0.5 * w)) * _mills_ratio(c + w)
    thick = _mills_ratio(c) - jnp.where(closed, beyond, 0.0)

    near = jnp.where(both, edge, -1.0)
    far = jnp.where(both & jnp.isfinite(length), near + length, 1.0)
    missing = erfc(-near * _ROOT_HALF)
    missing += jnp.where(jnp.isfinite(length), erfc(far * _ROOT_HALF), 0.0)
    density = -0.5 * jnp.square(jnp.where(both, 0.0, edge))
    outside = density - HALF_LOG_TWO_PI + jnp.log(jnp.where(narrow, thin, thick))
    return jnp.where(both, jnp.log1p(-0.5 * missing), outside)


def _mills_slope(c: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    return c * _mills_ratio(c) - 1.0


@with_partials(_mills_slope)
def _mills_ratio(c: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The normal mass beyond ``c >= 0``, over the density there.

    Far out the asymptotic series: there JAX's ``erfcx`` falls to zero where ``erfc`` underflows
    (from 9.2 to 10 in float32), and its derivative overflows.
    """
    far = c > (10.0 if is_single(c) else 30.0)
    inverse = 1.0 / jnp.where(far, c, 1.0)
    series = inverse * polynomial(jnp.square(inverse), _MILLS)
    return jnp.where(far, series, _ROOT_HALF_PI * erfcx(jnp.where(far, 0.0, c) * _ROOT_HALF))


def _laplace_slope_edge(
    edge: Float[Array, "*shape"], length: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """The densities' difference over the mass: with the center inside it may be nearly zero."""
    both = edge < 0.0
    near, far = jnp.where(both, edge, 0.0), jnp.where(both, edge + length, 1.0)
    difference = 0.5 * (jnp.expm1(-far) - jnp.expm1(near))
    return jnp.where(both, difference * jnp.exp(-laplace_log_mass(edge, length)), -1.0)


def _laplace_slope_length(
    edge: Float[Array, "*shape"], length: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """The density at the far end over the mass."""
    both = edge < 0.0
    near, width = jnp.where(both, edge, -1.0), jnp.where(both, 1.0, length)
    density = 0.5 * jnp.exp(-jnp.where(both, near + length, 0.0))
    inside = density * jnp.exp(-laplace_log_mass(near, jnp.where(both, length, 2.0)))
    return jnp.where(both, inside, 1.0 / jnp.expm1(width))


@with_partials(_laplace_slope_edge, _laplace_slope_length)
def laplace_log_mass(
    edge: Float[Array, "*shape"], length: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    r"""Log of the mass of a Laplace law of scale 1 in [edge, edge + length].

    :math:`-c + \log\tfrac12(1 - e^{-w})` into the tail. Where the interval holds the center, the
    sum of the two sides, or 1 minus the two tails if that is most of the mass.

    Example:
        >>> import jax.numpy as jnp
        >>> inside = laplace_log_mass(jnp.float32(-1.0), jnp.float32(jnp.inf))
        >>> print(f"{jnp.exp(inside):.4f}")
        0.8161
    """
    both = edge < 0.0
    width = jnp.where(both, 1.0, length)
    tail = -edge + jnp.log(-0.5 * jnp.expm1(-width))
    near = jnp.where(both, edge, -1.0)
    far = jnp.where(both, edge + length, 1.0)
    most = length > 2.0
    sides = jnp.log(jnp.where(most, 1.0, -0.5 * (jnp.expm1(near) + jnp.expm1(-far))))
    missing = 0.5 * (jnp.exp(near) + jnp.exp(-far))
    return jnp.where(both, jnp.where(most, jnp.log1p(-missing), sides), tail)


def student_t_log_mass(
    edge: Float[Array, "*shape"], length: Float[Array, "*shape"], df: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    r"""Log of the mass of Student's t, of scale 1, in [edge, edge + length].

    Where the density falls to nothing, or the interval ends, within less than
    :math:`\sqrt{\nu + c^2}` of the edge c, it is integrated from there. Elsewhere its tail is a
    power, and :math:`z = \sqrt\nu\sinh t` makes an exponential of it:

    .. math:: \int p(z)\,dz = \sqrt{\nu}\,p(0) \int \cosh(t)^{-\nu}\,dt

    Example:
        >>> import jax.numpy as jnp
        >>> inside = student_t_log_mass(jnp.float32(-1.0), jnp.float32(2.0), jnp.float32(1.0))
        >>> print(f"{jnp.exp(inside):.4f}")  # half of the Cauchy distribution
        0.5000
    """
    cut, number = _precision(edge)
    root = jnp.sqrt(df)
    a = edge / root
    size = jnp.hypot(1.0, a)
    # In units of sqrt(df + edge^2); at the reach the density is e^-cut of what it is at the edge.
    slope = jnp.maximum(a, 0.0) / size
    fall = jnp.expm1(jnp.minimum(2.0 * cut / (df + 1.0), 60.0))
    reach = fall / (slope + jnp.sqrt(jnp.square(slope) + fall))
    closed = jnp.isfinite(length)
    length = jnp.where(closed, length, 1.0)
    reach = jnp.where(closed, jnp.minimum(reach, length / root / size), reach)
    direct = (reach <= 0.7) & ((edge >= 0.0) | (closed & (length < 1.0)))
    u, weights = _nodes(jnp.where(direct, reach, 0.5), number)
    rise = u * (2.0 * jnp.where(direct, a / size, 0.0)[..., None] + u)
    falling = jnp.exp(-0.5 * (df[..., None] + 1.0) * jnp.log1p(rise))
    thin = jnp.log(_integral(falling, weights)) - df * _log_hypot(a)

    # With the center inside, two pieces that begin there.
    both = ~direct & (edge < 0.0)
    start = jnp.where(direct | both, 0.0, a)
    end = jnp.where(direct, 1.0, jnp.where(closed, a + length / root, jnp.inf))
    starts = jnp.stack([start, jnp.zeros_like(a)])
    ends = jnp.stack([end, jnp.where(both, -a, 1.0)])
    thick, other = _log_cosh_integral(starts, ends, jnp.stack([df, df]))
    thick = jnp.where(both, jnp.logaddexp(thick, other), thick)
    log_scale = 0.5 * jnp.log(0.5 * df) - half_step_excess(0.5 * df) - _HALF_LOG_PI
    return jnp.minimum(log_scale + jnp.where(direct, thin, thick), 0.0)


@jax.jit
def normal_excess(t: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""Mean of :math:`\max(\varepsilon - t, 0)` for a standard normal and ``t >= 0``.

    :math:`\varphi(t) \int_0^\infty s\, e^{-ts - s^2/2}\,ds`: of :math:`\varphi(t) - t\,\Phi(-t)`
    the digits are gone far out.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{normal_excess(jnp.float32(6.0)):.4g}")
        1.564e-10
    """
    cut, number = _precision(t)
    t = jnp.minimum(t, 1e3)  # where it is 0 in either precision
    reach = 2.0 * cut / (jnp.sqrt(jnp.square(t) + 2.0 * cut) + t)
    s, weights = _nodes(jax.lax.stop_gradient(reach), 2 * number)
    inside = _integral(s * jnp.exp(-s * (t[..., None] + 0.5 * s)), weights)
    return inside * jnp.exp(-0.5 * jnp.square(t) - HALF_LOG_TWO_PI)


@jax.jit
def student_t_excess(
    t: Float[Array, "*shape"], df: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    r"""Mean of :math:`\max(\varepsilon - t, 0)` for Student's t and ``t >= 0``; NaN without mean.

    Where the density falls fast, the integral of s times it; where it is a power of little more
    than 2, of which no interval holds nearly all, in closed form, as
    :math:`\frac{\nu + t^2}{\nu - 1} p(t) - t\,P(\varepsilon > t)`.

    Example:
        >>> import jax.numpy as jnp
        >>> print(f"{student_t_excess(jnp.float32(0.0), jnp.float32(2.0)):.4f}")  # 1 / sqrt(2)
        0.7071
    """
    cut, number = _precision(t)
    t = jnp.minimum(t, 1e9)
    steep = df > 30.0
    safe = jnp.where(steep, df, 100.0)
    size = jnp.sqrt(safe + jnp.square(t))
    fall = jnp.expm1(2.0 * cut / (safe + 1.0))
    slope = t / size
    reach = size * fall / (slope + jnp.sqrt(jnp.square(slope) + fall))
    s, weights = _nodes(jax.lax.stop_gradient(reach), 2 * number)
    rise = s * (2.0 * t[..., None] + s) / jnp.square(size)[..., None]
    falling = jnp.exp(-0.5 * (safe[..., None] + 1.0) * jnp.log1p(rise))
    fast = _integral(s * falling, weights) * student.pdf(t, safe)

    safe = jnp.where(steep | (df <= 1.0), 2.0, df)
    beyond = jnp.exp(student_t_log_mass(t, jnp.full_like(t, jnp.inf), safe))
    slow = (safe + jnp.square(t)) / (safe - 1.0) * student.pdf(t, safe) - t * beyond
    return jnp.where(df > 1.0, jnp.where(steep, fast, slow), jnp.nan)


def _log_cosh_integral(
    a: Float[Array, "*shape"], b: Float[Array, "*shape"], df: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Log of the integral of cosh(t)^-df from arsinh(a) to arsinh(b), for 0 <= a < b.

    Up to two units from the start by quadrature, from there on as a series of exponentials.
    """
    cut, number = _precision(a)
    size = jnp.hypot(1.0, a)
    tanh, double = a / size, 1.0 / jnp.square(a + size)  # exp(-2 t) at the start
    open_end = jnp.isinf(b)
    inner = jnp.where(open_end, a + 1.0, b)
    grows = 1.0 + (inner + a) / (jnp.hypot(1.0, inner) + size)
    span = jnp.log1p((inner - a) * grows / (a + size))
    most = 2.0 + 2.0 * cut / df
    span = jnp.where(open_end, most, jnp.minimum(span, most))

    grown = jnp.exp(jnp.minimum(cut / df, 20.0))
    reach = jnp.log((grown + jnp.sqrt(jnp.square(grown) - 1.0 + jnp.square(tanh))) / (1.0 + tanh))
    s, weights = _nodes(jnp.minimum(jnp.minimum(span, reach), 2.0), number)
    rise = 2.0 * jnp.square(jnp.sinh(0.5 * s)) + tanh[..., None] * jnp.sinh(s)
    near = _integral(jnp.exp(-df[..., None] * jnp.log1p(rise)), weights)

    rest = jnp.maximum(span - 2.0, 0.0)
    ratio = double * jnp.exp(-4.0)
    coefficient, power, far = jnp.ones_like(a), jnp.ones_like(a), jnp.zeros_like(a)
    for k in range(6 if is_single(a) else 12):
        far -= coefficient * power * jnp.expm1(-(df + 2 * k) * rest) / (df + 2 * k)
        coefficient *= -(df + k) / (k + 1)
        power *= ratio
    far *= jnp.exp(df * (jnp.log1p(double) - 2.0))
    return jnp.log(near + far) - df * _log_hypot(a)


def _log_hypot(a: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """``log(sqrt(1 + a^2))``, without overflow."""
    small = jnp.abs(a) < 1e8
    inner = 0.5 * jnp.log1p(jnp.square(jnp.where(small, a, 0.0)))
    return jnp.where(small, inner, jnp.log(jnp.abs(jnp.where(small, 1.0, a))))


def _precision(x: Array) -> tuple[float, int]:
    """From where on e^-x is of no account, and nodes for an integral of e^-x up to there."""
    return (17.0, 16) if is_single(x) else (37.0, 32)


def _nodes(
    length: Float[Array, "*shape"], number: int
) -> tuple[Float[Array, "*shape nodes"], Float[Array, "*shape nodes"]]:
    """Nodes and weights of Gauss and Legendre for [0, length]."""
    points, weights = np.polynomial.legendre.leggauss(number)
    half = 0.5 * length[..., None]
    return half * jnp.asarray(points + 1.0, length.dtype), half * jnp.asarray(weights, length.dtype)


def _integral(
    values: Float[Array, "*shape nodes"], weights: Float[Array, "*shape nodes"]
) -> Float[Array, "*shape"]:
    return jnp.sum(weights * values, axis=-1)

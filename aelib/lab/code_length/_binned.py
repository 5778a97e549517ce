"""Densities as masses: the probability that a continuous family puts on whole numbers."""

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.scipy.special import erfc
from jax.typing import ArrayLike

from aelib.likelihoods import ContinuousBernoulli, Factorized, Gaussian, Laplace
from aelib.losses import continuous_bernoulli_nll

_ROOT_HALF = 0.7071067811865476
_HALF_LOG_TWO_PI = 0.9189385332046727


class Binned(Factorized):
    r"""A continuous family on data that are whole numbers: the mass of the bin around each.

    .. math:: P(x) = \int_{x - 1/2}^{x + 1/2} p(t)\,dt

    A number recorded as 3 is the event "between 2.5 and 3.5". Its probability can be compared with
    that of a Bernoulli, a Poisson or a categorical; a density cannot.

    Args:
        likelihood: a ``Gaussian`` or ``Laplace``, whose scale may be learned, in units of the bin;
            or a ``ContinuousBernoulli``, whose unit interval is then stretched over ``limits``.
        limits: the first and the last whole number that can occur. The outermost bins take in all
            that lies beyond, so that the masses sum to 1; ``numpy.inf`` where there is no last.

    Raises:
        TypeError: another family.
        ValueError: limits that are not in order, or a ``ContinuousBernoulli`` without a last.

    >>> import jax.numpy as jnp
    >>> coin = Binned(Gaussian(0.5), limits=(0, 1))  # a Bernoulli with p = Phi((0.9 - 0.5) / 0.5)
    >>> mass = jnp.exp(coin.log_prob(jnp.full((2, 1), 0.9), jnp.array([[0.0], [1.0]])))
    >>> [round(float(p), 4) for p in mass]
    [0.2119, 0.7881]
    """

    def __init__(self, likelihood: Factorized, *, limits: tuple[float, float]) -> None:
        if not isinstance(likelihood, Gaussian | Laplace | ContinuousBernoulli):
            raise TypeError(
                "likelihood: expected a Gaussian, Laplace or ContinuousBernoulli, got "
                f"{type(likelihood).__name__}"
            )
        first, last = (float(limit) for limit in limits)
        bounded = np.isfinite(last) or not isinstance(likelihood, ContinuousBernoulli)
        if not (np.isfinite(first) and first < last and bounded):
            raise ValueError(f"limits: expected (first, last) in order, got {limits}")
        self.likelihood = nnx.data(likelihood)
        self.limits = (first, last)
        self.num_outputs = likelihood.num_outputs

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """See :class:`Binned`."""
        first, last = self.limits
        if isinstance(self.likelihood, ContinuousBernoulli):
            # The interval [first, last]: the outermost bins are half as wide as the others.
            low = jnp.clip((x - 0.5 - first) / (last - first), 0.0, 1.0)
            high = jnp.clip((x + 0.5 - first) / (last - first), 0.0, 1.0)
            return -tilted_log_mass(parts[0], low, high)
        scale = self.likelihood.scale_of(parts)
        low = jnp.where(x < first + 0.5, jnp.inf, (parts[0] - x + 0.5) / scale)
        high = jnp.where(x > last - 0.5, jnp.inf, (x + 0.5 - parts[0]) / scale)
        mass = normal_log_mass if isinstance(self.likelihood, Gaussian) else laplace_log_mass
        return -mass(low, high)

    def elementwise_mean(self, parts: tuple[Array, ...]) -> Array:
        """That of the continuous family, on the scale of the data; the bins' is close to it."""
        mean = self.likelihood.elementwise_mean(parts)
        if isinstance(self.likelihood, ContinuousBernoulli):
            return self.limits[0] + (self.limits[1] - self.limits[0]) * mean
        return mean

    def check_values(self, x: np.ndarray, seen: np.ndarray) -> None:
        """Whole numbers within the limits.

        Raises:
            ValueError: the first other value, with its index.
        """
        inside = (x == np.round(x)) & (x >= self.limits[0]) & (x <= self.limits[1])
        wrong = np.argwhere(seen & ~inside)
        if len(wrong):
            index = tuple(int(i) for i in wrong[0])
            first, last = self.limits
            raise ValueError(
                f"x: expected whole numbers from {first:g} to {last:g}, got {x[index]} at index "
                f"{index}"
            )


def normal_log_mass(below: ArrayLike, above: ArrayLike) -> Array:
    r"""Log of a standard normal mass in [-below, above].

    Both edges are turned to the side of the tail, so that what is subtracted is small. Beyond 5
    standard deviations :math:`\Phi(-c) = \varphi(c) R(c)` with five terms of Laplace's continued
    fraction for Mills' ratio R. Accurate to 1e-4 nats, for bins of a hundredth of the scale and
    wider, which is enough to train on and to compare nats with; it compiles in a third of the time
    of :meth:`aelib.likelihoods.Gaussian.log_mass`, which is accurate to rounding.

    Args:
        below: distance from the lower edge up to the mean, in standard deviations; negative if the
            bin lies above the mean, infinite if it has no lower edge.
        above: distance from the mean up to the upper edge.

    Returns:
        Nats, at most 0.

    >>> round(float(jnp.exp(normal_log_mass(jnp.array(1.0), jnp.array(1.0)))), 4)
    0.6827
    """
    below, above = jnp.asarray(below), jnp.asarray(above)
    # In [near, far] with near the edge nearer to the mean, counted positive into the tail.
    near, far = -jnp.minimum(below, above), jnp.maximum(below, above)
    deep = near > 5.0
    # Each branch sees harmless numbers where the other is taken, or its NaN reaches the gradient.
    edge = jnp.where(deep, 0.0, near)
    mass = 0.5 * (erfc(edge * _ROOT_HALF) - erfc(jnp.where(deep, 1.0, far) * _ROOT_HALF))
    c = jnp.where(deep, near, 6.0)
    width = jnp.where(deep, jnp.minimum(far - near, 40.0), 1.0)  # all the rest, and a gradient of 0
    drop = jnp.exp(-c * width - 0.5 * jnp.square(width)) * _mills_ratio(c + width)
    tail = -0.5 * jnp.square(c) - _HALF_LOG_TWO_PI + jnp.log(_mills_ratio(c) - drop)
    return jnp.where(deep, tail, jnp.log(mass))


def _mills_ratio(c: Array) -> Array:
    return 1 / (c + 1 / (c + 2 / (c + 3 / (c + 4 / (c + 5 / c)))))


def laplace_log_mass(below: ArrayLike, above: ArrayLike) -> Array:
    r"""Log of a Laplace mass in [loc - below, loc + above], distances in units of the scale.

    Where the bin holds the peak it is :math:`1 - (e^{-l} + e^{-r})/2`; where it does not, the
    nearer edge is at a distance c > 0 and the mass is :math:`e^{-c}(1 - e^{-w})/2`.

    Args:
        below: distance from the lower edge up to the location; negative if the bin lies above it.
        above: distance from the location up to the upper edge; may be infinite.

    Returns:
        Nats, at most 0.

    >>> round(float(jnp.exp(laplace_log_mass(jnp.array(1.0), jnp.inf))), 4)
    0.8161
    """
    below, above = jnp.asarray(below), jnp.asarray(above)
    inside = (below > 0) & (above > 0)
    # Each branch sees harmless numbers where the other is taken, or its NaN reaches the gradient.
    left, right = (jnp.where(inside, side, 1.0) for side in (below, above))
    peak = jnp.log1p(-0.5 * (jnp.exp(-left) + jnp.exp(-right)))
    near = jnp.where(inside, 1.0, -jnp.minimum(below, above))
    width = jnp.where(inside, 1.0, below + above)
    tail = -near + jnp.log(-0.5 * jnp.expm1(-width))
    return jnp.where(inside, peak, tail)


def tilted_log_mass(logits: ArrayLike, low: ArrayLike, high: ArrayLike) -> Array:
    r"""Log of the mass that a continuous Bernoulli puts in [low, high].

    With :math:`S(\ell) = \log\frac{\sinh(\ell/2)}{\ell/2}`, which is its loss at 1/2, the
    integral of :math:`e^{\ell t}` is :math:`\log w + \ell m + S(\ell w)` for a bin of width w and
    middle m, and :math:`\ell/2 + S(\ell)` for the whole interval.

    Args:
        logits: of the continuous Bernoulli.
        low: lower edge, at least 0.
        high: upper edge, at most 1 and above ``low``.

    Returns:
        Nats, at most 0.

    >>> round(float(jnp.exp(tilted_log_mass(jnp.array(0.0), jnp.array(0.25), jnp.array(0.5)))), 4)
    0.25
    """
    logits, low, high = jnp.asarray(logits), jnp.asarray(low), jnp.asarray(high)
    width, middle = high - low, 0.5 * (low + high)
    half = jnp.full_like(logits, 0.5)
    narrow = continuous_bernoulli_nll(logits * width, half)
    whole = continuous_bernoulli_nll(logits, half)
    return jnp.log(width) + logits * (middle - 0.5) + narrow - whole

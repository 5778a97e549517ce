"""Any continuous likelihood on data that were recorded in steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, PRNGKeyArray, Real

from aelib._checks import check_array
from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values


class Discretized(Factorized):
    r"""A continuous family on recorded data: the mass of the bin around each value.

    .. math:: P(x) = \int_{x - w/2}^{x + w/2} p(t)\,dt

    A number recorded as 3 is the event "between 2.5 and 3.5". Its probability can be compared with
    that of a Bernoulli, a Poisson or a categorical; a density cannot. The raw outputs, the
    parameters and their training are those of the family inside.

    Args:
        likelihood: a :class:`Gaussian`, :class:`Laplace`, :class:`StudentT` or
            :class:`ContinuousBernoulli`, accurate to rounding however far out a bin lies; or a
            :class:`Factorized` of one's own that says its ``support``, whose density is then
            integrated over the bin (good where a bin is not much wider than the density).
        bin_width: the step w of the recorded values, in the unit of x: a number, or one for each
            feature, 0 for a feature that has no step and is scored by its density.
        limits: the first and the last value that can occur, each infinite if there is none, or a
            pair for each feature. The outermost bins take in all that lies beyond, so that the
            masses sum to 1. A family on an interval, such as the ``ContinuousBernoulli``, is
            stretched over the limits. ``None``: all bins are closed.

    Raises:
        TypeError: a family that is not continuous.
        ValueError: a negative step, limits that are not in order, or a family on an interval
            without limits.

    Example:
        >>> import aelib
        >>> from aelib.likelihoods import Gaussian
        >>> import jax.numpy as jnp
        >>> coin = Discretized(Gaussian(0.5), limits=(0, 1))  # p = Phi((0.9 - 0.5) / 0.5)
        >>> mass = jnp.exp(coin.log_prob(jnp.full((2, 1), 0.9), jnp.array([[0.0], [1.0]])))
        >>> [round(float(p), 4) for p in mass]
        [0.2119, 0.7881]

    References:
        L. Theis, A. van den Oord and M. Bethge, *A note on the evaluation of generative models*
        (2016), section 3.1.
    """

    def __init__(
        self,
        likelihood: Factorized,
        *,
        bin_width: float | Sequence[float] = 1.0,
        limits: tuple[float, float] | Sequence[tuple[float, float]] | None = None,
    ) -> None:
        if not isinstance(likelihood, Factorized) or likelihood.support is None:
            raise TypeError(
                "likelihood: expected a continuous Factorized, such as Gaussian, got "
                f"{type(likelihood).__name__}"
            )
        width = check_array("bin_width", bin_width, finite=False).astype(np.float64)
        if not (np.isfinite(width).all() and (width >= 0).all() and (width.ndim or width > 0)):
            raise ValueError(f"bin_width: expected a positive number, got {bin_width}")
        given = (-math.inf, math.inf) if limits is None else limits
        pairs = check_array("limits", given, finite=False).astype(np.float64)
        first, last = np.moveaxis(np.atleast_1d(pairs), -1, 0)
        if pairs.shape[-1:] != (2,) or not (first < last).all():
            raise ValueError(f"limits: expected (first, last) in order, got {limits}")
        self.bounded = bool(np.isfinite(likelihood.support).all())
        if self.bounded and not (np.isfinite(pairs).all() and (width > 0).all()):
            raise ValueError(
                f"limits: expected finite ones for {type(likelihood).__name__}, whose support is "
                f"stretched over them, got {limits}"
            )
        self.likelihood = nnx.data(likelihood)
        self.num_outputs = likelihood.num_outputs
        self._low, self._length = likelihood.support[0], np.ptp(likelihood.support).item()
        # Tuples of numbers, so that two likelihoods of the same settings are the same program.
        self.bin_width = _as_tuple(width)
        self.limits = _as_tuple(first), _as_tuple(last)
        # A masked value is replaced by one that has a bin.
        self.inside = float(np.where(np.isfinite(first), first, 0.0).min())

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Discretized`; NaN where x is beyond the limits."""
        width = np.asarray(self.bin_width)
        steps = width > 0
        if not steps.any():
            return self.likelihood.elementwise_nll(parts, x)
        wide = jnp.asarray(np.where(steps, width, 1.0), x.dtype)  # harmless where there is no step
        first, last = (jnp.asarray(limit, x.dtype) for limit in self.limits)
        opens, closes = x < first + 0.5 * wide, x > last - 0.5 * wide
        mass = self._log_mass(parts, x, wide, first=opens, last=closes)
        # The outermost bins take in what lies beyond, but a value there is none that can occur.
        beyond = steps & ((x < first - 0.25 * wide) | (x > last + 0.25 * wide))
        nll = (
            -mass
            if steps.all()
            else jnp.where(steps, -mass, self.likelihood.elementwise_nll(parts, x))
        )
        return jnp.where(beyond, jnp.nan, nll)

    def _log_mass(
        self, parts: Parts, x: Values, wide: Array, *, first: Array, last: Array
    ) -> Values:
        """Log-probability of bins; those of a family on an interval are stretched."""
        if not self.bounded:
            return self.likelihood.elementwise_log_mass(parts, x, wide, first=first, last=last)
        stretch = self._stretch().astype(x.dtype)
        moved = self._low + (x - jnp.asarray(self.limits[0], x.dtype)) / stretch
        return self.likelihood.elementwise_log_mass(
            parts, moved, wide / stretch, first=first, last=last
        )

    def elementwise_mean(self, parts: Parts) -> Values:
        """The mean of the continuous family, clipped to the limits.

        What rounding to the grid does to a mean is left out. Where a family of one's own does not
        say how clipping moves its mean, that is left out too.
        """
        first, last = (np.asarray(limit) for limit in self.limits)
        if self.bounded:
            mean = self.likelihood.elementwise_mean(parts) - self._low
            return jnp.asarray(first, mean.dtype) + self._stretch().astype(mean.dtype) * mean
        return self.likelihood.elementwise_clipped_mean(parts, first, last)

    def elementwise_variance(self, parts: Parts) -> Values:
        """The variance of the continuous family; what rounding and clipping do is left out."""
        variance = self.likelihood.elementwise_variance(parts)
        return variance * jnp.square(self._stretch().astype(variance.dtype))

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """A draw of the continuous family, rounded to the grid and clipped to the limits."""
        draw = self.likelihood.elementwise_sample(key, parts)
        first, last = (np.asarray(limit) for limit in self.limits)
        if self.bounded:
            draw = first + self._stretch() * (draw - self._low)
        width, origin = np.asarray(self.bin_width), np.where(np.isfinite(first), first, 0.0)
        step = np.where(width > 0, width, 1.0)
        rounded = origin + step * jnp.round((draw - origin) / step)
        return jnp.where(width > 0, jnp.clip(rounded, first, last), draw).astype(parts[0].dtype)

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Values on the grid, within the limits."""
        first, last = (np.asarray(limit) for limit in self.limits)
        width, wide = np.asarray(self.bin_width), x.astype(np.float64)
        origin = np.where(np.isfinite(first), first, 0.0)
        step = np.where(width > 0, width, 1.0)
        steps = (np.where(np.isfinite(wide), wide, 0.5 * step) - origin) / step
        # Values may come in float32, whose rounding a step of the grid has to survive.
        slack = 1e-3 + np.abs(steps) * 2.0**-23
        on_grid = (width == 0) | (np.abs(steps - np.round(steps)) < slack)
        reach = 1e-3 * width
        inside = (wide >= first - reach) & (wide <= last + reach)
        expected = f"values in steps of {self.bin_width} within {self.limits}"
        if width.ndim == 0 and np.ndim(self.limits[0]) == 0:
            expected = f"values in steps of {width:g} from {first:g} to {last:g}"
        _support.require(np.isfinite(wide) & on_grid & inside, x, seen, expected)

    def _stretch(self) -> np.ndarray:
        """How long the limits are, in units of the support; 1 where there is nothing to stretch."""
        if not self.bounded:
            return np.asarray(1.0)
        first, last = (np.asarray(limit) for limit in self.limits)
        return (last - first) / self._length


def _as_tuple(values: np.ndarray) -> float | tuple[float, ...]:
    return float(values) if values.ndim == 0 else tuple(float(value) for value in values)

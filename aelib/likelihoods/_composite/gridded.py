"""Gaussian columns, some of which were recorded on a grid."""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.stats import norm

from aelib.likelihoods._discretized import normal_log_mass
from aelib.likelihoods._gaussian import Gaussian
from aelib.losses import gaussian_nll


class GriddedGaussian(Gaussian):
    r"""A Gaussian per feature, scored by the mass of a bin where the feature has a grid.

    A :class:`Gaussian` in all but its log-probability: for a feature with a bin width above 0 that
    of :func:`normal_log_mass`, at most 0, which sums to 1 over the grid.

    Args:
        bin_widths: the step of each feature's grid, in the unit of x; 0 for no grid.
        limits: first and last value of each feature's grid; infinite where it has no end.
        **options: those of :class:`Gaussian`.

    Raises:
        ValueError: a bin width below 0.

    >>> import jax.numpy as jnp
    >>> likelihood = GriddedGaussian((1.0, 0.0), scale=0.5)
    >>> log_prob = likelihood.log_prob_per_feature(jnp.zeros((1, 2)), jnp.zeros((1, 2)))
    >>> [round(float(nats), 3) for nats in log_prob[0]]  # a mass and a density
    [-0.382, -0.226]
    """

    def __init__(
        self,
        bin_widths: Sequence[float],
        *,
        limits: Sequence[tuple[float, float]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.bin_widths = tuple(float(width) for width in bin_widths)
        if min(self.bin_widths, default=0.0) < 0:
            raise ValueError(f"bin_widths: expected 0 or more, got {self.bin_widths}")
        endless = ((-math.inf, math.inf),) * len(self.bin_widths)
        self.limits = endless if limits is None else tuple(limits)

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """Minus the log-mass of the bin, or minus the log-density where there is none."""
        widths, scale = np.asarray(self.bin_widths), self.scale_of(parts)
        if not widths.any():
            return gaussian_nll(parts[0], x, scale=scale)
        mass = normal_log_mass(
            x,
            parts[0],
            scale,
            # A harmless width where there is no grid.
            bin_width=np.where(widths > 0, widths, 1.0),
            limits=self._ends(),
        )
        if widths.all():
            return -mass
        return jnp.where(widths > 0, -mass, gaussian_nll(parts[0], x, scale=scale))

    def elementwise_mean(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x`; where the grid ends, the mean of the Gaussian clipped to its limits.

        With limits a < b in units of the scale, measured from :math:`\hat x`, that is
        :math:`\hat x + \sigma[a\Phi(a) + b\Phi(-b) + \varphi(a) - \varphi(b)]`. What rounding to
        the grid does to a mean is left out.
        """
        loc, scale = parts[0], self.scale_of(parts)
        low, high = self._ends()
        moved = jnp.zeros_like(loc)
        for end, sign in ((low, -1.0), (high, 1.0)):
            ends = np.isfinite(end)
            if ends.any():
                beyond = sign * (jnp.asarray(np.where(ends, end, 0.0), loc.dtype) - loc) / scale
                # E max(N - beyond, 0) for a standard normal N, on the side of this end.
                excess = norm.pdf(beyond) - beyond * norm.cdf(-beyond)
                moved = moved - jnp.where(ends, sign * scale * excess, 0.0)
        return loc + moved

    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.asarray(self.limits, np.float64).T
        return low, high

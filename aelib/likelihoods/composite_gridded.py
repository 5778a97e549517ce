"""A Gaussian column that was recorded on a grid."""

from typing import Any

import numpy as np
from jax import Array

from .discretised import normal_log_mass
from .gaussian import Gaussian


class GriddedGaussian(Gaussian):
    r"""The Gaussian's mass in the bin around each value, with a bin width for each feature.

    A :class:`Gaussian` in all but its log-probability, which is that of
    :func:`normal_log_mass`: at most 0, and over a grid it sums to 1.

    Args:
        bin_widths: the step of each feature's grid, in the unit of x.
        **options: those of :class:`Gaussian`.

    >>> import jax.numpy as jnp
    >>> likelihood = GriddedGaussian((1.0, 0.1), scale=0.5)
    >>> log_mass = likelihood.log_prob_per_feature(jnp.zeros((1, 2)), jnp.zeros((1, 2)))
    >>> [round(float(nats), 3) for nats in log_mass[0]]
    [-0.382, -2.53]
    """

    def __init__(self, bin_widths: tuple[float, ...], **options: Any) -> None:
        super().__init__(**options)
        self.bin_widths = tuple(float(width) for width in bin_widths)

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """Minus the log-mass of the bins."""
        widths = np.asarray(self.bin_widths)
        return -normal_log_mass(x, parts[0], self.scale_of(parts), bin_width=widths)

"""The Gaussian likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from aelib.likelihoods import _support
from aelib.likelihoods._discretized import normal_log_mass
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import check_mask, split_like
from aelib.likelihoods._positive import PositiveParameter
from aelib.losses import gaussian_nll


class Gaussian(Factorized):
    r"""Real numbers: :math:`x = \hat x + \sigma\varepsilon`, :math:`\varepsilon` standard normal.

    .. math:: -\log p(x) = \frac{(x - \hat x)^2}{2\sigma^2} + \log\sigma + \tfrac12\log 2\pi

    With a fixed scale this is the squared error up to a factor and a constant.

    Args:
        scale: :math:`\sigma`, in the unit of x: a number or an array (fixed), ``"shared"`` (one
            learned number), ``"feature"`` (one learned number per feature) or ``"example"`` (from
            the decoder; then p is 2: mean, raw scale).
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned scale.
        initial: learned scale to start from.

    Raises:
        ValueError: a scale that is not positive, or an unknown kind.

    Source: C. F. Gauss, *Theoria motus corporum coelestium* (1809), section 177.

    >>> import jax.numpy as jnp
    >>> log_prob = Gaussian(scale=0.5).log_prob(jnp.zeros((1, 2)), jnp.array([[0.0, 1.0]]))
    >>> round(float(log_prob[0]), 4)
    -2.4516
    """

    def __init__(
        self,
        scale: ArrayLike | str = 1.0,
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-3,
        initial: float = 1.0,
    ) -> None:
        self.scale = PositiveParameter(
            scale, "scale", num_features=num_features, floor=floor, initial=initial
        )
        self.num_outputs = 2 if self.scale.per_example else 1

    def scale_of(self, parts: tuple[Array, ...]) -> Array:
        """The standard deviation of each feature, shaped like the data."""
        return self.scale(parts[-1], parts[0].shape, parts[0].dtype)

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """See :class:`Gaussian`."""
        return gaussian_nll(parts[0], x, scale=self.scale_of(parts))

    def elementwise_mean(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x`."""
        return parts[0]

    def elementwise_variance(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`\sigma^2`."""
        return jnp.square(self.scale_of(parts))

    def elementwise_sample(self, key: Array, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x + \sigma\varepsilon`."""
        noise = jax.random.normal(key, parts[0].shape, parts[0].dtype)
        return parts[0] + self.scale_of(parts) * noise

    def check_values(self, x: np.ndarray, seen: np.ndarray) -> None:
        """Finite real numbers."""
        _support.require_features(x, self.scale.shape, "scale")
        _support.require_finite(x, seen)

    def log_mass(
        self,
        outputs: ArrayLike,
        x: ArrayLike,
        *,
        bin_width: float,
        limits: tuple[float, float] | None = None,
        mask: ArrayLike | None = None,
    ) -> Array:
        r"""Log-probability of the bins that hold the data: a mass, where ``log_prob`` is a density.

        Values recorded in steps (grey levels in steps of 1/255, pixels that are 0 or 1) have
        probabilities, and only these can be compared with those of a Bernoulli.

        Args:
            outputs: raw decoder outputs, as in :meth:`log_prob`.
            x: data on a grid, ``[batch, ...]``.
            bin_width: the grid's step, in the unit of x.
            limits: first and last value of the grid, whose bins then reach to infinity, so that
                the masses over the grid sum to 1.
            mask: boolean, shaped like ``x``; ``True`` = observed.

        Returns:
            ``[batch]``, in nats, at most 0.

        Raises:
            ValueError: shapes do not fit, or as :func:`normal_log_mass` says.

        On pixels that are 0 or 1 this is a Bernoulli with
        :math:`p = \Phi\bigl((\hat x - \tfrac12)/\sigma\bigr)`:

        >>> import jax.numpy as jnp
        >>> mass = Gaussian(0.5).log_mass(
        ...     jnp.full((2, 1), 0.9), jnp.array([[0.0], [1.0]]), bin_width=1.0, limits=(0, 1))
        >>> [round(float(p), 4) for p in jnp.exp(mass)]
        [0.2119, 0.7881]
        """
        parts, x = split_like(outputs, x, self.num_outputs)
        if mask is not None:
            mask = check_mask(mask, x)
            x = jnp.where(mask, x, 0.0)
            parts = tuple(jnp.where(mask, part, 0.0) for part in parts)
        mass = normal_log_mass(
            x, parts[0], self.scale_of(parts), bin_width=bin_width, limits=limits
        )
        if mask is not None:
            mass = jnp.where(mask, mass, 0.0)
        return mass.sum(axis=tuple(range(1, mass.ndim)))

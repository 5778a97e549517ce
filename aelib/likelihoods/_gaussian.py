"""The Gaussian likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from aelib.likelihoods._interval import normal_excess, normal_log_mass
from aelib.likelihoods._location_scale import LocationScale
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import gaussian_nll


class Gaussian(LocationScale):
    r"""Real numbers: :math:`x = \hat x + \sigma\varepsilon`, :math:`\varepsilon` standard normal.

    .. math:: -\log p(x) = \frac{(x - \hat x)^2}{2\sigma^2} + \log\sigma + \tfrac12\log 2\pi

    With a fixed scale this is the squared error up to a factor and a constant. For values recorded
    on a grid, which have probabilities instead of densities, see :class:`Discretized`.

    Args:
        scale: :math:`\sigma`, in the unit of x: a number or an array (fixed), ``"shared"`` (one
            learned number), ``"feature"`` (one learned number per feature) or ``"example"`` (from
            the decoder; then p is 2: mean, raw scale).
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned scale.
        initial: learned scale to start from.

    Raises:
        ValueError: a scale that is not positive, or an unknown kind.

    Example:
        >>> import jax.numpy as jnp
        >>> log_prob = Gaussian(scale=0.5).log_prob(jnp.zeros((1, 2)), jnp.array([[0.0, 1.0]]))
        >>> round(float(log_prob[0]), 4)
        -2.4516

    References:
        C. F. Gauss, *Theoria motus corporum coelestium* (1809), section 177.
    """

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Gaussian`."""
        return gaussian_nll(parts[0], x, scale=self.scale_of(parts))

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`\sigma^2`."""
        return jnp.square(self.scale_of(parts))

    def standard_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Standard normal draws."""
        return jax.random.normal(key, parts[0].shape, parts[0].dtype)

    def standard_log_mass(self, edge: Values, length: Values, parts: Parts) -> Values:
        """Log-probability of [edge, edge + length] at location 0 and scale 1."""
        del parts
        return normal_log_mass(edge, length)

    def standard_excess(self, t: Values, parts: Parts) -> Values:
        """Mean of max(ε − t, 0) at location 0 and scale 1."""
        del parts
        return normal_excess(t)

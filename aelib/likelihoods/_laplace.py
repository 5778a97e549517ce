"""The Laplace likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from aelib.likelihoods._interval import laplace_log_mass
from aelib.likelihoods._location_scale import LocationScale
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import laplace_nll


class Laplace(LocationScale):
    r"""Real numbers with a sharp peak and tails heavier than the Gaussian's.

    .. math:: -\log p(x) = \frac{|x - \hat x|}{b} + \log 2b

    With a fixed scale this is the absolute error up to a factor and a constant, so its best
    :math:`\hat x` is a conditional *median*.

    Args:
        scale: b, in the unit of x (the standard deviation is :math:`\sqrt2\,b`): fixed,
            ``"shared"``, ``"feature"`` or ``"example"``, as in :class:`Gaussian`.
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned scale.
        initial: learned scale to start from.

    Raises:
        ValueError: a scale that is not positive, or an unknown kind.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(Laplace(0.5).log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0]), 4)
        -2.0

    References:
        P.-S. Laplace, *Mémoire sur la probabilité des causes par les événements* (1774).
    """

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Laplace`."""
        return laplace_nll(parts[0], x, scale=self.scale_of(parts))

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`2 b^2`."""
        return 2 * jnp.square(self.scale_of(parts))

    def standard_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Draws of scale 1."""
        return jax.random.laplace(key, parts[0].shape, parts[0].dtype)

    def standard_log_mass(self, edge: Values, length: Values, parts: Parts) -> Values:
        """Log-probability of [edge, edge + length] at location 0 and scale 1."""
        del parts
        return laplace_log_mass(edge, length)

    def standard_excess(self, t: Values, parts: Parts) -> Values:
        """Mean of max(ε − t, 0) at location 0 and scale 1."""
        del parts
        return 0.5 * jnp.exp(-t)

"""The Laplace likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._positive import PositiveParameter
from aelib.losses import laplace_nll


class Laplace(Factorized):
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

    Source: P.-S. Laplace, *Mémoire sur la probabilité des causes par les événements* (1774).

    >>> import jax.numpy as jnp
    >>> round(float(Laplace(0.5).log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0]), 4)
    -2.0
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
        """The scale b of each feature, shaped like the data."""
        return self.scale(parts[-1], parts[0].shape, parts[0].dtype)

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """See :class:`Laplace`."""
        return laplace_nll(parts[0], x, scale=self.scale_of(parts))

    def elementwise_mean(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x`."""
        return parts[0]

    def elementwise_variance(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`2 b^2`."""
        return 2 * jnp.square(self.scale_of(parts))

    def elementwise_sample(self, key: Array, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x + b\,\varepsilon`."""
        noise = jax.random.laplace(key, parts[0].shape, parts[0].dtype)
        return parts[0] + self.scale_of(parts) * noise

    def check_values(self, x: np.ndarray, seen: np.ndarray) -> None:
        """Finite real numbers."""
        _support.require_features(x, self.scale.shape, "scale")
        _support.require_finite(x, seen)

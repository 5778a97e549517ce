"""The negative binomial likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Bool, PRNGKeyArray, Real

from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.likelihoods._positive import PositiveParameter
from aelib.losses import negative_binomial_nll


class NegativeBinomial(Factorized):
    r"""Counts that vary more than a Poisson's; the raw output o is the log of the rate.

    .. math:: \mu = \text{exposure}\cdot e^{o}, \qquad
              \operatorname{Var}x = \mu + \alpha\mu^2, \qquad \theta = 1/\alpha

    A Poisson whose rate is itself random, Gamma distributed with shape :math:`\theta`. The
    dispersion :math:`\alpha` has no unit; :math:`\alpha \to 0` gives back the Poisson. (Some write
    "dispersion" for :math:`\theta`, the inverse; here large means noisy.)

    Args:
        dispersion: :math:`\alpha`: a number or an array (fixed), ``"shared"``, ``"feature"``
            (learned) or ``"example"`` (from the decoder; then p is 2: log-rate, raw dispersion).
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned dispersion.
        initial: learned dispersion to start from.

    Raises:
        ValueError: a dispersion that is not positive, or an unknown kind.

    Example:
        At mean 1 and dispersion 1 half of the counts are zero, and the variance is 2:

        >>> import jax.numpy as jnp
        >>> likelihood, outputs = NegativeBinomial(1.0), jnp.zeros((1, 1))
        >>> jnp.exp(likelihood.log_prob(outputs, jnp.zeros((1, 1)))).round(4)
        Array([0.5], dtype=float32)
        >>> likelihood.variance(outputs)
        Array([[2.]], dtype=float32)

    References:
        M. Greenwood and G. U. Yule, JRSS 83 (1920); in this form, Cameron and Trivedi,
        *Regression Analysis of Count Data* (2013), section 3.3.
    """

    uses_exposure = True

    def __init__(
        self,
        dispersion: Real[ArrayLike, " ..."] | str = "example",
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-6,
        initial: float = 1.0,
    ) -> None:
        self.dispersion = PositiveParameter(
            dispersion, "dispersion", num_features=num_features, floor=floor, initial=initial
        )
        self.num_outputs = 2 if self.dispersion.per_example else 1

    def dispersion_of(self, parts: Parts) -> Values:
        r"""The dispersion :math:`\alpha` of each feature, shaped like the data."""
        raw = parts[1] if self.dispersion.per_example else None
        return self.dispersion(raw, parts[0].shape, parts[0].dtype)

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`NegativeBinomial`."""
        log_theta = -jnp.log(self.dispersion_of(parts))
        return negative_binomial_nll(parts[0], log_theta, x)

    def elementwise_mean(self, parts: Parts) -> Values:
        r""":math:`\mu`."""
        return jnp.exp(parts[0])

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`\mu + \alpha\mu^2`."""
        mean = jnp.exp(parts[0])
        return mean * (1.0 + self.dispersion_of(parts) * mean)

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Counts, as floating-point numbers: a Poisson of a Gamma; NaN for means above 1e11."""
        rate_key, count_key = jax.random.split(key)
        log_theta = -jnp.log(self.dispersion_of(parts))
        mean = jnp.exp(parts[0])
        rate = mean * _sampling.gamma_over_shape(rate_key, log_theta)
        counts = _sampling.poisson(count_key, rate, largest=jnp.inf)
        return jnp.where(mean <= _sampling.LARGEST_MEAN, counts, jnp.nan)

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Counts: whole numbers, 0 or more."""
        _support.require_features(x, self.dispersion.shape, "dispersion")
        _support.require_counts(x, seen)

"""The zero-inflated negative binomial likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, PRNGKeyArray, Real

from aelib.likelihoods import _sampling
from aelib.likelihoods._negative_binomial import NegativeBinomial
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import zero_inflated_negative_binomial_nll
from aelib.losses._logistic import sigmoid


class ZeroInflatedNegativeBinomial(NegativeBinomial):
    r"""Negative binomial counts, some of which were lost and read as 0.

    .. math:: P(x) = \pi\,[x = 0] + (1 - \pi)\operatorname{NB}(x; \mu, \alpha), \qquad
              \pi = \operatorname{sigmoid}(o_{\text{last}})

    Raw outputs per feature: log-rate, then the raw dispersion if ``dispersion="example"``, then
    the logit of :math:`\pi`; so p is 2 or 3.

    Args:
        dispersion: as in :class:`NegativeBinomial`.
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned dispersion.
        initial: learned dispersion to start from.

    Raises:
        ValueError: a dispersion that is not positive, or an unknown kind.

    Example:
        >>> import jax.numpy as jnp
        >>> likelihood = ZeroInflatedNegativeBinomial(1.0)
        >>> log_prob = likelihood.log_prob(jnp.zeros((1, 1, 2)), jnp.array([[0.0]]))
        >>> round(float(jnp.exp(log_prob[0])), 4)
        0.75

    References:
        W. H. Greene (1994), Stern School working paper EC-94-10; for single cells, Eraslan et
        al., *Single-cell RNA-seq denoising using a deep count autoencoder* (2019).
    """

    def __init__(
        self,
        dispersion: Real[ArrayLike, " ..."] | str = "example",
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-6,
        initial: float = 1.0,
    ) -> None:
        super().__init__(dispersion, num_features=num_features, floor=floor, initial=initial)
        self.num_outputs += 1

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`ZeroInflatedNegativeBinomial`."""
        log_theta = -jnp.log(self.dispersion_of(parts))
        return zero_inflated_negative_binomial_nll(parts[0], log_theta, parts[-1], x)

    def elementwise_mean(self, parts: Parts) -> Values:
        r""":math:`(1 - \pi)\mu`; for :math:`\mu` itself use :meth:`rate`."""
        # In one exponential: of two factors one may be too small a number, the other too large.
        return jnp.exp(parts[0] - jax.nn.softplus(parts[-1]))

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`(1 - \pi)\mu\,(1 + (\alpha + \pi)\mu)`."""
        inflation = self.dispersion_of(parts) + sigmoid(parts[-1])
        return self.elementwise_mean(parts) * (1 + inflation * jnp.exp(parts[0]))

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Counts, as floating-point numbers."""
        lost_key, count_key = jax.random.split(key)
        counts = super().elementwise_sample(count_key, parts)
        lost = _sampling.bernoulli(lost_key, parts[-1])
        draws = jnp.where(lost == 1.0, 0.0, counts)
        return jnp.where(jnp.isnan(counts) | jnp.isnan(lost), jnp.nan, draws)

    def rate(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        r"""The mean count :math:`\mu` before any loss, ``[batch, d]``: the denoised data."""
        return jnp.exp(self._parts(outputs, exposure)[0])

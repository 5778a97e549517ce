"""The Poisson likelihood."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, PRNGKeyArray, Real

from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import poisson_nll


class Poisson(Factorized):
    r"""Counts of independent events; the raw output o is the log of their rate.

    .. math:: -\log p(x) = \mu - x\log\mu + \log x!, \qquad \mu = \text{exposure}\cdot e^{o}

    ``exposure`` is how long or how much was watched (time, area, the size of a cell's library);
    1 unless given.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[2.0]])
        >>> round(float(Poisson().log_prob(jnp.zeros((1, 1)), x, exposure=2.0)[0]), 4)
        -1.3069

    References:
        S. D. Poisson, *Recherches sur la probabilité des jugements* (1837); exposure,
        McCullagh and Nelder, *Generalized Linear Models* (1989), section 6.2.
    """

    uses_exposure = True

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Poisson`."""
        return poisson_nll(parts[0], x)

    def elementwise_mean(self, parts: Parts) -> Values:
        r""":math:`\mu`."""
        return jnp.exp(parts[0])

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`\mu`."""
        return self.elementwise_mean(parts)

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Counts, as floating-point numbers; NaN where the mean is above 1e11."""
        return _sampling.poisson(key, self.elementwise_mean(parts))

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Counts: whole numbers, 0 or more."""
        _support.require_counts(x, seen)

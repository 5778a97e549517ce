"""The Bernoulli likelihood."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, PRNGKeyArray, Real

from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import bernoulli_nll
from aelib.losses._logistic import logistic_density, sigmoid

_GRAY = (
    "; a Bernoulli has no probability for values in between: binarize them, use "
    "ContinuousBernoulli, or say soft_targets=True if a cross-entropy that is not a likelihood "
    "is what you want"
)


class Bernoulli(Factorized):
    r"""Values that are 0 or 1; the raw output is the logit o of :math:`p = P(x = 1)`.

    .. math:: -\log p(x) = -x\log p - (1 - x)\log(1 - p) = \operatorname{softplus}(o) - xo

    Args:
        soft_targets: let :meth:`check` pass targets strictly between 0 and 1. The number is then
            the cross-entropy between two coins, *not* a negative log-likelihood of x: over
            [0, 1] its exponential does not integrate to 1, and the best it can reach is not 0
            but the entropy of the targets.

    Example:
        >>> import jax.numpy as jnp
        >>> try:
        ...     Bernoulli().check(jnp.array([[0.0, 0.25]]))
        ... except ValueError as error:
        ...     print(str(error).split(";")[0])
        x: expected values in {0, 1}, got 0.25 at index (0, 1)
        >>> round(float(Bernoulli().log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0]), 4)
        -0.6931

    References:
        J. Bernoulli, *Ars conjectandi* (1713); the trap of gray targets, Loaiza-Ganem and
        Cunningham, *The continuous Bernoulli* (2019).
    """

    def __init__(self, *, soft_targets: bool = False) -> None:
        self.soft_targets = soft_targets

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Bernoulli`."""
        return bernoulli_nll(parts[0], x)

    def elementwise_mean(self, parts: Parts) -> Values:
        """The probability p."""
        return sigmoid(parts[0])

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`p(1-p)`."""
        return logistic_density(parts[0])

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Zeros and ones, as floating-point numbers."""
        return _sampling.bernoulli(key, parts[0])

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Zeros and ones; with ``soft_targets``, numbers in [0, 1]."""
        inside = (x >= 0) & (x <= 1)
        if self.soft_targets:
            _support.require(inside, x, seen, "values in [0, 1]")
            return
        _support.require(inside, x, seen, "values in {0, 1}")
        _support.require((x == 0) | (x == 1), x, seen, "values in {0, 1}", _GRAY)

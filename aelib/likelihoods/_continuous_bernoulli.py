"""The continuous Bernoulli likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses import continuous_bernoulli_nll
from aelib.losses._cancellation import polynomial
from aelib.losses._continuous_bernoulli import LOG_SINHC

# Below this logit the closed forms cancel, and the series converge to rounding.
_SMALL = 2.5
# Mean and variance are 1/2 and the derivatives of log(sinh(a / 2) / (a / 2)).
_MEAN = [(2 * n + 2) * c for n, c in enumerate(LOG_SINHC)]
_VARIANCE = [(2 * n + 1) * c for n, c in enumerate(_MEAN)]


class ContinuousBernoulli(Factorized):
    r"""Values in [0, 1], gray pixels say; the raw output is the logit :math:`\eta`.

    .. math:: -\log p(x) = -\log C(\eta) + \operatorname{softplus}(\eta) - x\eta, \qquad
              C(\eta) = \frac{\eta}{\tanh(\eta/2)}

    The Bernoulli's formula with the constant that makes it integrate to 1. The mean is *not*
    :math:`\operatorname{sigmoid}(\eta)` but
    :math:`\tfrac12 + \tfrac12\coth\tfrac\eta2 - \tfrac1\eta`, nearer to one half.

    Example:
        >>> import jax.numpy as jnp
        >>> likelihood = ContinuousBernoulli()
        >>> round(float(likelihood.mean(jnp.array([[2.0]]))[0, 0]), 4)  # sigmoid(2) is 0.8808
        0.6565
        >>> abs(float(likelihood.log_prob(jnp.zeros((1, 1)), jnp.full((1, 1), 0.3))[0])) < 1e-6
        True

    References:
        Loaiza-Ganem and Cunningham, *The continuous Bernoulli: fixing a pervasive error in
        variational autoencoders* (2019).
    """

    support = (0.0, 1.0)

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`ContinuousBernoulli`."""
        return continuous_bernoulli_nll(parts[0], x)

    def elementwise_mean(self, parts: Parts) -> Values:
        """The mean (not the sigmoid of the logit)."""
        eta = parts[0]
        small = jnp.abs(eta) < _SMALL
        inner = jnp.where(small, eta, 0.0)
        series = 0.5 + inner * polynomial(jnp.square(inner), _MEAN)
        # The distance from the nearer end, which may be tiny: not as a difference from 1.
        size = jnp.abs(jnp.where(small, _SMALL, eta))
        distance = 1 / size + jnp.exp(-size) / jnp.expm1(-size)
        return jnp.where(small, series, jnp.where(eta > 0, 1 - distance, distance))

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`1/\eta^2 - 1/(4\sinh^2(\eta/2))`, at most 1/12."""
        eta = parts[0]
        small = jnp.abs(eta) < _SMALL
        series = polynomial(jnp.square(jnp.where(small, eta, 0.0)), _VARIANCE)
        size = jnp.abs(jnp.where(small, _SMALL, eta))
        closed = jnp.square(1 / size) - jnp.exp(-size) / jnp.square(jnp.expm1(-size))
        return jnp.where(small, series, closed)

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        r"""By inverting the distribution function, :math:`\log(1 + u(e^\eta - 1))/\eta`."""
        uniform = jax.random.uniform(key, parts[0].shape, parts[0].dtype)
        down = -jnp.abs(parts[0])  # by symmetry, so that nothing overflows
        small = down > -1e-3
        safe = jnp.where(small, -1.0, down)
        exact = jnp.log1p(uniform * jnp.expm1(safe)) / safe
        series = uniform * (1 + 0.5 * down * (1 - uniform))
        draw = jnp.clip(jnp.where(small, series, exact), 0.0, 1.0)
        return jnp.where(parts[0] > 0, 1 - draw, draw)

    def elementwise_log_mass(
        self,
        parts: Parts,
        x: Values,
        width: Float[Array, " ..."],
        *,
        first: Bool[ArrayLike, " ..."] = False,
        last: Bool[ArrayLike, " ..."] = False,
    ) -> Values:
        r"""See :meth:`Factorized.elementwise_log_mass`.

        With :math:`S(\eta) = \log\frac{\sinh(\eta/2)}{\eta/2}`, which is the loss at 1/2, the
        integral of :math:`e^{\eta t}` is :math:`\log w + \eta m + S(\eta w)` for a bin of width w
        and middle m, and :math:`\eta/2 + S(\eta)` for the whole interval.
        """
        del first, last  # the interval ends where the support does
        low, high = jnp.clip(x - 0.5 * width, 0.0, 1.0), jnp.clip(x + 0.5 * width, 0.0, 1.0)
        inner, half = high - low, jnp.full_like(parts[0], 0.5)
        narrow = continuous_bernoulli_nll(parts[0] * inner, half)
        whole = continuous_bernoulli_nll(parts[0], half)
        return jnp.log(inner) + parts[0] * (0.5 * (low + high) - 0.5) + narrow - whole

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Numbers in [0, 1]."""
        _support.require((x >= 0) & (x <= 1), x, seen, "values in [0, 1]")

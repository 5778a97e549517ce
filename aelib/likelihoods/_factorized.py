"""Shapes, masks and sums of every likelihood that treats features one by one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib._checks import check_key
from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._outputs import (
    Parts,
    Values,
    align_exposure,
    check_mask,
    per_feature,
    split_like,
)

_NODES = 32  # of the quadrature over a bin


class Factorized(nnx.Module):
    r"""Base of likelihoods with :math:`\log p(x) = \sum_i \log p(x_i)` given the outputs.

    A subclass sets ``num_outputs`` and writes the ``elementwise_*`` methods. They receive
    ``parts``, a tuple of p arrays shaped like the data: the raw outputs, one array per parameter.

    Attributes:
        num_outputs: raw decoder outputs per feature, p.
        uses_exposure: the first raw output is a log-rate, to which the log of ``exposure`` is
            added; otherwise passing an exposure raises.
        inside: a value in the support, put where the mask says "not observed".
        support: ends of the interval that the values of a continuous family lie in, so that
            :class:`Discretized` takes it; ``None`` for a discrete family.

    Example:
        A likelihood for waiting times, :math:`-\log p(x) = x e^{-o} + o` with raw output
        :math:`o = \log` mean:

        >>> import jax.numpy as jnp
        >>> class Exponential(Factorized):
        ...     num_outputs, inside = 1, 1.0
        ...     def elementwise_nll(self, parts, x):
        ...         return x * jnp.exp(-parts[0]) + parts[0]
        ...     def elementwise_mean(self, parts):
        ...         return jnp.exp(parts[0])
        >>> float(Exponential().log_prob(jnp.zeros((1, 2)), jnp.array([[1.0, 2.0]]))[0])
        -3.0
    """

    num_outputs: int = 1
    uses_exposure: bool = False
    inside: float = 0.0
    support: tuple[float, float] | None = None

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """Negative log-likelihood of each feature, in nats, shaped like ``x``."""
        raise NotImplementedError

    def elementwise_mean(self, parts: Parts) -> Values:
        """Mean of each feature."""
        raise NotImplementedError

    def elementwise_variance(self, parts: Parts) -> Values:
        """Variance of each feature."""
        raise NotImplementedError

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """One draw of each feature."""
        raise NotImplementedError

    def elementwise_log_mass(
        self,
        parts: Parts,
        x: Values,
        width: Float[Array, " ..."],
        *,
        first: Bool[ArrayLike, " ..."] = False,
        last: Bool[ArrayLike, " ..."] = False,
    ) -> Values:
        """Log-probability of the bin around each value; only for continuous families.

        This one integrates the density over the part of the bin that lies in the support.

        Args:
            parts: raw outputs, one array per parameter.
            x: the middles of the bins.
            width: their width.
            first: whether a bin takes in all that lies below it.
            last: whether a bin takes in all that lies above it.

        Returns:
            Nats, shaped like ``x``.

        Raises:
            TypeError: the family has no ``support``.
        """
        if self.support is None:
            raise TypeError(f"{type(self).__name__} is not continuous: it has no bins")
        low, high = (jnp.asarray(end, x.dtype) for end in self.support)
        lower = jnp.where(first & jnp.isfinite(low), low, jnp.maximum(x - 0.5 * width, low))
        upper = jnp.where(last & jnp.isfinite(high), high, jnp.minimum(x + 0.5 * width, high))
        points, weights = np.polynomial.legendre.leggauss(_NODES)
        half = 0.5 * (upper - lower)
        nodes = lower + half * jnp.asarray(points + 1, x.dtype).reshape(-1, *(1,) * x.ndim)
        log_prob = -jax.vmap(lambda node: self.elementwise_nll(parts, node))(nodes)
        scaled = weights.reshape(-1, *(1,) * x.ndim)
        return jnp.log(half) + jax.nn.logsumexp(log_prob, axis=0, b=scaled)

    def elementwise_clipped_mean(
        self,
        parts: Parts,
        low: Float[np.ndarray, " ..."],
        high: Float[np.ndarray, " ..."],
    ) -> Values:
        """Mean of each feature when clipped to limits; here the clipping is left out."""
        del low, high
        return self.elementwise_mean(parts)

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Raise ``ValueError`` if a seen value is outside the support."""
        _support.require_finite(x, seen)

    def log_prob(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, " batch"]:
        """Log-probability (or log-density) of each example, summed over observed features.

        Args:
            outputs: raw decoder outputs, ``x.shape + (p,)``, or ``x.shape`` where p is 1.
            x: data, ``[batch, ...]``.
            mask: boolean, shaped like ``x``; ``True`` = observed. What lies under ``False``, NaN
                included, reaches neither the value nor the gradient.
            exposure: scalar, ``[batch]`` or shaped like ``x``; for families that count.

        Returns:
            ``[batch]``, in nats.

        Raises:
            ValueError: shapes do not fit, or the family has no exposure and got one.
            TypeError: outputs or data are not real numbers, or the mask is not boolean.
        """
        nll = self._nll(outputs, x, mask, exposure)
        return -nll.sum(axis=tuple(range(1, nll.ndim)))

    def log_prob_per_feature(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """The terms that :meth:`log_prob` adds up, shaped like ``x``; 0 where not observed.

        Args:
            outputs: see :meth:`log_prob`.
            x: see :meth:`log_prob`.
            mask: see :meth:`log_prob`.
            exposure: see :meth:`log_prob`.

        Returns:
            Nats, shaped like ``x``.
        """
        return -self._nll(outputs, x, mask, exposure)

    def _nll(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        mask: Bool[ArrayLike, "batch ..."] | None,
        exposure: Real[ArrayLike, " ..."] | None,
    ) -> Array:
        parts, x = split_like(outputs, x, self.num_outputs)
        parts = self.with_exposure(parts, exposure)
        if mask is None:
            return jnp.where(jnp.isnan(x), jnp.nan, self.elementwise_nll(parts, x))
        mask = check_mask(mask, x)
        # Replaced before and after: a NaN in the branch not taken would still reach the gradient.
        x = jnp.where(mask, x, self.inside)
        parts = tuple(jnp.where(mask, part, 0.0) for part in parts)
        # NaN is never itself a mask: a comparison inside a loss must not swallow it.
        nll = jnp.where(jnp.isnan(x), jnp.nan, self.elementwise_nll(parts, x))
        return jnp.where(mask, nll, 0.0)

    def mean(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Expected data, ``outputs.shape`` without the output axis, in the unit of the data.

        Where p is 1, outputs ``[batch, d]`` and ``[batch, h, w, c]`` are read as shaped like the
        data, and a last axis of length 1 beyond those is read as the output axis.

        Args:
            outputs: raw decoder outputs, as for :meth:`log_prob`.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch, ...]``, in the unit of the data.
        """
        return self.elementwise_mean(self._parts(outputs, exposure))

    def variance(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Variance of each feature, in the squared unit of the data; shapes as in :meth:`mean`.

        Args:
            outputs: raw decoder outputs, as for :meth:`log_prob`.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch, ...]``, in the squared unit of the data.
        """
        return self.elementwise_variance(self._parts(outputs, exposure))

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """One draw of the data for the given ``jax.random`` key; shapes as in :meth:`mean`.

        Args:
            key: ``jax.random.key(seed)``.
            outputs: raw decoder outputs, as for :meth:`log_prob`.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch, ...]``, in the unit of the data.

        Raises:
            TypeError: ``key`` is no single key.
            ValueError: outputs of which no sample can be drawn: NaN, counts of a mean above 1e11;
                while traced such a draw is NaN.
        """
        draws = self.elementwise_sample(check_key("key", key), self._parts(outputs, exposure))
        _sampling.require_drawn(draws)
        return draws

    def check(
        self,
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> None:
        """Look at concrete data before training on it.

        Args:
            x: data, ``[batch, ...]``.
            mask: boolean, shaped like ``x``; only values under ``True`` are looked at.
            exposure: if given, must be positive and finite.

        Raises:
            TypeError: the data are no real numbers.
            ValueError: the first value outside the support, with its index; or a wrong shape.
        """
        array = _support.numeric(x)
        self.check_values(array, _support.observed(array, mask))
        if exposure is not None:
            self.with_exposure((jnp.zeros(array.shape),), exposure)
            _support.require_exposure(exposure)

    def with_exposure(self, parts: Parts, exposure: Real[ArrayLike, " ..."] | None) -> Parts:
        """The raw outputs with the exposure in them: its logarithm added to the log-rate.

        Raises:
            ValueError: the family has no exposure and got one, or its shape does not fit.
        """
        if exposure is None:
            return parts
        if not self.uses_exposure:
            raise ValueError(f"exposure: {type(self).__name__} has none, expected None")
        return (parts[0] + jnp.log(align_exposure(exposure, parts[0])), *parts[1:])

    def _parts(
        self, outputs: Float[ArrayLike, "batch ..."], exposure: Real[ArrayLike, " ..."] | None
    ) -> Parts:
        return self.with_exposure(per_feature(outputs, self.num_outputs), exposure)

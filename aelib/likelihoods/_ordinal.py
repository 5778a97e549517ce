"""The ordinal likelihood: levels with an order, by cumulative logits."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib._checks import check_counts, check_number
from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.losses._logistic import sigmoid

_LN2 = 0.6931471805599453


class Ordinal(Factorized):
    r"""Levels 0 to K - 1 in an order; the raw output o is a location on the line of thresholds.

    .. math:: P(x \le k) = \frac{1}{1 + e^{-(\theta_k - o)}}, \qquad
              \theta_0 < \theta_1 < \dots < \theta_{K-2}

    The proportional-odds model: one number per example moves the odds of "at most k" by the same
    factor for every k, so a neighboring level is a smaller mistake than a distant one. The
    thresholds of each feature are owned by the likelihood and trained with the model. Their gaps
    are :math:`\text{floor} + \operatorname{softplus}(r)`, so they stay in order, and a level's
    probability is a product that no subtraction spoils:

    .. math:: P(x = k) = \sigma(\theta_k - o)\,\sigma(o - \theta_{k-1})
              \left(1 - e^{-(\theta_k - \theta_{k-1})}\right)

    Args:
        num_levels: K of each feature, at least 2.
        frequencies: for each feature the probability of each level at raw outputs of zero, where
            the thresholds start; ``None`` for equal ones.
        floor: smallest gap between two thresholds, in logits.

    Attributes:
        num_levels: K of each feature.
        first: ``nnx.Param`` [d], the lowest threshold of each feature.
        raw_gaps: ``nnx.Param`` [d, largest K - 2], the gaps before softplus; features with fewer
            levels leave their last ones unused.

    Raises:
        ValueError: no feature, fewer than 2 levels, or frequencies that are no probabilities.

    Example:
        >>> import jax.numpy as jnp
        >>> log_prob = Ordinal([4]).log_prob(jnp.zeros((1, 1)), jnp.array([[2.0]]))
        >>> round(float(log_prob[0]), 4)  # log 1/4
        -1.3863

    References:
        P. McCullagh, *Regression models for ordinal data*, JRSS B 42 (1980).
    """

    def __init__(
        self,
        num_levels: Sequence[int],
        *,
        frequencies: Sequence[Sequence[float]] | None = None,
        floor: float = 1e-4,
    ) -> None:
        levels = check_counts("num_levels", num_levels, at_least=2)
        if not levels:
            raise ValueError("num_levels: expected at least one feature, got none")
        self.num_levels = levels
        self.floor = check_number("floor", floor, above=0)
        start = [[1 / k] * k for k in levels] if frequencies is None else frequencies
        first, gaps = _start(levels, start, self.floor)
        self.first = nnx.Param(jnp.asarray(first, jnp.zeros(()).dtype))
        self.raw_gaps = nnx.Param(jnp.asarray(gaps, jnp.zeros(()).dtype))

    def gaps(self) -> Float[Array, "d levels"]:
        """Distances between neighboring thresholds, [d, largest K - 2]."""
        return self.floor + jax.nn.softplus(self.raw_gaps[...])

    def thresholds(self) -> Parts:
        """The K - 1 thresholds of each feature, in logits, ascending."""
        table = self._table()
        return tuple(table[i, : k - 1] for i, k in enumerate(self.num_levels))

    def _table(self) -> Array:
        steps = jnp.concatenate([self.first[...][:, None], self.gaps()], axis=1)
        return jnp.cumsum(steps, axis=1)

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`Ordinal`; NaN where x is no level."""
        location, feature = parts[0], np.arange(len(self.num_levels))
        self._require_width("x", x.shape)
        last = np.asarray(self.num_levels) - 1
        known = (x == jnp.round(x)) & (x >= 0) & (x <= last)
        code = jnp.where(known, x, 0).astype(jnp.int32)
        dtype = location.dtype
        table, gaps = self._table().astype(dtype), self.gaps().astype(dtype)
        lowest, highest = code == 0, code == last
        upper = table[feature, jnp.minimum(code, last - 1)]
        lower = table[feature, jnp.maximum(code - 1, 0)]
        gap = gaps[feature, jnp.clip(code - 1, 0, gaps.shape[1] - 1)]
        gap = jnp.where(lowest | highest, 1.0, gap)
        nll = (
            jnp.where(highest, 0.0, jax.nn.softplus(location - upper))
            + jnp.where(lowest, 0.0, jax.nn.softplus(lower - location))
            - jnp.where(lowest | highest, 0.0, _log_one_minus_exp(gap))
        )
        return jnp.where(known, nll, jnp.nan)

    def probabilities(self, outputs: Float[ArrayLike, "batch ..."]) -> Float[Array, "batch ..."]:
        """Probability of each level, ``[batch, ..., d, largest K]``; 0 beyond a feature's own K."""
        (location,) = self._parts(outputs, None)
        # All levels as one more axis: a loop over them would compile the loss once for each.
        levels = np.arange(max(self.num_levels)).reshape(-1, *(1,) * location.ndim)
        inside = levels < np.asarray(self.num_levels)
        shape = (len(levels), *location.shape)
        code = jnp.broadcast_to(jnp.asarray(np.where(inside, levels, 0), location.dtype), shape)
        mass = jnp.exp(-self.elementwise_nll((jnp.broadcast_to(location, shape),), code))
        return jnp.moveaxis(jnp.where(inside, mass, 0.0), 0, -1)

    def elementwise_mean(self, parts: Parts) -> Values:
        """The expected level number: the sum over k of P(x > k)."""
        self._require_width("outputs", parts[0].shape)
        above = sigmoid(parts[0][..., None] - self._table().astype(parts[0].dtype))
        return jnp.where(self._own(), above, 0.0).sum(-1)

    def elementwise_variance(self, parts: Parts) -> Values:
        """Variance of the level number."""
        mass = self.probabilities(parts[0])
        levels = jnp.arange(mass.shape[-1], dtype=mass.dtype)
        distance = levels - self.elementwise_mean(parts)[..., None]
        return (mass * jnp.square(distance)).sum(-1)

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Level numbers: how many thresholds a logistic draw around the location passes."""
        self._require_width("outputs", parts[0].shape)
        draw = parts[0] + jax.random.logistic(key, parts[0].shape, parts[0].dtype)
        passed = (draw[..., None] > self._table().astype(draw.dtype)) & self._own()
        return jnp.where(jnp.isnan(draw), jnp.nan, passed.sum(-1).astype(draw.dtype))

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Whole numbers from 0 to each feature's K - 1."""
        _support.require_features(x, (len(self.num_levels),), "num_levels")
        inside = (x == np.round(x)) & (x >= 0) & (x < np.asarray(self.num_levels))
        _support.require(inside, x, seen, f"levels below {self.num_levels}")

    def _require_width(self, name: str, shape: tuple[int, ...]) -> None:
        size = len(self.num_levels)
        if shape[-1:] != (size,):
            raise ValueError(
                f"{name}: expected [..., {size}], one feature for each of num_levels, got {shape}"
            )

    def _own(self) -> np.ndarray:
        """[d, largest K - 1]: which thresholds a feature has."""
        width = self.raw_gaps.shape[-1] + 1
        return np.arange(width) < np.asarray(self.num_levels)[:, None] - 1


def _start(
    levels: tuple[int, ...], frequencies: Sequence[Sequence[float]], floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest thresholds and raw gaps at which the levels have these probabilities."""
    if len(frequencies) != len(levels):
        raise ValueError(f"frequencies: expected {len(levels)} features, got {len(frequencies)}")
    # One column of gaps even if every feature has two levels: an empty array has nothing to index.
    first, raw = np.zeros(len(levels)), np.zeros((len(levels), max(max(levels) - 2, 1)))
    for i, (k, given) in enumerate(zip(levels, frequencies, strict=True)):
        p = np.asarray(given, np.float64)
        if p.shape != (k,) or not (p > 0).all() or abs(p.sum() - 1) > 1e-6:
            raise ValueError(
                f"frequencies[{i}]: expected {k} positive probabilities that sum to 1, got "
                f"{tuple(given)}"
            )
        below = np.cumsum(p)[:-1]
        above = np.cumsum(p[::-1])[::-1][1:]
        logits = np.log(below) - np.log(above)
        first[i] = logits[0]
        gap = np.maximum(np.diff(logits) - floor, 1e-6)
        raw[i, : k - 2] = gap + np.log(-np.expm1(-gap))
    return first, raw


def _log_one_minus_exp(gap: Array) -> Array:
    """log(1 - exp(-gap)) for gap > 0, with all digits (Maechler 2012)."""
    near = gap < _LN2
    small = jnp.log(-jnp.expm1(-jnp.where(near, gap, 1.0)))
    return jnp.where(near, small, jnp.log1p(-jnp.exp(-jnp.where(near, 1.0, gap))))

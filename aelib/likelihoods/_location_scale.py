"""Families that are one law, moved and stretched: Gaussian, Laplace, Student's t."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import Parts, Values
from aelib.likelihoods._positive import PositiveParameter


class LocationScale(Factorized):
    r"""Base of :math:`x = \hat x + s\,\varepsilon` with :math:`\varepsilon` of a symmetric law.

    A subclass writes ``elementwise_nll``, ``elementwise_variance`` and the three ``standard_*``
    methods, which speak of :math:`\varepsilon`.

    Args:
        scale: s, in the unit of x: a number or an array (fixed), ``"shared"`` (one learned number),
            ``"feature"`` (one learned number per feature) or ``"example"`` (from the decoder; then
            p is 2: location, raw scale).
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned scale.
        initial: learned scale to start from.

    Raises:
        ValueError: a scale that is not positive, or an unknown kind.
    """

    support = (-math.inf, math.inf)

    def __init__(
        self,
        scale: Real[ArrayLike, " ..."] | str = 1.0,
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-3,
        initial: float = 1.0,
    ) -> None:
        self.scale = PositiveParameter(
            scale, "scale", num_features=num_features, floor=floor, initial=initial
        )
        self.num_outputs = 2 if self.scale.per_example else 1

    def standard_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        r"""Draws of :math:`\varepsilon`."""
        raise NotImplementedError

    def standard_log_mass(
        self,
        edge: Values,
        length: Values,
        parts: Parts,
    ) -> Values:
        r"""Log-probability that :math:`\varepsilon` is in [edge, edge + length].

        Args:
            edge: the end nearer to zero, at least ``-length / 2``.
            length: may be infinite.
            parts: raw outputs.
        """
        raise NotImplementedError

    def standard_excess(
        self,
        t: Values,
        parts: Parts,
    ) -> Values:
        r"""Mean of :math:`\max(\varepsilon - t, 0)` for ``t >= 0``."""
        raise NotImplementedError

    def scale_of(self, parts: Parts) -> Values:
        """The scale of each feature, shaped like the data."""
        return self.scale(parts[-1], parts[0].shape, parts[0].dtype)

    def elementwise_mean(self, parts: Parts) -> Values:
        r""":math:`\hat x`."""
        return parts[0]

    def elementwise_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        r""":math:`\hat x + s\,\varepsilon`."""
        return parts[0] + self.scale_of(parts) * self.standard_sample(key, parts)

    def elementwise_log_mass(
        self,
        parts: Parts,
        x: Values,
        width: Float[Array, " ..."],
        *,
        first: Bool[ArrayLike, " ..."] = False,
        last: Bool[ArrayLike, " ..."] = False,
    ) -> Values:
        """See :meth:`Factorized.elementwise_log_mass`."""
        scale, gap, half = self.scale_of(parts), x - parts[0], 0.5 * width
        edge = jnp.where(first, -gap, jnp.where(last, gap, jnp.abs(gap))) - half
        open_end = jnp.asarray(first) | last
        length = jnp.where(open_end, jnp.inf, width / scale)
        return self.standard_log_mass(edge / scale, length, parts)

    def elementwise_clipped_mean(
        self,
        parts: Parts,
        low: Float[np.ndarray, " ..."],
        high: Float[np.ndarray, " ..."],
    ) -> Values:
        r"""Mean of x clipped to [low, high], either of which may be infinite.

        With :math:`e(t) = E\max(\varepsilon - t, 0)`, :math:`e(-t) = e(t) + t` and limits a < b in
        units of the scale, measured from :math:`\hat x`, that is
        :math:`\hat x + s\,[e(-a) - e(b)]`. Where :math:`\hat x` lies beyond a limit it is counted
        from there, so that what is left of a tail keeps its digits.
        """
        location, scale = self.elementwise_mean(parts), self.scale_of(parts)

        def side(limit: Float[np.ndarray, " ..."], sign: float) -> tuple[Values, Values, Values]:
            ends = np.isfinite(limit)
            finite = jnp.asarray(np.where(ends, limit, 0.0), location.dtype)
            t = jnp.where(ends, sign * (finite - location) / scale, jnp.inf)
            excess = jnp.where(
                ends, self.standard_excess(jnp.where(ends, jnp.abs(t), 1.0), parts), 0
            )
            return finite, t, excess

        start, below, from_below = side(low, -1.0)
        end, above, from_above = side(high, 1.0)
        inside = location + scale * (from_below - from_above)
        moved = jnp.where(below < 0, start + scale * (from_below - from_above), inside)
        return jnp.where(above < 0, end - scale * (from_above - from_below), moved)

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Finite real numbers."""
        _support.require_features(x, self.scale.shape, "scale")
        _support.require_finite(x, seen)

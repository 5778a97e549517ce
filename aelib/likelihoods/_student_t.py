"""The Student-t likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Bool, PRNGKeyArray, Real

from aelib.likelihoods import _support
from aelib.likelihoods._interval import student_t_excess, student_t_log_mass
from aelib.likelihoods._location_scale import LocationScale
from aelib.likelihoods._outputs import Parts, Values
from aelib.likelihoods._positive import PositiveParameter
from aelib.losses import student_t_nll


class StudentT(LocationScale):
    r"""Real numbers among which a few lie far out.

    .. math:: -\log p(x) = \tfrac{\nu + 1}{2}\log\Bigl(1 + \frac{(x - \hat x)^2}{\nu s^2}\Bigr)
              + \log s + \tfrac12\log\pi\nu + \log\Gamma(\tfrac\nu2) - \log\Gamma(\tfrac{\nu+1}2)

    A Gaussian whose variance is itself random, so the loss of an outlier grows with the logarithm
    of its distance only. Large :math:`\nu` gives back the Gaussian.

    Args:
        df: degrees of freedom :math:`\nu`: fixed, ``"shared"`` or ``"feature"`` (learned, at
            least ``df_floor``).
        scale: s, in the unit of x: fixed, ``"shared"``, ``"feature"`` or ``"example"``, as in
            :class:`Gaussian`. The variance is :math:`s^2\nu/(\nu-2)` for :math:`\nu > 2`.
        num_features: features, or their shape; needed by ``"feature"``.
        floor: smallest learned scale.
        initial: learned scale to start from.
        df_floor: smallest learned df.
        df_initial: learned df to start from.

    Raises:
        ValueError: a scale or df that is not positive, an unknown kind, or ``df="example"``.

    Example:
        >>> import jax.numpy as jnp
        >>> round(float(StudentT(df=1.0).log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0]), 4)
        -1.8379

    References:
        W. S. Gosset ("Student"), *The probable error of a mean*, Biometrika 6 (1908); as an error
        model, Lange, Little and Taylor, JASA 84 (1989).
    """

    def __init__(
        self,
        df: Real[ArrayLike, " ..."] | str,
        scale: Real[ArrayLike, " ..."] | str = 1.0,
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-3,
        initial: float = 1.0,
        df_floor: float = 0.1,
        df_initial: float = 5.0,
    ) -> None:
        if isinstance(df, str) and df == "example":
            raise ValueError('df: expected a number, "shared" or "feature", got "example"')
        super().__init__(scale, num_features=num_features, floor=floor, initial=initial)
        self.df = PositiveParameter(
            df, "df", num_features=num_features, floor=df_floor, initial=df_initial
        )

    def df_of(self, parts: Parts) -> Values:
        """The degrees of freedom of each feature, shaped like the data."""
        return self.df(None, parts[0].shape, parts[0].dtype)

    def elementwise_nll(self, parts: Parts, x: Values) -> Values:
        """See :class:`StudentT`."""
        return student_t_nll(parts[0], x, df=self.df_of(parts), scale=self.scale_of(parts))

    def elementwise_mean(self, parts: Parts) -> Values:
        r""":math:`\hat x` where :math:`\nu > 1`; NaN where there is no mean."""
        return jnp.where(self.df_of(parts) > 1, parts[0], jnp.nan)

    def elementwise_variance(self, parts: Parts) -> Values:
        r""":math:`s^2\nu/(\nu-2)`; infinite for :math:`1 < \nu \le 2`, NaN below."""
        df = self.df_of(parts)
        finite = jnp.square(self.scale_of(parts)) * (1.0 + 2.0 / jnp.where(df > 2, df - 2, 1.0))
        return jnp.where(df > 2, finite, jnp.where(df > 1, jnp.inf, jnp.nan))

    def standard_sample(self, key: PRNGKeyArray, parts: Parts) -> Values:
        """Draws of scale 1."""
        return jax.random.t(key, self.df_of(parts), parts[0].shape, parts[0].dtype)

    def standard_log_mass(self, edge: Values, length: Values, parts: Parts) -> Values:
        """Log-probability of [edge, edge + length] at location 0 and scale 1."""
        return student_t_log_mass(edge, length, self.df_of(parts))

    def standard_excess(self, t: Values, parts: Parts) -> Values:
        """Mean of max(ε − t, 0) at location 0 and scale 1; NaN where there is no mean."""
        return student_t_excess(t, self.df_of(parts))

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Finite real numbers."""
        super().check_values(x, seen)
        _support.require_features(x, self.df.shape, "df")

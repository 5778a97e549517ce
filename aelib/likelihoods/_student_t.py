"""The Student-t likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from aelib.likelihoods import _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._positive import PositiveParameter
from aelib.losses import student_t_nll


class StudentT(Factorized):
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

    Source: W. S. Gosset ("Student"), *The probable error of a mean*, Biometrika 6 (1908); as an
    error model, Lange, Little and Taylor, JASA 84 (1989).

    >>> import jax.numpy as jnp
    >>> round(float(StudentT(df=1.0).log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0]), 4)
    -1.8379
    """

    def __init__(
        self,
        df: ArrayLike | str,
        scale: ArrayLike | str = 1.0,
        *,
        num_features: int | tuple[int, ...] | None = None,
        floor: float = 1e-3,
        initial: float = 1.0,
        df_floor: float = 0.1,
        df_initial: float = 5.0,
    ) -> None:
        if isinstance(df, str) and df == "example":
            raise ValueError('df: expected a number, "shared" or "feature", got "example"')
        self.df = PositiveParameter(
            df, "df", num_features=num_features, floor=df_floor, initial=df_initial
        )
        self.scale = PositiveParameter(
            scale, "scale", num_features=num_features, floor=floor, initial=initial
        )
        self.num_outputs = 2 if self.scale.per_example else 1

    def scale_of(self, parts: tuple[Array, ...]) -> Array:
        """The scale s of each feature, shaped like the data."""
        return self.scale(parts[-1], parts[0].shape, parts[0].dtype)

    def df_of(self, parts: tuple[Array, ...]) -> Array:
        """The degrees of freedom of each feature, shaped like the data."""
        return self.df(None, parts[0].shape, parts[0].dtype)

    def elementwise_nll(self, parts: tuple[Array, ...], x: Array) -> Array:
        """See :class:`StudentT`."""
        return student_t_nll(parts[0], x, df=self.df_of(parts), scale=self.scale_of(parts))

    def elementwise_mean(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x` where :math:`\nu > 1`; NaN where there is no mean."""
        return jnp.where(self.df_of(parts) > 1, parts[0], jnp.nan)

    def elementwise_variance(self, parts: tuple[Array, ...]) -> Array:
        r""":math:`s^2\nu/(\nu-2)`; infinite for :math:`1 < \nu \le 2`, NaN below."""
        df = self.df_of(parts)
        finite = jnp.square(self.scale_of(parts)) * df / jnp.where(df > 2, df - 2, 1.0)
        return jnp.where(df > 2, finite, jnp.where(df > 1, jnp.inf, jnp.nan))

    def elementwise_sample(self, key: Array, parts: tuple[Array, ...]) -> Array:
        r""":math:`\hat x + s\,\varepsilon`."""
        noise = jax.random.t(key, self.df_of(parts), parts[0].shape, parts[0].dtype)
        return parts[0] + self.scale_of(parts) * noise

    def check_values(self, x: np.ndarray, seen: np.ndarray) -> None:
        """Finite real numbers."""
        _support.require_features(x, self.scale.shape, "scale")
        _support.require_features(x, self.df.shape, "df")
        _support.require_finite(x, seen)

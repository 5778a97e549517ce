"""The categorical likelihood."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib._arrays import as_jax, as_real
from aelib._checks import check_count, check_key
from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._factorized import Factorized
from aelib.likelihoods._outputs import check_mask, floating
from aelib.losses import categorical_nll
from aelib.losses._logistic import certain, complement, softmax


class Categorical(Factorized):
    r"""Labels 0 to K - 1 without an order; the raw outputs are K logits per feature.

    .. math:: -\log p(x) = -\log\operatorname{softmax}(o)_x

    ``x`` is ``[batch, ...]`` of integers, ``outputs`` is ``[batch, ..., K]``.

    Args:
        num_classes: K, at least 2.

    Raises:
        ValueError: fewer than 2 classes.

    Example:
        >>> import jax.numpy as jnp
        >>> likelihood = Categorical(4)
        >>> round(float(likelihood.log_prob(jnp.zeros((1, 2, 4)), jnp.array([[0, 3]]))[0]), 4)
        -2.7726

    References:
        C. M. Bishop, *Pattern Recognition and Machine Learning* (2006), section 4.3.4.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_outputs = check_count("num_classes", num_classes, at_least=2)

    def _nll(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        mask: Bool[ArrayLike, "batch ..."] | None,
        exposure: Real[ArrayLike, " ..."] | None,
    ) -> Array:
        outputs, given = self._logits(outputs), as_real("x", x)
        self.with_exposure((), exposure)
        if not jnp.issubdtype(given.dtype, jnp.integer):
            raise TypeError(f"x: expected integer labels, got dtype {given.dtype}")
        x = as_jax("x", given)
        if outputs.shape != (*x.shape, self.num_outputs):
            raise ValueError(
                f"outputs: expected shape {(*x.shape, self.num_outputs)} for labels of shape "
                f"{x.shape}, got {outputs.shape}"
            )
        if mask is None:
            return categorical_nll(outputs, x)
        mask = check_mask(mask, x)
        x = jnp.where(mask, x, 0)
        outputs = jnp.where(mask[..., None], outputs, 0.0)
        return jnp.where(mask, categorical_nll(outputs, x), 0.0)

    def mean(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Probability of each class, ``[batch, ..., K]``: the mean of the one-hot label."""
        self.with_exposure((), exposure)
        return softmax(self._logits(outputs))

    def variance(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Variance of each entry of the one-hot label, ``[batch, ..., K]``."""
        mean = self.mean(outputs, exposure=exposure)
        return mean * complement(mean)

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Labels, ``[batch, ...]``, int32.

        Raises:
            ValueError: a logit is NaN, or several are infinite; while traced the label is -1.
        """
        self.with_exposure((), exposure)
        logits = certain(self._logits(outputs))
        drawn = jax.random.categorical(check_key("key", key), logits, axis=-1, mode="high")
        # Where all classes are ruled out there is none to draw.
        known = jnp.max(logits, axis=-1) > -jnp.inf
        draws = jnp.where(known, drawn, -1).astype(jnp.int32)
        _sampling.require_drawn(draws)
        return draws

    def check_values(self, x: Real[np.ndarray, " ..."], seen: Bool[np.ndarray, " ..."]) -> None:
        """Integers from 0 to K - 1."""
        if x.dtype.kind not in "iu":
            raise ValueError(f"x: expected integer labels, got dtype {x.dtype}")
        expected = f"labels from 0 to {self.num_outputs - 1}"
        _support.require((x >= 0) & (x < self.num_outputs), x, seen, expected)

    def _logits(self, outputs: Float[ArrayLike, "batch ..."]) -> Array:
        logits = floating("outputs", outputs)
        if logits.ndim < 2 or logits.shape[-1] != self.num_outputs:
            raise ValueError(
                f"outputs: expected [batch, ..., {self.num_outputs}], got shape {logits.shape}"
            )
        return logits

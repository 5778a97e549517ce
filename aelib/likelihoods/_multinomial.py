"""The multinomial likelihood."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib._checks import check_key
from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._outputs import align_exposure, check_mask, per_feature, split_like
from aelib.losses import multinomial_nll
from aelib.losses._logistic import complement, softmax


class Multinomial(nnx.Module):
    r"""N draws from a vocabulary of V words; the raw outputs are V logits per document.

    .. math:: -\log p(x \mid N) = -\sum_v x_v \log\pi_v
              - \log\frac{N!}{\prod_v x_v!}, \qquad \pi = \operatorname{softmax}(o)

    ``x`` is ``[batch, V]``; one raw output per word, so p is 1. The words of a document are not
    independent (they share N), so this family does not factorize over features. ``exposure`` is N:
    in :meth:`log_prob` it defaults to the document's own length, and a document of another length
    has probability 0; in :meth:`mean`, :meth:`variance` and :meth:`sample` it defaults to 1.

    Example:
        >>> import jax.numpy as jnp
        >>> counts = jnp.array([[1, 1, 0, 0]])
        >>> round(float(Multinomial().log_prob(jnp.zeros((1, 4)), counts)[0]), 4)
        -2.0794

    References:
        De Moivre, *The doctrine of chances* (1718); as a loss for documents, Miao, Yu and
        Blunsom, *Neural variational inference for text processing* (2016).
    """

    num_outputs: int = 1

    def log_prob(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, " batch"]:
        """Log-probability of each document's counts given their total.

        Args:
            outputs: logits, ``[batch, V]`` or ``[batch, V, 1]``.
            x: counts, ``[batch, V]``.
            mask: boolean, ``[batch, V]``; ``True`` = observed. The observed words, given their
                own total, are again multinomial with renormalized probabilities: that is what is
                computed, and the unobserved reach neither the value nor the gradient.
            exposure: N, scalar or ``[batch]``, of the observed words.

        Returns:
            ``[batch]``, in nats.

        Raises:
            ValueError: shapes do not fit.
            TypeError: outputs or counts are not real numbers, or the mask is not boolean.
        """
        (logits,), x = split_like(outputs, x, 1)
        _require_matrix("x", x.shape)
        if mask is not None:
            mask = check_mask(mask, x)
            x = jnp.where(mask, x, 0.0)
            # Finite, so that 0 * log-probability stays 0 even when nothing is observed.
            logits = jnp.where(mask, logits, -1e30)
        # NaN is never itself a mask: a comparison inside the loss must not swallow it.
        log_prob = jnp.where(jnp.isnan(x).any(-1), jnp.nan, -multinomial_nll(logits, x))
        if exposure is None:
            return log_prob
        total = align_exposure(exposure, x)[..., 0]
        return jnp.where(x.sum(-1) == total, log_prob, -jnp.inf)

    def mean(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        r""":math:`N\pi`, ``[batch, V]``."""
        logits, total = self._arrange(outputs, exposure)
        return total * softmax(logits)

    def variance(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        r""":math:`N\pi(1-\pi)` of each count, ``[batch, V]``; covariance is :math:`-N\pi\pi'`."""
        logits, total = self._arrange(outputs, exposure)
        p = softmax(logits)
        return total * p * complement(p)

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Counts of N draws, ``[batch, V]``, as floating-point numbers.

        Raises:
            ValueError: an exposure that is no whole number up to 1e9, or logits that are no
                distribution; while traced the counts are NaN.
        """
        logits, total = self._arrange(outputs, exposure)
        draws = _sampling.multinomial(check_key("key", key), total[..., 0], softmax(logits))
        _sampling.require_drawn(draws)
        return draws

    def check(
        self,
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> None:
        """Counts, ``[batch, V]``, and, if given, exposures that are their totals.

        Raises:
            ValueError: the first value that is not a count, with its index; a wrong dtype or
                shape; a total that is not N.
        """
        array = _support.numeric(x)
        _require_matrix("x", array.shape)
        seen = _support.observed(array, mask)
        _support.require_counts(array, seen)
        if exposure is None:
            return
        _support.require_exposure(exposure)
        trials = np.asarray(align_exposure(np.asarray(exposure), jnp.zeros(array.shape)))[:, 0]
        totals = np.where(seen, array, 0).sum(-1)
        wrong = np.flatnonzero(totals != trials)
        if wrong.size:
            i = int(wrong[0])
            raise ValueError(
                f"exposure: expected the totals of x, {totals[i]}, got {trials[i]} at index ({i},)"
            )

    def _arrange(
        self, outputs: Float[ArrayLike, "batch ..."], exposure: Real[ArrayLike, " ..."] | None
    ) -> tuple[Array, Array]:
        (logits,) = per_feature(outputs, 1)
        _require_matrix("outputs", logits.shape)
        total = jnp.ones_like(logits) if exposure is None else align_exposure(exposure, logits)
        return logits, total


def _require_matrix(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) != 2:
        kind = "counts" if name == "x" else "logits"
        raise ValueError(f"{name}: expected {kind} [batch, vocabulary], got shape {shape}")

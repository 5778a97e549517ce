"""What a likelihood has to offer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real


@runtime_checkable
class Likelihood(Protocol):
    """The face of a likelihood; anything with these members can be given to ``fit``.

    No base class is needed. A likelihood with parameters of its own should be an
    ``flax.nnx.Module`` that holds them as ``nnx.Param``, so that ``fit`` finds and trains them. For
    a family that treats every feature alike, :class:`aelib.likelihoods.Factorized` does the
    shapes, masks and sums, and leaves four short methods to write.

    Attributes:
        num_outputs: raw decoder outputs per feature, p.

    Example:
        >>> from aelib import likelihoods
        >>> isinstance(likelihoods.Poisson(), likelihoods.Likelihood)
        True
    """

    num_outputs: int

    def log_prob(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, " batch"]:
        """Log-probability (or log-density) of each example given its raw outputs.

        Args:
            outputs: raw decoder outputs, ``x.shape + (p,)``, or ``x.shape`` where p is 1.
            x: data, ``[batch, ...]``.
            mask: boolean, shaped like ``x``; ``True`` = observed.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch]``, in nats, summed over the observed features.
        """
        ...

    def mean(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """Expected data given raw outputs.

        Args:
            outputs: raw decoder outputs, as for :meth:`log_prob`.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch, ...]``, in the unit of the data.
        """
        ...

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """One draw of the data given raw outputs.

        Args:
            key: ``jax.random.key(seed)``.
            outputs: raw decoder outputs, as for :meth:`log_prob`.
            exposure: scalar or ``[batch]``; only for families that count.

        Returns:
            ``[batch, ...]``, in the unit of the data.
        """
        ...

    def check(self, x: Real[ArrayLike, "batch ..."]) -> None:
        """Raise ``ValueError`` naming value and index if ``x`` is outside the support.

        It may take ``mask`` and ``exposure`` as well, by keyword; ``fit`` passes on what it takes.
        Without ``mask`` it is shown an observed value in place of each missing one.

        Args:
            x: data, ``[batch, ...]``.
        """
        ...

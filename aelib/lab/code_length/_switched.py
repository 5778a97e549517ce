"""One of several likelihoods, chosen by a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, PRNGKeyArray, Real

from aelib._checks import check_count
from aelib.likelihoods import Likelihood


class SwitchedLikelihood(nnx.Module):
    """One of several likelihoods. Which one is a number and not code.

    So ``fit`` and ``sweep`` compile one program for all of them, where they would else compile one
    for each. The others are computed too and multiplied by nothing: their parameters do not move,
    and what they say of the data must be finite.

    Args:
        likelihoods: those to choose from, with the same number of outputs per feature.
        use: index of the chosen one.

    Raises:
        ValueError: if there is none, the numbers of outputs differ, or the index is out of range.

    Example:
        >>> import aelib
        >>> from aelib.lab.code_length import SwitchedLikelihood
        >>> from aelib.likelihoods import Bernoulli, Gaussian
        >>> import jax.numpy as jnp
        >>> coin = SwitchedLikelihood([Gaussian(), Bernoulli()], use=1)
        >>> coin.log_prob(jnp.zeros((1, 1)), jnp.ones((1, 1))).round(3)  # a fair coin
        Array([-0.693], dtype=float32)
        >>> type(coin.chosen).__name__
        'Bernoulli'
    """

    def __init__(self, likelihoods: Sequence[Likelihood], use: int) -> None:
        for index, likelihood in enumerate(likelihoods):
            if not (hasattr(likelihood, "log_prob") and hasattr(likelihood, "num_outputs")):
                raise TypeError(f"likelihoods[{index}]: expected a likelihood, got {likelihood!r}")
        widths = {likelihood.num_outputs for likelihood in likelihoods}
        if len(widths) != 1:
            raise ValueError(
                "likelihoods: expected at least one, with the same number of outputs per feature; "
                f"got {list(likelihoods)!r}"
            )
        use = check_count("use", use, at_least=0, at_most=len(likelihoods) - 1)
        self.likelihoods = nnx.data(list(likelihoods))
        self.use = nnx.Variable(jnp.int32(use))
        self.num_outputs = widths.pop()

    @property
    def chosen(self) -> Likelihood:
        """The likelihood in use, with its parameters; outside of compiled code."""
        return self.likelihoods[int(self.use[...])]

    def log_prob(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, " batch"]:
        """That of the chosen one; see :meth:`aelib.likelihoods.Likelihood.log_prob`."""
        return self._pick(lambda one: one.log_prob(outputs, x, mask=mask, exposure=exposure))

    def mean(
        self,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """That of the chosen one."""
        return self._pick(lambda one: one.mean(outputs, exposure=exposure))

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Float[ArrayLike, "batch ..."],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch ..."]:
        """A draw from the chosen one."""
        return self._pick(lambda one: one.sample(key, outputs, exposure=exposure))

    def check(
        self,
        x: Real[ArrayLike, "batch ..."],
        *,
        mask: Bool[ArrayLike, "batch ..."] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> None:
        """Refuse what the chosen one refuses.

        Raises:
            ValueError: naming value and place.
        """
        self.chosen.check(x, mask=mask, exposure=exposure)  # type: ignore[call-arg]

    def _pick(self, ask: Callable[[Likelihood], Array]) -> Array:
        answers = [ask(likelihood) for likelihood in self.likelihoods]
        return jax.lax.select_n(self.use[...], *answers)

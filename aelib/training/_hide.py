"""A corruption that hides entries from the encoder."""

from collections.abc import Callable
from typing import Literal

import jax


def hide(
    rate: float, *, score: Literal["all", "hidden"] = "all"
) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, ...]]:
    """Hide each entry from the encoder with some probability, anew at each step.

    Without it an autoencoder is only ever scored on cells that it saw; with it the model learns to
    say what it was not shown: to impute.

    Args:
        rate: probability that an entry is hidden, in [0, 1).
        score: ``"all"``: the loss asks for all that was observed. ``"hidden"``: only for what was
            hidden, so that a learned scale is the error of an imputation, not the much smaller
            error of a copy; take it where held-out cells are to be coded. Needs a likelihood and a
            rate above 0.

    Returns:
        A corruption for :func:`fit` and :func:`sweep`: (key, x) -> (x, seen), or (x, seen, scored).
        The model must take a mask, as those of :func:`aelib.models.table` do.

    Raises:
        ValueError: if the rate is not in [0, 1), or is 0 with ``score="hidden"``; or ``score`` is
            neither.

    Source: P. Vincent et al., *Extracting and composing robust features with denoising
    autoencoders* (2008), where hidden entries are zeros; for imputation, L. Gondara and K. Wang,
    *MIDA: multiple imputation using denoising autoencoders* (2018).

    >>> import jax.numpy as jnp
    >>> x, seen = hide(0.25)(jax.random.key(0), jnp.ones((1000, 4)))
    >>> bool(0.7 < seen.mean() < 0.8), x.shape
    (True, (1000, 4))
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a probability in [0, 1), got {rate}")
    if score not in ("all", "hidden"):
        raise ValueError(f"score: expected 'all' or 'hidden', got {score!r}")
    if score == "hidden" and rate == 0:
        raise ValueError("rate: expected more than 0 with score='hidden', got 0: nothing is scored")

    def hidden(key: jax.Array, x: jax.Array) -> tuple[jax.Array, ...]:
        seen = jax.random.uniform(key, x.shape) >= rate
        return (x, seen) if score == "all" else (x, seen, ~seen)

    return hidden

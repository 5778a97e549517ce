"""A corruption that hides entries from the encoder."""

from collections.abc import Callable

import jax


def hide(rate: float) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Hide each entry from the encoder with some probability, anew at each step.

    The loss still asks for all that was observed, so the model learns to say what it was not
    shown: to impute. Without it an autoencoder is only ever scored on cells that it saw.

    Args:
        rate: probability that an entry is hidden, in [0, 1).

    Returns:
        A corruption for :func:`fit` and :func:`sweep`: (key, x) -> (x, seen). The model must take
        a mask, as those of :func:`aelib.models.table` do.

    Raises:
        ValueError: if the rate is not in [0, 1).

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

    def hidden(key: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return x, jax.random.uniform(key, x.shape) >= rate

    return hidden

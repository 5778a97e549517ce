"""What is done to a batch before the encoder sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Shaped

from aelib._checks import check_choice, check_number
from aelib.training._examples import Examples


def hide(
    rate: float, *, score: Literal["all", "hidden"] = "all"
) -> Callable[[jax.Array, Shaped[Array, "batch ..."]], tuple[Shaped[Array, "batch ..."], ...]]:
    """Make a corruption that hides each entry from the encoder with a given probability.

    Without it an autoencoder is only ever scored on entries that it saw; with it the model learns
    to predict what it was not shown: to impute. Which entries are hidden is sampled anew at each
    step.

    Args:
        rate: probability that an entry is hidden, in [0, 1).
        score: ``"all"``: the loss asks for all that was observed. ``"hidden"``: only for what was
            hidden, so that a learned scale is the error of an imputation, not the much smaller
            error of a copy; take it where held-out entries are to be coded. Needs a likelihood and
            a rate above 0.

    Returns:
        A corruption for :func:`fit` and :func:`sweep`: (key, x) -> (x, seen), or (x, seen, scored).
        The model must take a mask, as those of :func:`aelib.models.table` do.

    Raises:
        ValueError: if the rate is not in [0, 1), or is 0 with ``score="hidden"``; or ``score`` is
            neither.

    Example:
        >>> import jax.numpy as jnp
        >>> x, seen = hide(0.25)(jax.random.key(0), jnp.ones((1000, 4)))
        >>> bool(0.7 < seen.mean() < 0.8), x.shape
        (True, (1000, 4))

    References:
        P. Vincent, H. Larochelle, Y. Bengio and P.-A. Manzagol (2008), Extracting and composing
        robust features with denoising autoencoders, ICML; there hidden entries are zeros.

        L. Gondara and K. Wang (2018), MIDA: multiple imputation using denoising autoencoders,
        PAKDD.
    """
    rate = check_number("rate", rate)
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a probability in [0, 1), got {rate}")
    check_choice("score", score, ("all", "hidden"))
    if score == "hidden" and rate == 0:
        raise ValueError("rate: expected more than 0 with score='hidden', got 0: nothing is scored")

    def hidden(key: jax.Array, x: jax.Array) -> tuple[jax.Array, ...]:
        seen = jax.random.uniform(key, x.shape) >= rate
        return (x, seen) if score == "all" else (x, seen, ~seen)

    return hidden


def corrupt(
    corruption: Callable[..., jax.Array | tuple[jax.Array, ...]] | None,
    batch: Examples,
    key: jax.Array,
    *,
    noise: Float[Array, ""] | None,
    model: Any,
) -> tuple[Shaped[Array, "batch ..."], Bool[Array, "batch ..."] | None, Examples]:
    """A changed x, which of its entries the encoder may look at, and the batch to be scored.

    Args:
        corruption: ``corruption(key, x)``, or ``corruption(key, x, noise)`` if there is a noise
            level; None changes nothing.
        batch: the batch as it is.
        key: for the corruption.
        noise: the noise level, or None.
        model: the model, which may take a mask or not.

    Raises:
        ValueError: if the corruption returns something of another shape.
        TypeError: if it returns a mask that the model cannot take.
    """
    if corruption is None:
        return batch.x, batch.mask, batch
    level = () if noise is None else (noise,)
    given = corruption(key, batch.x, *level)
    inputs, *masks = given if isinstance(given, tuple) else (given,)
    expected = f"expected a result of shape {batch.x.shape}"
    if getattr(inputs, "shape", None) != batch.x.shape:
        raise ValueError(f"corruption: {expected}; got {getattr(inputs, 'shape', inputs)}")
    if masks and not getattr(model, "takes_mask", False):
        raise TypeError(
            "corruption: returned (x, seen), but the model's encode takes no mask that says what "
            "is hidden (aelib.models.table makes one that does)"
        )
    for name, mask in zip(("seen", "scored"), masks, strict=False):
        shape, dtype = getattr(mask, "shape", None), getattr(mask, "dtype", type(mask).__name__)
        if shape != batch.x.shape or dtype != jnp.bool_:
            raise ValueError(f"corruption: {name}: {expected}, of booleans; got {dtype} {shape}")
    if batch.mask is not None:
        masks = [mask & batch.mask for mask in masks]
    seen = masks[0] if masks else batch.mask
    scored = batch._replace(mask=masks[1]) if len(masks) > 1 else batch
    return (inputs if seen is None else jnp.where(seen, inputs, 0)), seen, scored

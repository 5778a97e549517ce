"""Data for training and validation: checked on the host, before anything is compiled."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Shaped

from aelib._checks import check_array, check_cast


class Examples(NamedTuple):
    """Training or validation data, or a batch of them.

    Attributes:
        x: the examples, with 0 where ``mask`` is False.
        mask: which entries were observed, or None for all.
        weights: weight of each example, with mean 1 over the data, or None for equal weights.
        exposure: exposure of each example, or None.
    """

    x: Shaped[Array, "n ..."]
    mask: Bool[Array, "n ..."] | None = None
    weights: Shaped[Array, " n"] | None = None
    exposure: Shaped[Array, " n"] | None = None


def check_examples(
    argument: str,
    given: Mapping[str, ArrayLike | None],
    *,
    model: object,
    loss: object,
    dtype: jnp.dtype,
) -> Examples:
    """Data ready for training: right shapes, observed values finite and in the loss's support.

    Args:
        argument: what the examples are called in messages: ``""`` or ``"validation"``.
        given: ``x`` and maybe ``mask``, ``weights``, ``exposure``.
        model: the model, which may say what shape it takes.
        loss: the likelihood or callable.
        dtype: the model's floating type, which floating and boolean data are turned into.

    Raises:
        ValueError: if something does not fit; the message names it.
        TypeError: if a mask or an exposure is given to a plain callable, or data are no real
            numbers.
    """
    prefix = f"{argument}: " if argument else ""
    unknown = sorted(set(given) - set(Examples._fields))
    if unknown:
        raise ValueError(f"{prefix}expected {', '.join(Examples._fields)}; got {unknown[0]!r}")
    x = check_array(f"{prefix}x", given["x"], finite=False)
    if x.ndim < 2 or not x.shape[0]:
        raise ValueError(f"{prefix}x: expected [n, ...] with n of at least 1, got shape {x.shape}")
    expected = getattr(getattr(model, "encoder", None), "input_shape", x.shape[1:])
    if x.shape[1:] != tuple(expected):
        shape = ", ".join(["n", *map(str, expected)])
        raise ValueError(
            f"{prefix}x: expected shape [{shape}], what the model was built for; got {x.shape}"
        )
    mask, weights, exposure = (given.get(name) for name in ("mask", "weights", "exposure"))
    for name, value in (("mask", mask), ("exposure", exposure)):
        if value is not None and not hasattr(loss, "log_prob"):
            raise TypeError(
                f"{prefix}{name}: only a likelihood can take it; loss is a plain (outputs, x)"
            )
    if mask is not None:
        mask = check_array(f"{prefix}mask", mask, finite=False)
        if mask.dtype != bool or mask.shape != x.shape:
            raise ValueError(
                f"{prefix}mask: expected booleans of x's shape {x.shape}, True where observed; "
                f"got {mask.dtype} of shape {mask.shape}"
            )
        if not mask.any():
            raise ValueError(f"{prefix}mask: expected some values to be observed, got all False")
        x = np.where(mask, x, np.zeros((), x.dtype))
    _require_finite(
        f"{prefix}x", x, hint="" if mask is not None else " (mask says what is missing)"
    )
    weights = _per_example(f"{prefix}weights", weights, len(x), dtype, normalize=True)
    rates = _per_example(f"{prefix}exposure", exposure, len(x), dtype, normalize=False)
    if hasattr(loss, "check"):
        _check_support(prefix, loss, x, mask=mask, exposure=exposure)
    # Whole numbers stay so, in 32 bits; what these do not hold is refused.
    kept = dtype if _is_floating(x) or x.dtype == bool else jax.dtypes.canonicalize_dtype(x.dtype)
    x = check_cast(f"{prefix}x", x, kept)
    return Examples(
        x=jnp.asarray(x),
        mask=None if mask is None else jnp.asarray(mask),
        weights=weights,
        exposure=rates,
    )


def check_examples_by_seed(
    argument: str, given: Mapping[str, ArrayLike | None], *, seeds: int, **options: Any
) -> Examples:
    """:func:`check_examples` for each seed; everything given has a leading axis of seeds."""
    present = {
        name: check_array(f"{argument}: {name}" if argument else name, value, finite=False)
        for name, value in given.items()
        if value is not None
    }
    for name, value in present.items():
        if value.ndim < 1 or len(value) != seeds:
            where = f"{argument}: {name}" if argument else name
            raise ValueError(
                f"{where}: expected [{seeds}, ...], one entry for each seed; "
                f"got shape {value.shape}"
            )
    checked = [
        check_examples(argument, {name: value[seed] for name, value in present.items()}, **options)
        for seed in range(seeds)
    ]
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *checked)


def check_validation(
    data: Examples,
    validation: Shaped[ArrayLike, "m ..."] | Mapping[str, ArrayLike] | None,
    check: Callable[..., Examples],
    **options: Any,
) -> Examples | None:
    """Validation data, given as an array or as a mapping of ``x``, ``mask``, ….

    Args:
        data: the training data, checked.
        validation: the argument.
        check: :func:`check_examples` or :func:`check_examples_by_seed`.
        **options: its options.

    Raises:
        ValueError: as ``check`` does, and if training data have an exposure and validation data
            have none: they would be scored at another exposure.
    """
    if validation is None:
        return None
    if not isinstance(validation, Mapping):
        validation = {"x": validation}
    if "x" not in validation:
        raise ValueError("validation: expected x among its entries")
    checked: Examples = check("validation", validation, **options)
    if data.exposure is not None and checked.exposure is None:
        raise ValueError(
            "validation: expected an exposure as for the training data; "
            "give {'x': ..., 'exposure': ...}"
        )
    return checked


def _check_support(prefix: str, likelihood: Any, x: np.ndarray, **given: Any) -> None:
    """Let a likelihood look at the data, and at as much of the rest as its ``check`` takes."""
    takes = inspect.signature(likelihood.check).parameters
    if given["mask"] is not None and "mask" not in takes:
        x = np.where(given["mask"], x, x[given["mask"]][0])  # something that was observed
    try:
        likelihood.check(x, **{k: v for k, v in given.items() if v is not None and k in takes})
    except (TypeError, ValueError) as error:
        raise type(error)(f"{prefix}{error}") from error


def _per_example(
    argument: str, values: ArrayLike | None, n: int, dtype: jnp.dtype, *, normalize: bool
) -> jax.Array | None:
    """One finite number for each example; weights are scaled to mean 1, whatever their size."""
    if values is None:
        return None
    array = check_array(argument, values, finite=False)
    if array.shape != (n,):
        raise ValueError(f"{argument}: expected shape ({n},), got {array.shape}")
    _require_finite(argument, array)
    if (array < 0).any() or not array.any():
        raise ValueError(f"{argument}: expected values >= 0, some of them positive")
    if normalize:
        array = array.astype(np.float64) / array.max()  # their sum might not be a number
        array = array / array.mean()
    elif np.issubdtype(array.dtype, np.integer):
        return jnp.asarray(check_cast(argument, array, np.int32))
    return jnp.asarray(check_cast(argument, array, dtype))


def _require_finite(argument: str, values: np.ndarray, hint: str = "") -> None:
    if not _is_floating(values):
        return
    bad = ~np.isfinite(values)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{argument}: expected finite values, got {values[index]} at index {index}{hint}"
        )


def _is_floating(values: np.ndarray) -> bool:
    return bool(jnp.issubdtype(values.dtype, jnp.floating))

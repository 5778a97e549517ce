"""Arguments of ``fit`` and ``sweep``: checked on the host, before anything is compiled."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from aelib._checks import check_count
from aelib.training._flat import flatten_lbfgs
from aelib.training._problem import Examples

_STATEFUL = (nnx.BatchStat, nnx.RngState, nnx.Cache)


def model_dtype(model: nnx.Module) -> jnp.dtype:
    """The floating type of a model's parameters.

    Raises:
        TypeError: if it is not a module with encode and decode, or holds state that changes by
            itself.
        ValueError: if it has no parameters.
    """
    if not isinstance(model, nnx.Module) or not all(
        callable(getattr(model, name, None)) for name in ("encode", "decode")
    ):
        raise TypeError(
            "model: expected an aelib Autoencoder or an nnx.Module with encode and decode; "
            f"got {type(model).__name__}"
        )
    for path, variable in nnx.to_flat_state(nnx.state(model)):
        if isinstance(variable, _STATEFUL):
            name = ".".join(map(str, path))
            raise TypeError(
                f"model: {name} is a {type(variable).__name__}, which changes with every call; "
                "training is a pure function of the parameters"
            )
    leaves = jax.tree.leaves(nnx.state(model, nnx.Param))
    if not leaves:
        raise ValueError("model: has no nnx.Param to train")
    return jnp.result_type(*leaves)


def check_loss(loss: Any) -> Any:
    """Return ``loss`` if it is a likelihood or a callable.

    Raises:
        TypeError: if it is neither.
    """
    if not (hasattr(loss, "log_prob") or callable(loss)) or isinstance(loss, type):
        raise TypeError(
            "loss: expected a likelihood (an object with log_prob) or a callable "
            f"(outputs, x) -> [batch]; got {loss!r}"
        )
    return loss


def check_penalties(penalties: Any) -> tuple[np.ndarray, tuple[Any, ...], list[str]]:
    """Strengths, functions and names of (strength, penalty) pairs.

    Raises:
        TypeError: if an entry is not such a pair.
        ValueError: if a strength is negative or not finite.
    """
    strengths, functions, names = [], [], []
    for index, entry in enumerate(penalties):
        if not (isinstance(entry, Sequence) and len(entry) == 2 and callable(entry[1])):
            raise TypeError(
                f"penalties[{index}]: expected (strength, penalty) with "
                f"penalty(model, x, codes, key) -> [batch] or []; got {entry!r}"
            )
        if not _takes_four(entry[1]):
            raise TypeError(
                f"penalties[{index}]: expected penalty(model, x, codes, key), got {entry[1]!r}; "
                "aelib.penalties.on_codes makes one of a function of the codes, on_encoder of one "
                "of the encoder and x"
            )
        if np.ndim(entry[0]):
            raise TypeError(
                f"penalties[{index}]: expected one strength, got {entry[0]!r} (sweep takes several)"
            )
        strength = float(entry[0])
        if not np.isfinite(strength) or strength < 0:
            raise ValueError(f"penalties[{index}]: expected a strength >= 0, got {strength}")
        name = getattr(entry[1], "__name__", type(entry[1]).__name__)
        if name == "<lambda>" or name in names:
            name = f"{name.strip('<>')}_{index}"
        strengths.append(strength)
        functions.append(entry[1])
        names.append(name)
    return np.asarray(strengths, np.float64), tuple(functions), names


def _takes_four(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None, None, None)
    except TypeError:
        return False
    except ValueError:  # it does not tell
        return True
    return True


def check_optimizer(optimizer: Any) -> optax.GradientTransformationExtraArgs:
    """The optimiser, ready to be passed what a line search needs; Adam at 1e-3 by default.

    Raises:
        TypeError: if it is not an optax optimiser.
    """
    if optimizer is None:
        optimizer = optax.adam(1e-3)
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        raise TypeError(
            f"optimizer: expected an optax optimiser such as optax.adam(1e-3); got {optimizer!r}"
        )
    return flatten_lbfgs(optax.with_extra_args_support(optimizer))


def check_key(key: Any) -> jax.Array:
    """A single typed key.

    Raises:
        TypeError: if it is something else.
    """
    if not (isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)):
        raise TypeError(f"key: expected a key such as jax.random.key(0); got {key!r}")
    if key.ndim:
        raise TypeError(f"key: expected one key, got an array of them of shape {key.shape}")
    return key


def check_batch_size(batch_size: Any, n: int, mesh: jax.sharding.Mesh | None) -> int | None:
    """A batch size that the data and the devices can serve.

    Raises:
        ValueError: if there are fewer examples, or the devices cannot share a batch equally.
    """
    size = n if batch_size is None else check_count("batch_size", batch_size)
    if size > n:
        raise ValueError(
            f"batch_size: {size} is more than the {n} examples; None takes all of them at each step"
        )
    if mesh is not None and size % mesh.size:
        raise ValueError(
            f"batch_size: {size} examples cannot be shared equally by mesh's {mesh.size} devices"
        )
    return None if batch_size is None else size


def check_examples(
    argument: str,
    given: Mapping[str, Any],
    *,
    model: Any,
    loss: Any,
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
        TypeError: if a mask or an exposure is given to a plain callable.
    """
    prefix = f"{argument}: " if argument else ""
    unknown = sorted(set(given) - set(Examples._fields))
    if unknown:
        raise ValueError(f"{prefix}expected {', '.join(Examples._fields)}; got {unknown[0]!r}")
    if not hasattr(given["x"], "__array__") and hasattr(given["x"], "x"):
        kind = type(given["x"]).__name__
        raise TypeError(f"{prefix}x: expected an array [n, ...], got a {kind}; pass its .x")
    x = np.asarray(given["x"])
    if x.ndim < 2 or not x.shape[0]:
        raise ValueError(f"{prefix}x: expected [n, ...] with n of at least 1, got shape {x.shape}")
    if not (x.dtype == bool or np.issubdtype(x.dtype, np.integer) or _is_floating(x)):
        raise ValueError(f"{prefix}x: expected numbers, got {x.dtype}")
    expected = getattr(getattr(model, "encoder", None), "input_shape", x.shape[1:])
    if x.shape[1:] != tuple(expected):
        shape = ", ".join(["n", *map(str, expected)])
        raise ValueError(
            f"{prefix}x: expected shape [{shape}], what the model was built for; got {x.shape}"
        )
    mask, weights, exposure = (given.get(name) for name in ("mask", "weights", "exposure"))
    likelihood = hasattr(loss, "log_prob")
    for name, value in (("mask", mask), ("exposure", exposure)):
        if value is not None and not likelihood:
            raise TypeError(
                f"{prefix}{name}: only a likelihood can take it; loss is a plain (outputs, x)"
            )
    if mask is not None:
        mask = np.asarray(mask)
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
    weights = _per_example(f"{prefix}weights", weights, len(x), dtype, normalise=True)
    rates = _per_example(f"{prefix}exposure", exposure, len(x), dtype, normalise=False)
    if hasattr(loss, "check"):
        _check_support(prefix, loss, x, mask=mask, exposure=exposure)
    if _is_floating(x) or x.dtype == bool:
        x = x.astype(dtype)
    return Examples(
        x=jnp.asarray(x),
        mask=None if mask is None else jnp.asarray(mask),
        weights=weights,
        exposure=rates,
    )


def _check_support(prefix: str, likelihood: Any, x: np.ndarray, **given: Any) -> None:
    """Let a likelihood look at the data, and at as much of the rest as its ``check`` takes."""
    takes = inspect.signature(likelihood.check).parameters
    if given["mask"] is not None and "mask" not in takes:
        x = np.where(given["mask"], x, x[given["mask"]][0])  # something that was observed
    try:
        likelihood.check(x, **{k: v for k, v in given.items() if v is not None and k in takes})
    except ValueError as error:
        raise ValueError(f"{prefix}{error}") from error


def check_same_exposure(data: Examples, validation: Examples | None) -> None:
    """Without an exposure of its own, validation data would be scored at another than training's.

    Raises:
        ValueError: if training data have an exposure and validation data have none.
    """
    if data.exposure is not None and validation is not None and validation.exposure is None:
        raise ValueError(
            "validation: expected an exposure as for the training data; "
            "give {'x': ..., 'exposure': ...}"
        )


def _per_example(
    argument: str, values: Any, n: int, dtype: jnp.dtype, *, normalise: bool
) -> jax.Array | None:
    """One finite number for each example; weights are scaled to mean 1."""
    if values is None:
        return None
    values = np.asarray(values)
    if values.shape != (n,):
        raise ValueError(f"{argument}: expected shape ({n},), got {values.shape}")
    _require_finite(argument, values)
    if (values < 0).any() or not values.any():
        raise ValueError(f"{argument}: expected values >= 0, some of them positive")
    if normalise:
        values = values / values.mean(dtype=np.float64)
    elif np.issubdtype(values.dtype, np.integer):
        return jnp.asarray(values)
    return jnp.asarray(values.astype(dtype))


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

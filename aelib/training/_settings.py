"""What is static about a training run: the arguments that are not data, checked and gathered."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from aelib._checks import check_callable, check_count, check_number
from aelib.likelihoods import Likelihood

#: A likelihood, or a callable (outputs, x) -> [batch], in nats.
Loss = Likelihood | Callable[..., Float[Array, " batch"]]
#: Pairs (strength, penalty).
Penalties = Sequence[tuple[float, Callable[..., jax.Array]]]

_STATEFUL = (nnx.BatchStat, nnx.RngState, nnx.Cache)
#: Columns of a sweep's table besides sizes and penalties, which may not go by these names.
COLUMNS = ("seed", "noise", "steps", "loss", "nats", "validation")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What training does, apart from all numbers that it does it with.

    Attributes:
        graphdef: structure of (model, likelihood or None).
        loss: a callable (outputs, x) -> [batch] where there is no likelihood module, or an object
            with ``log_prob`` that is not an ``nnx.Module``; otherwise None.
        penalties: the penalties, in order.
        corruption: what is done to x before it is encoded, or hidden from the encoder, or None.
        optimizer: the optimizer.
        batch_size: examples in a batch; None for all of them, in order.
        patience: checks without improvement before training stops, or None.
        mesh: devices that share each batch, or None.
        names: names of the penalties.
        dtype: of all sums.
        steps: number of steps in all.
        tick_every: steps between two reports of what was done.
    """

    graphdef: nnx.GraphDef
    loss: Loss | None
    penalties: tuple[Callable[..., jax.Array], ...]
    corruption: Callable[..., Any] | None
    optimizer: optax.GradientTransformationExtraArgs
    batch_size: int | None
    patience: int | None
    mesh: jax.sharding.Mesh | None
    names: tuple[str, ...]
    dtype: jnp.dtype
    steps: int
    tick_every: int


class Parts(NamedTuple):
    """A model and its likelihood, taken apart.

    Attributes:
        graphdef: their structure.
        parameters: every ``nnx.Param`` of them.
        fixed: their other variables.
    """

    graphdef: nnx.GraphDef
    parameters: PyTree
    fixed: PyTree


def split(model: nnx.Module, loss: Loss) -> Parts:
    """Structure, parameters and other variables of a model and, if a module, its likelihood."""
    likelihood = loss if isinstance(loss, nnx.Module) else None
    graphdef, trained, fixed = nnx.split((model, likelihood), nnx.Param, ...)  # type: ignore[misc]
    return Parts(graphdef, nnx.as_pure(trained), nnx.as_pure(fixed))


def merge(parts: Parts, loss: Loss) -> tuple[Any, Loss]:
    """The inverse of :func:`split`: the model, and the likelihood, or the callable as it was."""
    model, likelihood = nnx.merge(*parts)
    return model, loss if likelihood is None else likelihood


def check_settings(
    model: nnx.Module,
    loss: Loss,
    *,
    n: int,
    penalties: Penalties,
    corruption: Callable[..., Any] | None,
    optimizer: optax.GradientTransformation | None,
    batch_size: int | None,
    steps: int,
    validation: object,
    patience: int | None,
    tick_every: int | None,
    mesh: jax.sharding.Mesh | None = None,
) -> tuple[Settings, np.ndarray]:
    """Settings for ``n`` examples, and the strengths of the penalties.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
    """
    strengths, functions, names = check_penalties(penalties)
    if corruption is not None:
        check_callable("corruption", corruption)
    if patience is not None:
        if validation is None:
            raise ValueError("patience: needs validation data to look at")
        patience = check_count("patience", patience)
    steps = check_count("steps", steps)
    every = max(1, steps // 50) if tick_every is None else check_count("tick_every", tick_every)
    mesh = _check_mesh(mesh)
    settings = Settings(
        graphdef=split(model, loss).graphdef,
        loss=None if isinstance(loss, nnx.Module) else loss,
        penalties=functions,
        corruption=corruption,
        optimizer=_check_optimizer(optimizer),
        batch_size=_check_batch_size(batch_size, n, mesh),
        patience=patience,
        mesh=mesh,
        names=names,
        # Sums are at least in float32, whatever the parameters are kept in.
        dtype=jnp.promote_types(check_model(model), jnp.float32),
        steps=steps,
        tick_every=every,
    )
    return settings, strengths


def check_model(model: nnx.Module) -> jnp.dtype:
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


def check_loss(loss: object) -> None:
    """Raise unless ``loss`` is a likelihood or a callable.

    Raises:
        TypeError: if it is neither.
    """
    if not (hasattr(loss, "log_prob") or callable(loss)) or isinstance(loss, type):
        raise TypeError(
            "loss: expected a likelihood (an object with log_prob) or a callable "
            f"(outputs, x) -> [batch]; got {loss!r}"
        )


def check_penalties(
    penalties: Penalties,
) -> tuple[np.ndarray, tuple[Callable[..., jax.Array], ...], tuple[str, ...]]:
    """Strengths, functions and names of (strength, penalty) pairs.

    Raises:
        TypeError: if an entry is not such a pair.
        ValueError: if a strength is negative or not finite.
    """
    strengths, functions, names = [], [], []
    if isinstance(penalties, str) or not isinstance(penalties, Iterable):
        raise TypeError(f"penalties: expected a sequence of (strength, penalty), got {penalties!r}")
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
        strength = check_number(f"penalties[{index}]: strength", entry[0], at_least=0)
        name = getattr(entry[1], "__name__", type(entry[1]).__name__)
        if name == "<lambda>" or name in names or name in COLUMNS:
            name = f"{name.strip('<>')}_{index}"
        strengths.append(strength)
        functions.append(entry[1])
        names.append(name)
    return np.asarray(strengths, np.float64), tuple(functions), tuple(names)


def _takes_four(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None, None, None)
    except TypeError:
        return False
    except ValueError:  # it does not tell
        return True
    return True


def _check_batch_size(batch_size: int | None, n: int, mesh: jax.sharding.Mesh | None) -> int | None:
    """A batch size that the data and the devices can serve."""
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


def _check_mesh(mesh: object) -> jax.sharding.Mesh | None:
    """The same devices with axes that the compiler may use as it sees fit."""
    if mesh is None:
        return None
    if not isinstance(mesh, jax.sharding.Mesh):
        raise TypeError(f"mesh: expected a jax.sharding.Mesh, got {mesh!r}")
    kinds = (jax.sharding.AxisType.Auto,) * len(mesh.axis_names)
    return jax.sharding.Mesh(np.asarray(mesh.devices), mesh.axis_names, axis_types=kinds)


def _check_optimizer(
    optimizer: optax.GradientTransformation | None,
) -> optax.GradientTransformationExtraArgs:
    """The optimizer, ready to be passed what a line search needs; Adam at 1e-3 by default."""
    if optimizer is None:
        optimizer = optax.adam(1e-3)
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        raise TypeError(
            f"optimizer: expected an optax optimizer such as optax.adam(1e-3); got {optimizer!r}"
        )
    return _flatten_lbfgs(optax.with_extra_args_support(optimizer))


def _flatten_lbfgs(
    optimizer: optax.GradientTransformationExtraArgs,
) -> optax.GradientTransformationExtraArgs:
    """``optimizer`` itself, unless it is ``optax.lbfgs(...)``, which is given flat parameters.

    It keeps a memory of updates for every array and its line search is traced with all of them; in
    one vector that compiled in two thirds of the time. (``optax.flatten`` would not hand on the
    objective that the line search calls.)
    """
    state = jax.eval_shape(optimizer.init, {"any": jax.ShapeDtypeStruct((1,), "float32")})
    if not (isinstance(state, tuple) and state and isinstance(state[0], optax.ScaleByLBFGSState)):
        return optimizer

    def init(params: PyTree) -> optax.OptState:
        return optimizer.init(ravel_pytree(params)[0])

    def update(
        gradient: PyTree,
        state: optax.OptState,
        params: PyTree,
        *,
        value: Float[Array, ""],
        value_fn: Callable[[PyTree], Float[Array, ""]],
        **_: object,
    ) -> tuple[PyTree, optax.OptState]:
        flat, restore = ravel_pytree(params)
        flat_gradient = ravel_pytree(gradient)[0]
        updates, state = optimizer.update(
            flat_gradient,
            state,
            flat,
            value=value,
            grad=flat_gradient,
            value_fn=lambda point: value_fn(restore(point)),
        )
        return restore(updates), state

    return optax.GradientTransformationExtraArgs(init, update)

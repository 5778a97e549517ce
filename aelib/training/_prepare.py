"""From the arguments of ``fit`` and ``sweep`` to a problem, its variables and its data."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib._checks import check_count
from aelib.training import _checks
from aelib.training._problem import Examples, Problem, Variables


class Schedule(NamedTuple):
    """Where the host looks in.

    Attributes:
        steps: number of steps in all.
        every: steps between ticks.
    """

    steps: int
    every: int


class Prepared(NamedTuple):
    """Checked arguments.

    Attributes:
        problem: what is static.
        variables: parameters, other variables and strengths.
        names: names of the penalties.
    """

    problem: Problem
    variables: Variables
    names: list[str]


def split(model: nnx.Module, loss: Any) -> tuple[nnx.GraphDef[Any], Any, Any]:
    """Structure, parameters and other variables of a model and, if a module, its likelihood."""
    likelihood = loss if isinstance(loss, nnx.Module) else None
    graphdef, trained, fixed = nnx.split((model, likelihood), nnx.Param, ...)  # type: ignore[misc]
    return graphdef, nnx.as_pure(trained), nnx.as_pure(fixed)


def prepare(
    model: nnx.Module,
    loss: Any,
    *,
    n: int,
    penalties: Any,
    corruption: Any,
    optimizer: Any,
    batch_size: int | None,
    patience: int | None,
    mesh: jax.sharding.Mesh | None,
) -> Prepared:
    """Check what does not depend on the data's values and gather it."""
    strengths, functions, names = _checks.check_penalties(penalties)
    if corruption is not None and not callable(corruption):
        raise TypeError(f"corruption: expected a callable (key, x) -> x; got {corruption!r}")
    graphdef, trained, fixed = split(model, loss)
    mesh = _automatic(mesh)
    problem = Problem(
        graphdef=graphdef,
        loss=None if isinstance(loss, nnx.Module) else loss,
        penalties=functions,
        corruption=corruption,
        optimizer=_checks.check_optimizer(optimizer),
        batch_size=_checks.check_batch_size(batch_size, n, mesh),
        patience=patience,
        mesh=mesh,
    )
    # Sums are at least in float32, whatever the parameters are kept in.
    dtype = jnp.promote_types(_checks.model_dtype(model), jnp.float32)
    return Prepared(problem, Variables(trained, fixed, jnp.asarray(strengths, dtype)), names)


def schedule(steps: Any, tick_every: Any) -> Schedule:
    """About 50 ticks unless told otherwise."""
    steps = check_count("steps", steps)
    every = max(1, steps // 50) if tick_every is None else tick_every
    return Schedule(steps, check_count("tick_every", every))


def validation_fields(validation: Any) -> Mapping[str, Any]:
    """A validation set given as an array or as a mapping of ``x``, ``mask``, …."""
    if isinstance(validation, Mapping):
        if "x" not in validation:
            raise ValueError("validation: expected x among its entries")
        return validation
    return {"x": validation}


def check_patience(patience: Any, validation: Any) -> int | None:
    """Patience, which needs a validation set."""
    if patience is None:
        return None
    if validation is None:
        raise ValueError("patience: needs validation data to look at")
    return check_count("patience", patience)


def place(mesh: jax.sharding.Mesh | None, *trees: Any) -> tuple[Any, ...]:
    """Put everything on every device of the mesh, once."""
    if mesh is None:
        return trees
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    return tuple(jax.device_put(tree, everywhere) for tree in trees)


def _automatic(mesh: jax.sharding.Mesh | None) -> jax.sharding.Mesh | None:
    """The same devices with axes that the compiler may use as it sees fit."""
    if mesh is None:
        return None
    if not isinstance(mesh, jax.sharding.Mesh):
        raise TypeError(f"mesh: expected a jax.sharding.Mesh, got {mesh!r}")
    kinds = (jax.sharding.AxisType.Auto,) * len(mesh.axis_names)
    return jax.sharding.Mesh(np.asarray(mesh.devices), mesh.axis_names, axis_types=kinds)


def merge(problem: Problem, loss: Any, trained: Any, fixed: Any) -> tuple[Any, Any]:
    """The model, and the likelihood or callable, with trained parameters."""
    model, likelihood = nnx.merge(problem.graphdef, trained, fixed)
    return model, loss if likelihood is None else likelihood


__all__ = ["Examples", "Prepared", "Schedule"]

"""What makes a likelihood again: its family and the arguments of the constructor, as JSON values.

What it has learned is no part of it: those are its variables, which a file keeps beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from flax import nnx

from aelib import _storage
from aelib._column import Column
from aelib.likelihoods._bernoulli import Bernoulli
from aelib.likelihoods._categorical import Categorical
from aelib.likelihoods._composite.composite import Composite
from aelib.likelihoods._continuous_bernoulli import ContinuousBernoulli
from aelib.likelihoods._discretized import Discretized
from aelib.likelihoods._gaussian import Gaussian
from aelib.likelihoods._laplace import Laplace
from aelib.likelihoods._multinomial import Multinomial
from aelib.likelihoods._negative_binomial import NegativeBinomial
from aelib.likelihoods._ordinal import Ordinal
from aelib.likelihoods._poisson import Poisson
from aelib.likelihoods._positive import PositiveParameter
from aelib.likelihoods._student_t import StudentT
from aelib.likelihoods._zero_inflated import ZeroInflatedNegativeBinomial

Arguments = dict[str, Any]


def recipe(likelihood: Any) -> Arguments:
    """The family and the arguments of a likelihood of this room.

    Raises:
        ValueError: if it is of another class, or not as its constructor made it but for its
            variables, or has levels that JSON does not hold.
    """
    family = type(likelihood)
    if family not in _ARGUMENTS:
        raise ValueError(
            "likelihood: only those of aelib.likelihoods can be saved, since the file says how to "
            f"make one again; got a {family.__name__}"
        )
    described = {"family": family.__name__, "arguments": _ARGUMENTS[family](likelihood)}
    _storage.require_made("likelihood", likelihood, from_recipe(described), family.__name__)
    return described


def from_recipe(described: Mapping[str, Any]) -> Any:
    """A likelihood that has learned nothing yet.

    Raises:
        ValueError: if there is no such family, or it takes no such arguments.
    """
    try:
        name, arguments = described["family"], dict(described["arguments"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("its description of the likelihood cannot be read") from error
    families = {family.__name__: family for family in _ARGUMENTS}
    if name not in families:
        raise ValueError(f"unknown likelihood {name!r}; this aelib knows {', '.join(families)}")
    if "likelihood" in arguments:
        arguments["likelihood"] = from_recipe(arguments["likelihood"])
    if isinstance(arguments.get("num_features"), list):
        arguments["num_features"] = tuple(arguments["num_features"])
    try:
        if "columns" in arguments:
            arguments["columns"] = [Column(**column) for column in arguments["columns"]]
        return families[name](**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cannot make {name}: {error}") from error


def _nothing(_: Any) -> Arguments:
    return {}


def _positive(parameter: PositiveParameter, prefix: str = "") -> Arguments:
    """The arguments that make a positive parameter, named as its owner names them."""
    if parameter.per_example:
        kind: Any = "example"
    elif parameter.raw is not None:
        kind = "feature" if parameter.raw.ndim else "shared"
    elif isinstance(parameter.fixed, nnx.Variable):
        kind = np.asarray(parameter.fixed[...]).tolist()
    else:
        kind = parameter.fixed
    start = {f"{prefix}floor": parameter.floor, f"{prefix}initial": parameter.initial}
    return {parameter.name: kind, **start}


def _with_features(parameter: PositiveParameter, arguments: Arguments) -> Arguments:
    shape = None if parameter.shape is None else list(parameter.shape)
    return {**arguments, "num_features": shape}


def _location_scale(likelihood: Any) -> Arguments:
    return _with_features(likelihood.scale, _positive(likelihood.scale))


def _student_t(likelihood: StudentT) -> Arguments:
    both = {**_positive(likelihood.scale), **_positive(likelihood.df, "df_")}
    shaped = likelihood.scale if likelihood.scale.shape is not None else likelihood.df
    return _with_features(shaped, both)


def _dispersed(likelihood: NegativeBinomial) -> Arguments:
    return _with_features(likelihood.dispersion, _positive(likelihood.dispersion))


def _ordinal(likelihood: Ordinal) -> Arguments:
    return {"num_levels": list(likelihood.num_levels), "floor": likelihood.floor}


def _discretized(likelihood: Discretized) -> Arguments:
    first, last = likelihood.limits
    ends = [first, last] if isinstance(first, float) else np.stack([first, last], -1).tolist()
    return {
        "likelihood": recipe(likelihood.likelihood),
        "bin_width": likelihood.bin_width,
        "limits": ends,
    }


def _composite(likelihood: Composite) -> Arguments:
    return {
        "columns": [_column(column) for column in likelihood.columns],
        "floor": likelihood.floor,
        "shared_scale": likelihood.shared_scale,
    }


def _column(column: Column) -> Arguments:
    for field in ("levels", "categories"):
        for value in getattr(column, field):
            if type(value) not in (str, int, float, bool):
                raise ValueError(
                    f"columns: expected texts, numbers or booleans as {field} of {column.name!r}, "
                    f"which a file can hold, got {value!r}"
                )
    return dataclasses.asdict(column)


_ARGUMENTS: dict[type, Callable[[Any], Arguments]] = {
    Bernoulli: lambda likelihood: {"soft_targets": likelihood.soft_targets},
    Categorical: lambda likelihood: {"num_classes": likelihood.num_outputs},
    Composite: _composite,
    ContinuousBernoulli: _nothing,
    Discretized: _discretized,
    Gaussian: _location_scale,
    Laplace: _location_scale,
    Multinomial: _nothing,
    NegativeBinomial: _dispersed,
    Ordinal: _ordinal,
    Poisson: _nothing,
    StudentT: _student_t,
    ZeroInflatedNegativeBinomial: _dispersed,
}

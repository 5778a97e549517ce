"""All parts of a table together, in one compiled call."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from aelib.likelihoods.composite_column import LEVELED
from aelib.likelihoods.composite_part import Part

Parts = Sequence[Part]
Outputs = dict[str, Array]


def compiled(owner: nnx.Module, function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(owner.parts, *arguments)``, compiled: outside of jit each operation would be."""
    graphdef, state = nnx.split(owner)
    return _compiled(graphdef, function, nnx.as_pure(state), *arguments)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _compiled(graphdef: Any, function: Callable[..., Any], state: Any, *arguments: Any) -> Any:
    return function(nnx.merge(graphdef, state).parts, *arguments)


def log_prob(parts: Parts, outputs: Outputs, x: Array, mask: Any, exposure: Any) -> Array:
    """Log-probability of each cell, [batch, columns]."""
    return _assemble(parts, [part.log_prob(outputs, x, mask, exposure) for part in parts])


def mean(parts: Parts, outputs: Outputs, exposure: Any) -> Outputs:
    """Expected value of each column by name."""
    return {
        column.name: value[:, i]
        for part in parts
        for value in [part.mean(outputs, exposure)]
        for i, column in enumerate(part.columns)
    }


def probabilities(parts: Parts, outputs: Outputs) -> Outputs:
    """Probability of each level, [batch, K], by name of the columns that have levels."""
    return {
        column.name: mass[:, i, : column.num_levels]
        for part in parts
        if part.kind in LEVELED
        for mass in [part.probabilities(outputs)]
        for i, column in enumerate(part.columns)
    }


def predict(parts: Parts, outputs: Outputs, exposure: Any) -> Array:
    """Best guess of each cell, [batch, columns]."""
    return _assemble(parts, [part.best_guess(outputs, exposure) for part in parts])


def sample(parts: Parts, key: Array, outputs: Outputs, exposure: Any) -> Array:
    """A draw of each cell, [batch, columns]."""
    keys = jax.random.split(key, len(parts))
    draws = [part.sample(k, outputs, exposure) for k, part in zip(keys, parts, strict=True)]
    return _assemble(parts, draws)


def _assemble(parts: Parts, values: list[Array]) -> Array:
    """[batch, columns] in the table's order from the [batch, n] of the parts."""
    order = np.concatenate([part.positions for part in parts])
    dtype = jnp.result_type(*values)
    joined = jnp.concatenate([value.astype(dtype) for value in values], axis=1)
    return joined[:, np.argsort(order)]

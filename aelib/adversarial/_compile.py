"""Compile once where that is possible, and trace along where something else compiles."""

from __future__ import annotations

from collections.abc import Callable

import jax
from jaxtyping import PyTree

from aelib.adversarial._checks import concrete


def traced(
    functions: tuple[Callable[..., jax.Array] | None, ...],
    x: jax.Array,
    also: PyTree,
    *rest: PyTree,
) -> bool:
    """Whether JAX is tracing any argument, or anything that a function of (x, *also) refers to.

    A jitted function with the objective as a static argument is compiled once for each objective.
    But its cache would keep values that an objective refers to while JAX traces it, as in a
    ``jax.vmap`` over networks; there the caller's compilation has to do.
    """
    if not all(map(concrete, jax.tree.leaves((x, also, rest)))):
        return True
    made = [jax.make_jaxpr(f)(x, *also) for f in functions if f is not None]
    return not all(concrete(value) for jaxpr in made for value in jaxpr.consts)

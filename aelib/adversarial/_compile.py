"""Compile once for each program, and trace along where something else compiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jaxtyping import PyTree

from aelib.adversarial._checks import concrete
from aelib.training._compile import compiled

Function = Callable[..., jax.Array]


def run(
    body: Callable[..., Any],
    functions: Sequence[Function | None],
    x: jax.Array,
    also: tuple[PyTree, ...],
    *rest: PyTree,
) -> Any:
    """``body(functions, x, also, *rest)``, compiled unless JAX traces any of it.

    The functions are traced anew in every call, and the arrays they refer to are given to the
    program as data: weights that changed count as they are, and the same function written again
    compiles nothing.

    Args:
        body: pure.
        functions: of (x, *also), each giving one array; None is handed on.
        x: the examples.
        also: further arguments of the functions.
        *rest: trees of arrays.

    Example:
        >>> import jax.numpy as jnp
        >>> twice = lambda functions, x, also: functions[0](x) + functions[0](x)
        >>> run(twice, [lambda x: 2 * x], jnp.ones(2), ())
        Array([4., 4.], dtype=float32)
    """
    if not all(map(concrete, jax.tree.leaves((x, also, rest)))):
        return body(functions, x, also, *rest)
    closed = [None if f is None else jax.make_jaxpr(_anew(f))(x, *also) for f in functions]
    constants = [[] if each is None else list(each.consts) for each in closed]
    # As in a jax.vmap over networks, whose weights an objective refers to.
    if not all(map(concrete, jax.tree.leaves(constants))):
        return body(functions, x, also, *rest)

    def program(constants: Any, x: Any, also: Any, rest: Any) -> Any:
        pairs = zip(closed, constants, strict=True)
        return body([_function(*pair) for pair in pairs], x, also, *rest)

    given = constants, x, also, rest
    return compiled(program, *given)(*given)


def _anew(function: Function) -> Function:
    """A new function every time: of one that it knows JAX would remember what it traced."""
    return lambda *given: function(*given)


def _function(closed: ClosedJaxpr | None, constants: list[Any]) -> Function | None:
    if closed is None:
        return None
    call = jaxpr_as_fun(ClosedJaxpr(closed.jaxpr, constants))
    return lambda x, *also: call(*jax.tree.leaves((x, also)))[0]

"""Compile a program, unless one of the same text has been compiled before; for every room.

``jax.jit`` takes a function for the same as long as it is the same object, and so misses that
something it reads, such as an attribute of a class, has changed. Here a function is traced anew
every time. XLA, which takes most of the time, is asked only if the traced program is a new one.
"""

import collections
import hashlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jaxtyping import PyTree

ArrayFunction = Callable[..., jax.Array]

#: The programs used last, by everything that makes one differ from another.
_programs: collections.OrderedDict[Hashable, jax.stages.Compiled] = collections.OrderedDict()
_KEPT = 256


def compiled(
    function: Callable[..., PyTree],
    *args: PyTree,
    donate: tuple[int, ...] = (),
    replicate_over: jax.sharding.Mesh | None = None,
) -> jax.stages.Compiled:
    """Compile ``function`` for arguments of the shapes, types and devices of ``args``.

    Args:
        function: a pure function of trees of arrays. What else it reads is read now.
        *args: arguments, or what has their shapes and types.
        donate: arguments whose memory may be used for the results.
        replicate_over: devices that are all to have all of the results.

    Returns:
        The compiled function, to be called with arguments like ``args``.

    Example:
        >>> import jax.numpy as jnp
        >>> twice = compiled(lambda x: 2 * x, jnp.ones(3))
        >>> twice is compiled(lambda x: 2 * x, jnp.zeros(3))  # the same program, written again
        True
        >>> twice is compiled(lambda x: 3 * x, jnp.ones(3))
        False
    """

    # A new function every time: of one that it knows JAX would remember what it traced.
    def program(*given: PyTree) -> PyTree:
        return function(*given)

    options: dict[str, Any] = {}
    if replicate_over is not None:
        everywhere = jax.sharding.PartitionSpec()
        options["out_shardings"] = jax.sharding.NamedSharding(replicate_over, everywhere)
    lowered = jax.jit(program, donate_argnums=donate, **options).lower(*args)
    text = lowered.as_text()
    # Calls back into Python are only numbered in the text, and so may be constants in future.
    config: Any = jax.config
    if "callback" in text or getattr(config, "jax_use_simplified_jaxpr_constants", False):
        return lowered.compile()
    key = (
        hashlib.sha256(text.encode()).digest(),
        lowered.in_tree,
        lowered.out_tree,
        tuple(str(info) for info in jax.tree.leaves((lowered.args_info, lowered.out_info))),
        tuple(getattr(leaf, "sharding", None) for leaf in jax.tree.leaves(args)),
        config.jax_default_device,
        config.read("jax_disable_most_optimizations"),  # the text does not say
    )
    if key not in _programs:
        _programs[key] = lowered.compile()
        if len(_programs) > _KEPT:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return _programs[key]


def run_compiled(
    body: Callable[..., Any],
    functions: Sequence[ArrayFunction | None],
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
        >>> run_compiled(twice, [lambda x: 2 * x], jnp.ones(2), ())
        Array([4., 4.], dtype=float32)
    """
    if not _concrete((x, also, rest)):
        return body(functions, x, also, *rest)
    closed = [None if f is None else jax.make_jaxpr(_anew(f))(x, *also) for f in functions]
    constants = [[] if each is None else list(each.consts) for each in closed]
    # As in a jax.vmap over networks, whose weights an objective refers to.
    if not _concrete(constants):
        return body(functions, x, also, *rest)

    def program(constants: Any, x: Any, also: Any, rest: Any) -> Any:
        pairs = zip(closed, constants, strict=True)
        return body([_function(*pair) for pair in pairs], x, also, *rest)

    given = constants, x, also, rest
    return compiled(program, *given)(*given)


def _concrete(tree: PyTree) -> bool:
    """Whether there are numbers to look at, as there are not while JAX traces a function."""
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))


def _anew(function: ArrayFunction) -> ArrayFunction:
    """A new function every time: of one that it knows JAX would remember what it traced."""
    return lambda *given: function(*given)


def _function(closed: ClosedJaxpr | None, constants: list[Any]) -> ArrayFunction | None:
    if closed is None:
        return None
    call = jaxpr_as_fun(ClosedJaxpr(closed.jaxpr, constants))
    return lambda x, *also: call(*jax.tree.leaves((x, also)))[0]

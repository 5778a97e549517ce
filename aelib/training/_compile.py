"""Compile a program, unless one of the same text has been compiled before.

``jax.jit`` takes a function for the same as long as it is the same object, and so misses that
something it reads, such as an attribute of a class, has changed. Here a function is traced anew
every time. XLA, which takes most of the time, is asked only if the traced program is a new one.
"""

import collections
import hashlib
from collections.abc import Callable, Hashable
from typing import Any

import jax
from jaxtyping import PyTree

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

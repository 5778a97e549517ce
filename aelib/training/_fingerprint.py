"""When do two functions do the same? Then one compilation serves both.

``jax.jit`` tells functions apart by identity, so a loop that writes ``optax.adam(1e-3)`` or a
lambda anew in each round compiles in each round. Here two functions are the same if they have the
same code and everything they refer to (defaults, closure, globals) is the same and cannot change.
Where that cannot be told, because something mutable or unknown is referred to, identity decides, as
in JAX.
"""

import dataclasses
import dis
import functools
import types
from collections.abc import Hashable, Iterator
from typing import Any

import jax
import numpy as np

#: Packages whose module globals do not change while a program runs.
_CONSTANT = frozenset(
    {"aelib", "builtins", "flax", "functools", "jax", "jaxlib", "math", "numpy", "optax"}
)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), np.generic)


class _Unknown(Exception):  # noqa: N818  (never leaves this module)
    """Something that may change, so only identity can be relied on."""


class Same:
    """Equal only to the very same object, which it keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


class Static:
    """A function as a static argument of ``jax.jit``, told apart by its fingerprint."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._fingerprint = fingerprint(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and self._fingerprint == other._fingerprint

    def __hash__(self) -> int:
        return hash(self._fingerprint)


def fingerprint(value: Any) -> Hashable:
    """Something hashable that is equal for functions, or tuples of them, that do the same.

    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 2)
    False
    >>> import optax
    >>> fingerprint(optax.adam(1e-3)) == fingerprint(optax.adam(1e-3))
    True
    """
    if type(value) is tuple:
        return tuple(fingerprint(item) for item in value)
    try:
        return _structure(value, ())
    except _Unknown:
        return Same(value)


def _structure(value: Any, seen: tuple[Any, ...]) -> Hashable:
    if isinstance(value, _PLAIN):
        # repr tells 0.0 from -0.0, and nan is the same as nan.
        return (type(value), repr(value))
    if isinstance(value, (type, np.dtype, types.BuiltinFunctionType, np.ufunc, jax.Array)):
        return Same(value)
    if isinstance(value, types.ModuleType) and _is_constant(value.__name__):
        return Same(value)
    if isinstance(value, (tuple, frozenset)):
        return (type(value), *(_structure(item, seen) for item in value))
    if isinstance(value, functools.partial):
        named = sorted(value.keywords.items())
        return (functools.partial, _structure((value.func, value.args, *named), seen))
    if isinstance(value, types.FunctionType):
        return _function(value, seen)
    if isinstance(value, types.MethodType):
        return ("method", _structure((value.__func__, value.__self__), seen))
    parameters = getattr(type(value), "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        fields = tuple(getattr(value, field.name) for field in dataclasses.fields(value))
        return (type(value), _structure(fields, seen))
    if callable(value) and _is_constant(getattr(value, "__module__", None) or ""):
        return Same(value)  # a jitted function or a custom derivative of JAX itself
    raise _Unknown


def _function(function: types.FunctionType, seen: tuple[Any, ...]) -> Hashable:
    for depth, other in enumerate(seen):
        if other is function:
            return ("recursion", depth)
    seen = (*seen, function)
    cells = function.__closure__ or ()
    try:
        closed_over = tuple(
            _settled(function, name, cell.cell_contents)
            for name, cell in zip(function.__code__.co_freevars, cells, strict=True)
        )
    except ValueError as error:  # a cell that is still empty
        raise _Unknown from error
    named = tuple(sorted((function.__kwdefaults__ or {}).items()))
    attached = tuple(sorted((name, item) for name, item in vars(function).items()))
    return (
        function.__code__,
        function.__globals__.get("__name__"),
        _structure((function.__defaults__, named, attached, closed_over), seen),
        tuple(_globals(function, seen)),
    )


def _settled(function: types.FunctionType, name: str, value: Any) -> Any:
    """A closed-over value as it will be once the function has been called.

    ``optax.cosine_decay_schedule`` replaces its number of steps by a float when it is first called.
    Without this the same schedule would be another one after its first use, and compile twice.
    """
    if type(value) is not int or not _is_constant(function.__globals__.get("__name__", "")):
        return value
    return float(value) if name in _rebound(function.__code__) else value


@functools.cache
def _rebound(code: types.CodeType) -> frozenset[str]:
    """Variables of an enclosing function that a function assigns to, as ``nonlocal`` lets it."""
    stored = {item.argval for item in dis.get_instructions(code) if item.opname == "STORE_DEREF"}
    return frozenset(stored & set(code.co_freevars))


def _globals(function: types.FunctionType, seen: tuple[Any, ...]) -> Iterator[Hashable]:
    """The global values that a function mentions, by name."""
    if _is_constant(function.__globals__.get("__name__", "")):
        return
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield name, _structure(function.__globals__[name], seen)


def _names(code: types.CodeType) -> set[str]:
    """Names that a function or one defined inside it looks up; attributes are among them."""
    inner = (item for item in code.co_consts if isinstance(item, types.CodeType))
    return set(code.co_names).union(*(_names(item) for item in inner))


def _is_constant(module: str) -> bool:
    return module.partition(".")[0] in _CONSTANT

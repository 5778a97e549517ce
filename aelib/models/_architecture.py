"""How a model was made, and the functions that can make it again."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

Builder = TypeVar("Builder", bound=Callable[..., Any])

#: Builders that a file may name. A file can do no more than call one of these with JSON values.
BUILDERS: dict[str, Callable[..., Any]] = {}


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Which builder made a model, and with what arguments: all that is needed to make it again.

    Attributes:
        name: name of the builder, such as ``"mlp"``.
        arguments: its arguments but ``rngs``, as (name, value) pairs of JSON values and tuples of
            them.
    """

    name: str
    arguments: tuple[tuple[str, Any], ...]


def builder(function: Builder) -> Builder:
    """Let files name this function as the one that makes their model again."""
    BUILDERS[function.__name__] = function
    return function

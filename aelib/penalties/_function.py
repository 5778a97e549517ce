"""What penalties made of a function have in common."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax


@dataclasses.dataclass(frozen=True)
class FunctionPenalty:
    """A function and its options; equal where both are, so that training compiles it once.

    Attributes:
        function: the function.
        options: its keyword arguments, as sorted pairs.
    """

    function: Callable[..., jax.Array]
    options: tuple[tuple[str, Any], ...]

    @property
    def __name__(self) -> str:
        """Name of the function, which the history goes by."""
        return self.function.__name__

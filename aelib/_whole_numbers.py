"""Arguments that are whole numbers: sizes, steps, seeds."""

import operator
from typing import Any


def check_count(name: str, value: Any, *, at_least: int = 1) -> int:
    """A whole number of at least ``at_least``.

    Raises:
        ValueError: if it is not one.

    >>> check_count("steps", 2.5)
    Traceback (most recent call last):
    ValueError: steps: expected a whole number of at least 1, got 2.5
    """
    try:
        count = operator.index(value)
    except TypeError:
        count = at_least - 1
    if count < at_least or isinstance(value, bool):
        raise ValueError(f"{name}: expected a whole number of at least {at_least}, got {value!r}")
    return count

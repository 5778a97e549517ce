"""Arguments that are whole numbers: sizes, steps, seeds."""

import operator
from collections.abc import Iterable
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


def check_counts(name: str, values: Any) -> tuple[int, ...]:
    """Several of them, such as the widths of layers.

    Raises:
        ValueError: if it is no sequence, or an entry is not such a number.

    >>> check_counts("hidden", 16)
    Traceback (most recent call last):
    ValueError: hidden: expected a sequence of whole numbers such as (16,), got 16
    """
    if not isinstance(values, Iterable) or isinstance(values, str):
        example = f"({values},)" if isinstance(values, int) else "(512, 256)"
        raise ValueError(
            f"{name}: expected a sequence of whole numbers such as {example}, got {values!r}"
        )
    return tuple(check_count(f"{name}[{index}]", value) for index, value in enumerate(values))

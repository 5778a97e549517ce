"""Checks of arguments, for every room: what was wrong, what was expected, what came.

Each function takes the argument's name first, returns the value in the form to compute with, and
raises an error such as ``x: expected finite values, got nan at index (3, 12)``: a ``TypeError``
where the kind of thing is wrong, a ``ValueError`` where a value is. They look at values, so they
run on the host, before anything is traced.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Collection, Iterable, KeysView, Set
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    import jax

F = TypeVar("F", bound=Callable[..., Any])


def check_array(
    name: str,
    value: object,
    *,
    shape: tuple[int | str | EllipsisType, ...] | None = None,
    dtype: DTypeLike | None = None,
    finite: bool = True,
) -> np.ndarray:
    """Return ``value`` as a NumPy array of real numbers.

    Args:
        name: the argument's name, for the message.
        value: anything that NumPy can read, JAX arrays and data frames of numbers included.
        shape: the lengths expected: a number for itself, a name for any length of at least 1, and
            ``...`` at the end for further axes. ``("n", 3)`` takes ``[n, 3]``.
        dtype: what to turn the values into, where that does not change them (see
            :func:`check_cast`).
        finite: whether NaN and infinities are refused.

    Returns:
        The array; no copy is made where ``value`` already is one of that dtype.

    Raises:
        TypeError: if it is a masked or sparse array, a data set, or holds something else than real
            numbers.
        ValueError: if the shape does not fit, a value is not finite, or ``dtype`` cannot hold it.

    Example:
        >>> check_array("x", [[1, 2], [3, 4]], shape=("n", 3))
        Traceback (most recent call last):
        ValueError: x: expected shape [n, 3], got (2, 2)
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name}: expected a plain array, got a masked one; pass its .data, and what is "
            "observed as a mask of booleans where one is taken"
        )
    if hasattr(value, "toarray"):
        raise TypeError(
            f"{name}: expected a dense array, got a sparse {type(value).__name__}; "
            "its .toarray() is one"
        )
    if not hasattr(value, "__array__") and hasattr(value, "x"):
        raise TypeError(f"{name}: expected an array, got a {type(value).__name__}; pass its .x")
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        kind = type(value).__name__
        raise ValueError(f"{name}: expected an array, got a {kind}: {error}") from None
    if not _is_real(array.dtype):
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    if shape is not None and not _fits(array.shape, shape):
        wanted = ", ".join("..." if side is ... else str(side) for side in shape)
        raise ValueError(f"{name}: expected shape [{wanted}], got {array.shape}")
    if finite and array.dtype.kind not in "biu":
        require_all(name, array, np.isfinite(array), "finite values")
    return array if dtype is None else check_cast(name, array, dtype)


def check_cast(name: str, array: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """Return the array as ``dtype``, if that changes no value beyond rounding it.

    Raises:
        ValueError: if a whole number has no exact counterpart, a number with a fraction would
            become a whole one, or a finite number infinite.

    Example:
        >>> import numpy as np
        >>> check_cast("labels", np.array([1, 300]), np.uint8)
        Traceback (most recent call last):
        ValueError: labels: expected values that uint8 can hold, got 300 at index (1,)
    """
    target = np.dtype(dtype)
    if array.dtype == target:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(target)
        if target.kind in "biu" or array.dtype.kind in "biu":
            same = (cast == array) & (cast.astype(array.dtype) == array)
        else:
            same = np.isfinite(cast) | ~np.isfinite(array)
    require_all(name, array, same, f"values that {target} can hold")
    return cast


def check_matrix(name: str, value: object, *, columns: int | None = None) -> NDArray[np.float64]:
    """Return ``value`` as a finite float64 matrix ``[n, d]`` with at least one row and column.

    Args:
        name: the argument's name, for the message.
        value: see :func:`check_array`.
        columns: d, where it is known.

    Raises:
        TypeError: if it does not hold real numbers.
        ValueError: if the shape does not fit, or a value is not finite.

    Example:
        >>> check_matrix("x", [[1, 2], [3, 4]])
        array([[1., 2.],
               [3., 4.]])
    """
    shape = ("n", "d" if columns is None else columns)
    return check_array(name, value, shape=shape).astype(np.float64, copy=False)


def check_count_array(
    name: str, value: object, *, shape: tuple[int | str | EllipsisType, ...] | None = None
) -> NDArray[np.int64]:
    """Return ``value`` as an int64 array of counts: whole numbers of at least 0.

    Args:
        name: the argument's name, for the message.
        value: integers, or floats without a fraction.
        shape: see :func:`check_array`.

    Raises:
        TypeError: if it does not hold real numbers.
        ValueError: if the shape does not fit, or a value is negative, not whole or not finite.

    Example:
        >>> check_count_array("counts", [0.0, 2.5])
        Traceback (most recent call last):
        ValueError: counts: expected whole numbers of at least 0, got 2.5 at index (1,)
    """
    array = check_array(name, value, shape=shape, finite=False)
    if array.dtype.kind not in "biu":
        array = array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        # NaN fails each comparison; infinity is more than int64 can hold.
        whole = (array >= 0) & (array < 2.0**63) & (np.floor(array) == array)
    require_all(name, array, whole, "whole numbers of at least 0")
    return array.astype(np.int64)


def require_all(
    name: str, array: np.ndarray, accepted: NDArray[np.bool_], expected: str, hint: str = ""
) -> None:
    """Raise an error that shows the first value that is not accepted, and where it stands.

    Args:
        name: the argument's name, for the message.
        array: the values.
        accepted: which of them are right; of the same shape.
        expected: what was expected, such as ``"values in [0, 1]"``.
        hint: what to do about it, added at the end.

    Raises:
        ValueError: if a value is not accepted.

    Example:
        >>> import numpy as np
        >>> x = np.array([0.5, 1.7])
        >>> require_all("x", x, x <= 1, "values in [0, 1]")
        Traceback (most recent call last):
        ValueError: x: expected values in [0, 1], got 1.7 at index (1,)
    """
    if accepted.all():
        return
    bad = np.argwhere(~accepted)
    index = tuple(int(i) for i in bad[0])
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    where = f" at index {index}" if index else ""
    raise ValueError(f"{name}: expected {expected}, got {array[index]!s}{where}{more}{hint}")


def check_number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> float:
    """Return ``value`` as a float, if it is one finite number within the bounds.

    Args:
        name: the argument's name, for the message.
        value: a number, or an array without axes.
        above: what it must exceed.
        at_least: what it must reach.
        below: what it must not reach.
        at_most: what it must not exceed.

    Raises:
        TypeError: if it is not one real number.
        ValueError: if it is not finite, or out of bounds.

    Example:
        >>> check_number("scale", -1, above=0)
        Traceback (most recent call last):
        ValueError: scale: expected a finite number, above 0, got -1
    """
    number = _one_number(name, value)
    bounds: list[tuple[str, float | None, Callable[[float, float], bool]]] = [
        ("above", above, operator.gt),
        ("at least", at_least, operator.ge),
        ("below", below, operator.lt),
        ("at most", at_most, operator.le),
    ]
    given = [(words, bound, holds) for words, bound, holds in bounds if bound is not None]
    if not np.isfinite(number) or not all(holds(number, bound) for _, bound, holds in given):
        limits = "".join(f", {words} {bound:g}" for words, bound, _ in given)
        raise ValueError(f"{name}: expected a finite number{limits}, got {value}")
    return number


def check_fraction(name: str, value: object, *, closed: bool = False) -> float:
    """Return ``value`` as a float, if it is a number in (0, 1), or [0, 1] if ``closed``.

    Raises:
        TypeError: if it is not one real number.
        ValueError: if it is outside.

    Example:
        >>> check_fraction("alpha", 1.0)
        Traceback (most recent call last):
        ValueError: alpha: expected a number in (0, 1), got 1.0
    """
    number = _one_number(name, value)
    if not (0 <= number <= 1 if closed else 0 < number < 1):
        raise ValueError(
            f"{name}: expected a number in {'[0, 1]' if closed else '(0, 1)'}, got {value}"
        )
    return number


def check_count(name: str, value: object, *, at_least: int = 1, at_most: int | None = None) -> int:
    """Return ``value`` as an int, if it is a whole number within the bounds: a size, steps, a seed.

    Raises:
        ValueError: if it is not one.

    Example:
        >>> check_count("steps", 2.5)
        Traceback (most recent call last):
        ValueError: steps: expected a whole number of at least 1, got 2.5
    """
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = at_least - 1
    outside = count < at_least or (at_most is not None and count > at_most)
    if outside or isinstance(value, bool):
        bounds = f"of at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
        raise ValueError(f"{name}: expected a whole number {bounds}, got {value!r}")
    return count


def check_counts(
    name: str, values: object, *, at_least: int = 1, at_most: int | None = None
) -> tuple[int, ...]:
    """Return several whole numbers as a tuple of ints, such as the widths of layers.

    Raises:
        ValueError: if it is no sequence, or an entry is not such a number.

    Example:
        >>> check_counts("hidden", 16)
        Traceback (most recent call last):
        ValueError: hidden: expected a sequence of whole numbers such as (16,), got 16
    """
    if not isinstance(values, Iterable) or isinstance(values, str):
        example = f"({values},)" if isinstance(values, int) else "(512, 256)"
        raise ValueError(
            f"{name}: expected a sequence of whole numbers such as {example}, got {values!r}"
        )
    check_ordered(name, values)
    bounds: dict[str, Any] = {"at_least": at_least, "at_most": at_most}
    return tuple(check_count(f"{name}[{i}]", value, **bounds) for i, value in enumerate(values))


def check_ordered(name: str, values: object) -> None:
    """Refuse what has no order that is the same in every run: a set; and a single text.

    Raises:
        TypeError: if it is one of these.

    Example:
        >>> check_ordered("levels", {"low", "high"})
        Traceback (most recent call last):
        TypeError: levels: expected a sequence, whose order is kept, got a set
    """
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name}: expected a sequence, got the text {values!r}")
    if isinstance(values, Set) and not isinstance(values, KeysView):
        kind = type(values).__name__
        raise TypeError(f"{name}: expected a sequence, whose order is kept, got a {kind}")


def check_choice(name: str, value: object, choices: Collection[str]) -> str:
    """Return ``value`` if it is one of the choices.

    Raises:
        ValueError: if it is not; the message lists them.

    Example:
        >>> check_choice("norm", "l3", ["linf", "l2"])
        Traceback (most recent call last):
        ValueError: norm: expected 'linf' or 'l2', got 'l3'
    """
    if not isinstance(value, str) or value not in choices:
        *first, last = map(repr, choices)
        listed = f"{', '.join(first)} or {last}" if first else last
        raise ValueError(f"{name}: expected {listed}, got {value!r}")
    return value


def check_choices(name: str, values: object, choices: Collection[str]) -> tuple[str, ...]:
    """Return several of the choices as a tuple, each once, in the order given.

    Raises:
        TypeError: if it is one text, or no sequence.
        ValueError: if it is empty, or an entry is not one of the choices.

    Example:
        >>> check_choices("kinds", ["hole", "crack"], ["hole", "stain"])
        Traceback (most recent call last):
        ValueError: kinds: expected names among hole, stain; got 'crack' at index 1
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: expected a sequence of names, got {values!r}")
    check_ordered(name, values)
    given = tuple(values)
    if not given:
        raise ValueError(f"{name}: expected names among {', '.join(choices)}; got none")
    for index, value in enumerate(given):
        if value not in choices:
            raise ValueError(
                f"{name}: expected names among {', '.join(choices)}; got {value!r} at index {index}"
            )
    return tuple(dict.fromkeys(given))


def check_key(name: str, value: object) -> jax.Array:
    """Return ``value`` if it is a single typed key.

    Raises:
        TypeError: if it is something else, an array of keys or an integer seed included.

    Example:
        >>> check_key("key", 0)
        Traceback (most recent call last):
        TypeError: key: expected a key such as jax.random.key(0), got 0
    """
    import jax

    if not (
        isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)
    ):
        raise TypeError(f"{name}: expected a key such as jax.random.key(0), got {value!r}")
    if value.ndim:
        raise TypeError(f"{name}: expected one key, got an array of them of shape {value.shape}")
    return value


def check_callable(name: str, value: F, *parameters: str) -> F:
    """Return ``value`` if it can be called with that many positional arguments.

    Args:
        name: the argument's name, for the message.
        value: a function or another callable; a class is none.
        parameters: what it is called with; nothing is asked of its signature without them.

    Raises:
        TypeError: if it is not callable, or takes other arguments.

    Example:
        >>> check_callable("loss", abs, "outputs", "x")
        Traceback (most recent call last):
        TypeError: loss: expected a callable (outputs, x), got <built-in function abs>
    """
    expected = f"a callable ({', '.join(parameters)})" if parameters else "a callable"
    if not callable(value) or isinstance(value, type):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    try:
        signature = inspect.signature(value)
    except ValueError:  # some built-in functions do not tell
        return value
    try:
        if parameters:
            signature.bind(*parameters)
    except TypeError:
        raise TypeError(f"{name}: expected {expected}, got {value!r}") from None
    return value


def _one_number(name: str, value: object) -> float:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.zeros(0)
    masked = isinstance(value, np.ma.MaskedArray)
    if masked or array.ndim or array.dtype == bool or not _is_real(array.dtype):
        raise TypeError(f"{name}: expected one number, got {value!r}")
    return float(array)


def _is_real(dtype: np.dtype) -> bool:
    # NumPy calls the kind of a bfloat16 array "V", so the kind alone cannot tell.
    return dtype.kind in "biuf" or dtype.name == "bfloat16"


def _fits(shape: tuple[int, ...], expected: tuple[int | str | EllipsisType, ...]) -> bool:
    sides = [side for side in expected if side is not ...]
    if len(shape) < len(sides) or (len(shape) > len(sides) and len(sides) == len(expected)):
        return False
    return all(
        length >= 1 if isinstance(side, str) else length == side
        for length, side in zip(shape, sides, strict=False)
    )

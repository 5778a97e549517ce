"""Values of an expression that is written as text, without running it."""

import ast
import math
import operator
from collections.abc import Callable, Mapping

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    **{name: getattr(math, name) for name in ("log", "exp", "sqrt", "sin", "cos", "tanh")},
    **{name: getattr(math, name) for name in ("log1p", "expm1", "log2")},
    "ln": math.log,
    "abs": abs,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
}
_CONSTANTS = {"pi": math.pi, "e": math.e}


def evaluate(text: str, values: Mapping[str, float]) -> float:
    """Value of an expression; NaN where it has none.

    Args:
        text: numbers, names, brackets, ``+ - * / ** ^`` and functions such as ``log``.
        values: value of each variable.

    Raises:
        ValueError: if the text is anything else.

    Example:
        >>> evaluate("(x - 1)^2 / 2 + log(1)", {"x": 3.0})
        2.0
    """
    try:
        tree = ast.parse(text.replace("^", "**"), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"answer: expected an expression, got {text!r}") from error
    try:
        value = _value(tree, values)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    except ValueError as error:
        if "expression" in str(error):
            raise
        return math.nan  # the logarithm of a negative number, say
    return value if isinstance(value, float | int) else math.nan


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in values or name in _CONSTANTS:
            return float(values[name] if name in values else _CONSTANTS[name])
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(inner, values))
    raise ValueError(f"answer: expected an expression of {sorted(values)}, got {ast.unparse(node)}")

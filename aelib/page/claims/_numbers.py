"""Numbers as a reader wants them: as many digits as the uncertainty leaves meaning to."""

from decimal import Decimal

from aelib._checks import check_number

MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _exponent(value: float) -> int:
    """Power of ten of the leading digit of the shortest decimal (log10 rounds near 10ⁿ)."""
    return Decimal(repr(value)).adjusted() if value else 0


def _scaled(value: float, exponent: int) -> float:
    return float(Decimal(repr(value)).scaleb(-exponent))


def _power(exponent: int) -> str:
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def _is_plain(value: float) -> bool:
    return value == 0 or 1e-3 <= abs(value) < 1e6


def _fixed(value: float, decimals: int) -> str:
    """Fixed-point text, thousands apart, with a real minus sign and never a negative zero."""
    text = f"{value:,.{max(decimals, 0)}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def number(value: float, digits: int = 4) -> str:
    """Text of one number to so many significant digits; no zeros that say nothing.

    Args:
        value: a finite number.
        digits: significant digits.

    Returns:
        Plain decimals between 0.001 and a million, a power of ten outside.

    Raises:
        ValueError: if it is not finite.

    Example:
        >>> number(0.70710678), number(1790), number(2.5e-7), number(1e-6)
        ('0.7071', '1,790', '2.5 × 10⁻⁷', '10⁻⁶')
    """
    value = check_number("value", value)
    if value.is_integer() and _is_plain(value):
        return _fixed(value, 0)
    value = float(f"{value:.{digits - 1}e}")
    if _is_plain(value):
        decimals = max(digits - 1 - _exponent(value), 0)
        text = _fixed(value, decimals)
        return text.rstrip("0").rstrip(".") if "." in text else text
    exponent = _exponent(value)
    head = number(_scaled(value, exponent), digits)
    if head in ("1", f"{MINUS}1"):
        return head.replace("1", _power(exponent))
    return f"{head} × {_power(exponent)}"


def with_uncertainty(mean: float, half: float) -> str:
    """``mean ± half`` with two digits of the half-width and a shared power of ten."""
    largest = max(abs(mean), half)
    exponent = 0 if _is_plain(largest) else _exponent(largest)
    mean, half = _scaled(mean, exponent), _scaled(half, exponent)
    decimals = min(max(1 - _exponent(half), 0), 15)
    text = f"{_fixed(mean, decimals)} ± {_fixed(half, decimals)}"
    return f"({text}) × {_power(exponent)}" if exponent else text

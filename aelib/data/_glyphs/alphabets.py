"""The alphabets: which characters each holds, and in which order they claim a shared shape."""

from __future__ import annotations

import string
from collections.abc import Sequence
from types import MappingProxyType

from aelib._checks import check_choices


def _span(first: int, last: int, without: Sequence[int] = ()) -> str:
    return "".join(chr(code) for code in range(first, last + 1) if code not in without)


# The order matters: a shape shared by two alphabets belongs to the one named first. U+03A2 is not
# assigned (there is no capital final sigma); Ё and ё stand outside the Russian block.
ALPHABETS = MappingProxyType(
    {
        "latin": string.ascii_uppercase + string.ascii_lowercase,
        "digits": string.digits,
        "greek": _span(0x391, 0x3A9, without=(0x3A2,)) + _span(0x3B1, 0x3C9),
        "cyrillic": _span(0x410, 0x44F),
    }
)


def check_alphabets(alphabets: Sequence[str]) -> tuple[str, ...]:
    """The names in the order of ``ALPHABETS``, or an error that says what is wrong.

    Example:
        >>> check_alphabets(["greek", "latin"])
        ('latin', 'greek')
    """
    chosen = check_choices("alphabets", alphabets, ALPHABETS)
    return tuple(name for name in ALPHABETS if name in chosen)

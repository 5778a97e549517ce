"""The mutation sampler's own arithmetic; the sampling is `python -m tests.mutation losses`."""

import ast

import pytest

from tests.mutation.sites import mutants

CHANGES = {
    "x = (a + b) < (c)": {"x = (a + b) <= (c)", "x = (a + b) > (c)", "x = (a - b) < (c)"},
    "x = a < b <= c": {
        "x = a <= b <= c",
        "x = a > b <= c",
        "x = a < b < c",
        "x = a < b >= c",
    },
    "x = a is None": {"x = a is not None"},
    "x = a ** n": {"x = a * n"},
    "x = not a and b": {"x = a and b", "x = not a or b"},
    "x = -a": {"x = a"},
    "x = 3": {"x = 4", "x = 2", "x = 6"},
    "x = 'ä' + a * 1.0": {
        "x = 'ä' - a * 1.0",
        "x = 'ä' + a / 1.0",
        "x = 'ä' + a * 0.0",
        "x = 'ä' + a * 2.0",
    },
    "x = True": {"x = False"},
    "def f(n: Literal[3] = 1) -> Array[2]: return n": {
        "def f(n: Literal[3] = 0) -> Array[2]: return n",
        "def f(n: Literal[3] = 2) -> Array[2]: return n",
        "def f(n: Literal[3] = 1) -> Array[2]: return None",
    },
    "raise ValueError(f'{a + 1}' + str(2))": {"pass"},
    "from a import b": set(),
    "x = 'text'": set(),
}


@pytest.mark.parametrize(("line", "changed"), CHANGES.items())
def test_a_line_is_changed_in_one_place(line, changed):
    source = f"first = 'not 1'\n{line}\nlast = None\n"
    found = [mutant for ways in mutants(source) for mutant in ways]
    assert {mutant.after for mutant in found} == changed
    for mutant in found:
        ast.parse(mutant.source)
        assert (mutant.line, mutant.before) == (2, line)
        assert mutant.source == source.replace(line, mutant.after)

"""The benchmarks' own arithmetic; the measuring is `make bench`."""

import numpy as np
import pytest

from tests.benchmarks import harness, page


def test_ratios_are_of_neighbors_and_the_verdict_is_of_the_median():
    fast = harness.figure("a", "b", [1.0, 2.0, 4.0], [3.0, 4.0, 16.0], at_least=2.5)
    assert fast.ratio == (3.0, 2.0, 4.0)
    assert (fast.ours, fast.theirs) == (2.0, 4.0)
    slow = harness.figure("a", "b", [0.5], [0.25], at_least=1.0, note="why")
    rows = page.table([fast, slow]).splitlines()
    assert "| 3 (2 to 4) | 2.5 | met |" in rows[2]
    assert "| a *(why)* | b | 500 ms | 250 ms | 0.5 | 1 | **short** |" in rows[3]


def test_sides_take_turns_and_growth_is_a_slope():
    calls = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    taken = harness.in_turns(sides, 3)
    assert "".join(calls) == "ab" + "ba" + "ab" + "ba"
    assert [len(times) for times in taken.values()] == [3, 3]
    sizes = (1, 10, 100)
    item = harness.Growth("w", "n", sizes, tuple(2.0 * np.array(sizes) ** 1.5))
    assert item.exponent == pytest.approx(1.5)

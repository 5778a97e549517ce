"""Cards and forest plots, as HTML and as text."""

import json
import re
from html import unescape
from typing import Any

import numpy as np
import pytest

from aelib.page.claims._axis import Axis, in_groups
from aelib.page.claims.drawing import (
    SYMBOLS,
    WORDS,
    card,
    data_of,
    deciding,
    forest,
    lines,
    plain_card,
    summary,
)
from aelib.page.claims.record import SHOWS, VERDICTS, Measurement, Verdict

HOLDS_IF = Verdict("1.2", "holds if", "x < y", "A claim about <b>")


def measured(*values: float, **change: Any) -> Measurement:
    given: dict[str, Any] = {"text": "Error", "op": "<", "bound": 10.0, "because": "ten is much"}
    return Measurement("1.2", values=values, **{**given, **change})


def rows_of(html: str) -> list[str]:
    return re.findall(r'<li class="claim-row".*?</li>', html)


def positions(html: str, kind: str) -> list[float]:
    return [float(x) for x in re.findall(rf'class="{kind}" c?x1?="([\d.]+)%', html)]


def test_a_card_says_claim_verdict_and_reason_and_carries_the_verdict() -> None:
    html = card(HOLDS_IF, [measured(1, 2, 3, unit="nats")], href="ledger.html#ledger-1-2")
    for words in ("holds if x &lt; y", "A claim about &lt;b&gt;", "ten is much", "2.0 ± 2.5 nats"):
        assert words in html
    (data,) = re.findall(r'data-verdict-card="([^"]*)"', html)
    assert Verdict.from_data(json.loads(unescape(data))) == HOLDS_IF
    assert "data-claim=" not in html  # or its measurements would be collected twice


def test_a_line_carries_its_measurement() -> None:
    measurement = measured(1, 2, text='a "<b>" & c')
    (data,) = re.findall(r'data-claim="([^"]*)"', data_of(measurement))
    assert Measurement.from_data(json.loads(unescape(data))) == measurement
    assert "<b>" not in lines([measurement])


def test_every_seed_is_a_dot_and_the_interval_is_around_the_mean() -> None:
    html = forest([measured(1, 2, 3, 6)])
    dots = positions(html, "seed")
    assert len(dots) == 4
    assert dots == sorted(dots)
    ((left, right),) = re.findall(r'class="interval" x1="([\d.]+)%" x2="([\d.]+)%"', html)
    (mean,) = [float(x) for x in re.findall(r'<svg x="([\d.]+)%"', html)]
    assert float(left) < mean < float(right)
    assert mean == pytest.approx(np.mean(dots), abs=0.01)


def test_what_is_admitted_is_the_side_of_the_bound_that_passes() -> None:
    for op, value in (("<", 2.0), (">", 30.0)):
        html = forest([measured(value, op=op)])
        (bound,) = positions(html, "bound")
        left, width = map(float, re.search(r'x="([\d.]+)%" width="([\d.]+)%"', html).groups())  # type: ignore[union-attr]
        mean = float(re.search(r'<svg x="([\d.]+)%"', html)[1])  # type: ignore[index]
        assert left <= mean <= left + width
        assert bound == pytest.approx(left + width if op == "<" else left, abs=0.02)


def test_lines_are_colored_by_what_they_show_and_told_apart_by_shape() -> None:
    three = [measured(i + 1.0, text=shows, shows=shows) for i, shows in enumerate(SHOWS)]
    rows = rows_of(forest(three))
    assert [re.search(r'data-shows="(\w+)"', row)[1] for row in rows] == list(SHOWS)  # type: ignore[index]
    assert len({re.search(r'class="mean" d="([^"]+)"', row)[1] for row in rows}) == 3  # type: ignore[index]
    assert all(f">{WORDS[shows]}</span>" in row for row, shows in zip(rows, SHOWS, strict=True))


def test_pictures_are_hidden_from_screen_readers_and_the_numbers_are_text() -> None:
    html = card(HOLDS_IF, [measured(1, 2), measured(3, shows="contradicts")])
    for tag in re.findall(r"<svg[^>]*>", html):
        assert 'aria-hidden="true"' in tag
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", html))
    for part in ("1.5 ± 6.4", "contradicts", "ten is much"):
        assert part in words


def test_common_words_are_a_heading_and_a_bound_is_said_once() -> None:
    steps = [measured(i + 1.0, text=f"AUROC, noisy: {i}00 steps") for i in range(3)]
    html = forest([*steps[:2], measured(2, text="Another: x"), steps[2]])
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", html))
    assert html.count('class="claim-row"') == 4
    assert words.count("AUROC, noisy") == 1
    assert words.count("ten is much") == 1
    assert words.count("required: as above") == 1  # of the line with other words
    assert words.index("200 steps") < words.index("Another: x")


def test_lines_of_a_heading_say_their_own_bounds_where_these_differ() -> None:
    two = [measured(1, text=f"AUROC: {i}", because=f"reason {i}") for i in range(2)]
    html = forest(two)
    assert [f"reason {i}" in row for i, row in enumerate(rows_of(html))] == [True, True]
    assert html.count("required:") == 2


def test_one_unit_shares_an_axis_unless_a_line_would_be_squeezed() -> None:
    steps = [measured(700, bound=100.0, op=">"), measured(15, bound=100.0)]
    assert len(in_groups(steps)) == 1
    tiny = measured(1e-9, bound=1e-8)
    assert len(in_groups([*steps, tiny])) == 2
    assert len(in_groups([measured(1, unit="nats"), measured(1, unit="rad")])) == 2
    assert len(in_groups([measured(1, scale="log"), measured(1)])) == 2
    assert forest(steps).count('class="claim-axis"') == 1


@pytest.mark.parametrize(
    ("values", "bound", "scale"),
    [
        ((1.0,), 1.0, "linear"),
        ((0.0,), 0.0, "linear"),
        ((-3e-15, 2e-15), 1e-13, "linear"),
        ((1e9, 1e9 + 1), 2e9, "linear"),
        ((1e-9, 1e-3), 1.0, "log"),
        ((2.0,), 2.0, "log"),
        ((3.1,), 3.2, "log"),
    ],
)
def test_ticks_are_on_the_axis_round_and_few(values: Any, bound: float, scale: str) -> None:
    axis = Axis.over([measured(*values, bound=bound, op="<=", scale=scale)])
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 4
    width = axis.high - axis.low
    for value, text in ticks:
        assert axis.low - 1e-6 * width <= value <= axis.high + 1e-6 * width
        assert len(text) <= 16
    for value in (*values, bound):
        assert 0 < axis.position(value) < 100


def test_a_logarithmic_axis_shows_equal_ratios_as_equal_distances() -> None:
    axis = Axis(1.0, 1000.0, "log")
    places = [axis.position(value) for value in (1, 10, 100, 1000)]
    assert np.diff(places) == pytest.approx([places[1] - places[0]] * 3)


def test_the_card_shows_what_decides() -> None:
    a, b, c = (measured(i, text=f"t{i}") for i in range(3))
    against = measured(3, shows="contradicts")
    assert deciding(HOLDS_IF, [a, b, c]) == [a, b]
    assert deciding(HOLDS_IF, [against, a]) == [a]
    assert deciding(Verdict("1.2", "does not hold"), [a, against]) == [against]
    marked = measured(4, decides=True)
    assert deciding(HOLDS_IF, [a, b, marked]) == [marked]
    assert deciding(HOLDS_IF, [against]) == [against]


def test_the_summary_counts_what_the_evidence_shows() -> None:
    found = [measured(1), measured(2), measured(3, shows="context")]
    assert summary(found, WORDS) == "Evidence: 3 measured (2 supporting, 1 for context)"


def test_a_card_without_evidence_and_as_text() -> None:
    assert "<details>" not in card(HOLDS_IF, [])
    text = plain_card(HOLDS_IF, [measured(1, 2)])
    assert text.splitlines() == [
        "◐ Claim 1.2 holds if x < y",
        "A claim about <b>",
        "Claim 1.2 (supports) Error: 1.5 ± 6.4 (< 10; 2 seeds)",
    ]


def test_checks_of_the_first_edition_stand_under_one_heading() -> None:
    old = [measured(i, text=f"t{i}", verdict="holds if", condition="x < y") for i in range(3)]
    html = lines(old, ledger="ledger.html")
    assert html.count("holds if x &lt; y") == 1
    assert len(rows_of(html)) == 3
    assert html.count('href="ledger.html#ledger-1-2"') == 1


def test_another_language_keeps_the_numbers() -> None:
    words = {**WORDS, "claim": "论断", "holds if": "成立的条件是", "seeds": "{n} 个种子"}
    html = card(HOLDS_IF, [measured(1, 2, 3)], words)
    assert all(word in html for word in ("论断 1.2", "成立的条件是", "3 个种子", "2.0 ± 2.5"))


def test_every_verdict_has_a_symbol_and_words() -> None:
    for word in (*VERDICTS, "open"):
        assert SYMBOLS[word]
        assert WORDS[word]

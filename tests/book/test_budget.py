"""What a chapter may ask of its reader; ``book_budget`` counts, this test prints and fails."""

import json
from pathlib import Path
from typing import Any

import book_budget
import pytest
from book_budget import Count, count, excess
from book_claims import old_edition, read_chapters

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.ipynb"))
LABS = sorted((ROOT / "book" / "labs").glob("*.ipynb"))
OLD = old_edition(ROOT)
STILL_OLD = 7  # chapters that were not rewritten when this was last changed; lower it, never raise
CLAIMS = {
    chapter.number: list(chapter.claims) for chapter in read_chapters(ROOT / "book/claims.yml")
}


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def beyond(path: Path) -> list[str]:
    return excess(count(read(path)), CLAIMS[int(path.stem[:2])])


@pytest.fixture(scope="module", autouse=True)
def _printed(pytestconfig: pytest.Config) -> None:
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *book_budget.table(ROOT), sep="\n")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_within_its_budget_or_on_the_list(path: Path) -> None:
    found = beyond(path)
    if path.stem in OLD:
        assert found, "the chapter is within its budget: take it off book/old_edition.txt"
    else:
        assert not found


def test_the_list_of_old_chapters_can_only_shrink() -> None:
    assert {path.stem for path in CHAPTERS} >= OLD
    assert len(OLD) <= STILL_OLD


def test_every_rewritten_chapter_has_a_lab_and_every_lab_a_chapter() -> None:
    rewritten = {path.stem for path in CHAPTERS} - OLD
    assert rewritten <= {path.stem for path in LABS} <= {path.stem for path in CHAPTERS}


@pytest.mark.parametrize(
    "path",
    [path for path in (*CHAPTERS, *LABS) if path.stem not in OLD or path in LABS],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_bound_has_a_reason(path: Path) -> None:
    assert without_reason(read(path)) == []


def without_reason(notebook: dict[str, Any]) -> list[str]:
    """Cells with more checks than reasons of bounds."""
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    return [
        name
        for name, source in sources.items()
        if source.count("claims.check(") > source.count("because=")
    ]


def cell(source: str, kind: str = "code", **metadata: Any) -> dict[str, Any]:
    return {"cell_type": kind, "id": "a", "source": source, "metadata": metadata}


def text(source: str) -> dict[str, Any]:
    return cell(source, "markdown")


FIGURE = {"mystnb": {"figure": {"caption": "Up again."}}}


def chapter(*more: dict[str, Any], without: str = "") -> dict[str, Any]:
    """A chapter within its budget, with something more."""
    parts = [
        text("# A title\n\nOne puzzle."),
        *(cell(f"explorables.show('{i}', {{}})", tags=["hide-input"]) for i in range(2)),
        *(cell("plots.images(x)", **FIGURE) for _ in range(4)),
        cell("claims.verdict('1.1', 'holds')"),
        cell("claims.verdict('1.2', 'holds if', 'x')"),
    ]
    kept = [part for part in parts if not without or without not in part["source"]]
    return {"cells": [*kept, *more]}


def found_in(notebook: dict[str, Any]) -> list[str]:
    return excess(count(notebook), ["1.1", "1.2"])


def test_a_made_up_chapter_is_within_its_budget() -> None:
    assert found_in(chapter()) == []


WORDY = text("word " * 4000)
SEEN = cell("plots.images(x)", tags=["hide-input"], **FIGURE)


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        (chapter(WORDY), "4012 words"),
        (chapter(*[cell("x = 1\n" * 9)] * 14), "132 visible lines"),
        (chapter(*[cell("x = 1")] * 13), "19 visible cells"),
        (chapter(cell("x = 1\n" * 11)), "a visible cell of 11 lines"),
        (chapter(text("|a|b|\n|---|---|\n|1|2|\n"), *[cell("pd.DataFrame(x)")] * 2), "3 tables"),
        ({"cells": [text("word " * 501), *chapter()["cells"]]}, "505 words before the first"),
        (chapter(without="show('0'"), "1 explorables; at least 2"),
        (chapter(without="images"), "2 figures; at least 6"),
        (chapter(text("word " * 2900), *[SEEN] * 6, *[cell("x = 1\n" * 9)] * 11), "36 minutes"),
        (chapter(text("word " * 2500), *[SEEN] * 6, text("$$\nx\n$$\n\nor\n\n" * 9)), "32 minutes"),
        (chapter(without="1.2"), "0 verdict cards of claim 1.2; expected 1"),
        (chapter(cell("claims.verdict('1.1', 'holds')")), "2 verdict cards of claim 1.1"),
        (chapter(cell("claims.verdict('2.1', 'holds')")), "1 verdict cards of claim 2.1"),
    ],
)
def test_each_limit_can_fail(notebook: dict[str, Any], message: str) -> None:
    found = found_in(notebook)
    assert any(message in problem for problem in found), found


def test_every_limit_has_words_and_a_test() -> None:
    assert set(book_budget.SAYS) == {*book_budget.MOST, *book_budget.LEAST}


def test_the_time_to_read() -> None:
    parts = Count(words=1500, lines=40, figures=3)
    assert parts.minutes == 10 + 2 + 2
    parts.explorables = 2  # of the three figures
    assert parts.minutes == 10 + 2 + 5  # 4 min 40 s, rounded up
    parts.formulas = 4
    assert parts.minutes == 10 + 2 + 6
    parts.cards.update(["1.1", "1.2"])
    assert parts.minutes == 19


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("One two, three: 3.5 – four.", 5),
        (r"The score $-\ln p(x \mid z)$ is {term}`nats <nat>` {cite}`a2000,b2001`.", 6),
        ("See [the notes](notes.md) <!-- not this one -->.", 3),
        ("Or\n$$\nx = y\n+ z\n$$\nso $a$.", 3),
        ("```{math}\n:label: a\nx = y\n```", 0),
        ("```{exercise}\n:label: a\nwhat is x\n```\nAfter.", 1),
        ("````{solution} a\nwords\n```{note}\nx\n```\nmore\n````\nAfter.", 1),
        ("```{note}\nRead this.\n```", 2),
        ("```{figure} a.svg\n:name: b\n:alt: not read\nA caption.\n```", 2),
        ("## Exercises\n\nMany words.\n\n## End\n\nRead.", 2),
        ("```{exercise-start}\n:label: a\n```\nmany\n```{exercise-end}\n```\nAfter.", 1),
    ],
)
def test_words(source: str, words: int) -> None:
    assert count({"cells": [text(source)]}).words == words


@pytest.mark.parametrize(
    ("source", "formulas"),
    [
        ("A formula $x$ in the text.", 0),
        ("Here $$x = y$$ and\n\n$$\nx = y\n+ z\n$$\nAfter.", 2),
        ("```{math}\n:label: a\nx = y\n\n+ z\n```\nAfter.", 1),
        ("```{prf:theorem}\n$$\nx\n$$\n```", 1),
        ("```{solution} a\n$$\nx\n$$\n```\n\n## Exercises\n\n$$\nx\n$$\n", 0),
    ],
)
def test_displayed_formulas(source: str, formulas: int) -> None:
    assert count({"cells": [text(source)]}).formulas == formulas


def test_gates_are_followed_from_cell_to_cell() -> None:
    start, end = "```{solution-start} a\n```", "```{solution-end}\n```"
    notebook = {"cells": [text(start), cell("x = 1"), text("words"), text(end), cell("y = 1\n\nz")]}
    counted = count(notebook)
    assert (counted.words, counted.lines, counted.cells) == (0, 2, 1)


def test_what_is_hidden_is_not_read_but_seen() -> None:
    notebook = {
        "cells": [cell("x = 1", tags=["hide-input"], **FIGURE), cell("y", tags=["remove-cell"])]
    }
    counted = count(notebook)
    assert (counted.lines, counted.figures, counted.words) == (0, 1, 2)


def test_a_bound_without_a_reason_is_found() -> None:
    good = cell("claims.check('1.1', 'x', 1, '<', 2, because='z')")
    assert without_reason({"cells": [good]}) == []
    assert without_reason({"cells": [cell("claims.check('1.1', 'x', 1, '<', 2)")]}) == ["a"]

"""Fields answer in a real browser; predictions cover what follows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aelib.page import _embed, exercises
from tests.page.browser import Visit, document

CELL = '<div class="cell">{}</div>'


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(_embed.Output, "show", lambda output: found.append(output.html))
    return found


@pytest.fixture
def visit(shown: list[str], browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Visit] = []

    def open_(before: str = "", after: str = "", **context: Any) -> Visit:
        page = tmp_path / "page.html"
        cells = "".join(CELL.format(html) for html in shown)
        page.write_text(document(f"<section>{before}{cells}{after}</section>"), encoding="utf-8")
        opened.append(Visit(browser, page, **context))
        return opened[-1]

    yield open_
    for one in opened:
        assert one.complaints == []
        assert one.outside() == []
        one.context.close()


def answer(visit: Visit, words: str) -> tuple[str, str]:
    visit.page.locator("input[type=text]").fill(words)
    visit.page.keyboard.press("Enter")
    return result(visit)


def result(visit: Visit) -> tuple[str, str]:
    root = visit.page.locator(".aelib-exercise").first
    state = str(root.get_attribute("data-state"))
    return state, root.locator("[role=status]").inner_text()


def test_a_number(visit: Any) -> None:
    exercises.number("1.1", "How many?", answer=0.5, tolerance=0.01, hint="Half.", unit="nats")
    page = visit()
    assert not page.page.locator("details p").is_visible()
    assert answer(page, "three") == (
        "unreadable",
        "“three” is not a name used here (log, exp, …).",
    )
    assert answer(page, "3")[0] == "wrong"
    assert "too large" in answer(page, "0.52")[1]
    assert page.page.locator("details p").is_visible()  # after two wrong answers
    for right in ("0.5", " 0.505", "0,5", "1/2", "+.5", "5e-1", "50%", "exp(-log(2))"):
        assert answer(page, right) == ("right", "Right."), right


def test_numbers_as_people_write_them(visit: Any) -> None:
    exercises.number("1.1", "How many?", answer=-1234.5, tolerance=0)
    page = visit()
    for right in ("-1234.5", "−1,234.5", "-1 234.5", "−1'234.5"):
        assert answer(page, right)[0] == "right", right
    assert answer(page, "")[0] == "unreadable"


def test_a_choice(visit: Any) -> None:
    choices = {"gray": "That would be the mean.", "black or white": "Because it is the median."}
    exercises.choice("1.2", "Which?", choices=choices, answer="black or white", hint="Draw.")
    page = visit()
    page.page.get_by_role("button").click()
    assert result(page) == ("unreadable", "Choose one first.")
    page.page.get_by_label("gray").check()
    page.page.get_by_role("button").click()
    assert result(page) == ("wrong", "Not yet. That would be the mean.")
    page.page.keyboard.press("Tab")
    page.page.get_by_label("black or white").focus()
    page.page.keyboard.press("Space")
    page.page.keyboard.press("Enter")
    assert result(page) == ("right", "Right. Because it is the median.")


def test_an_expression(visit: Any) -> None:
    variables = {"x": (-3.0, 3.0), "mu": (-1.0, 1.0), "sigma": (0.1, 2.0)}
    exercises.expression(
        "1.3", "The loss?", answer="(x - mu)**2 / (2*sigma**2) + log(sigma)", variables=variables
    )
    page = visit()
    for right in (
        "(x-mu)^2/(2sigma^2) + log(sigma)",
        "0.5((x − μ)/σ)² + ln(σ)",
        "log(sigma) + (mu-x)**2 * sigma**-2 / 2",
    ):
        assert answer(page, right) == ("right", "Right."), right
    assert answer(page, "(x-mu)^2/(2sigma^2)")[0] == "wrong"
    assert "it should be" in answer(page, "-x^2")[1]
    assert "not closed" in answer(page, "(x - mu")[1]
    assert answer(page, "alert(1)")[0] == "unreadable"
    assert "is not expected here" in answer(page, "x + * 2")[1]


COVERED = '<p id="answer">It is 7.</p><section><h2>Next</h2><p id="later">Later.</p></section>'


def test_a_prediction_covers_what_follows_until_it_is_made(visit: Any) -> None:
    exercises.predict("p", "How many?", choices=["3", "7"], answer="7", told="See the figure.")
    page = visit('<p id="before">Before.</p>', COVERED)
    hidden = page.page.locator("#answer")
    assert hidden.is_hidden()
    assert page.page.locator("#before").is_visible()
    assert page.page.locator("#later").is_visible()
    page.page.get_by_role("button", name="Commit").click()
    assert result(page) == ("unreadable", "Choose one first.")
    assert hidden.is_hidden()
    page.page.get_by_label("3").check()
    page.page.get_by_role("button", name="Commit").click()
    assert result(page) == ("wrong", "You said “3”. It is “7”. See the figure.")
    assert hidden.is_visible()
    assert page.page.get_by_label("7").is_disabled()  # committed


def test_a_number_can_be_predicted(visit: Any) -> None:
    exercises.predict("p", "How many?", answer=690, tolerance=100)
    page = visit("", COVERED)
    assert answer(page, "1,000") == ("wrong", "You said 1,000. It is 690.")
    assert page.page.locator("#answer").is_visible()


def test_what_is_covered_can_be_had_without_a_prediction(visit: Any) -> None:
    exercises.predict("p", "How many?", choices=["3", "7"])
    page = visit("", COVERED)
    page.page.get_by_role("button", name="Show it").click()
    assert page.page.locator("#answer").is_visible()


def test_print_and_a_page_without_scripts_cover_nothing(visit: Any) -> None:
    exercises.predict("p", "How many?", choices=["3", "7"], answer="7")
    page = visit("", COVERED)
    page.page.emulate_media(media="print")
    assert page.page.locator("#answer").is_visible()
    assert visit("", COVERED, java_script_enabled=False).page.locator("#answer").is_visible()


def test_a_link_to_something_covered_shows_it(visit: Any) -> None:
    exercises.predict("p", "How many?", choices=["3", "7"])
    page = visit('<a href="#answer">there</a>', COVERED)
    page.page.get_by_text("there").click()
    page.page.wait_for_selector("#answer", state="visible")


def test_predictions_in_one_section_cover_each_its_own(visit: Any, shown: list[str]) -> None:
    exercises.predict("p", "First?", choices=["3", "7"])
    exercises.predict("q", "Second?", choices=["3", "7"])
    shown.insert(1, '<p id="first">It is 3.</p>')
    page = visit("", COVERED)
    assert page.page.locator("#predict-q").is_visible()
    page.page.locator("#predict-p").get_by_role("button", name="Show it").click()
    assert page.page.locator("#first").is_visible()
    assert page.page.locator("#answer").is_hidden()


def test_nobody_is_left_out(visit: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    exercises.number("1.1", "How many?", answer=0.5, tolerance=0.01, hint="Half.", unit="nats")
    exercises.choice("1.2", "Which?", choices=["a", "b"], answer="b")
    exercises.expression("1.3", "What is $x$?", answer="x", variables={"x": (0.0, 1.0)})
    exercises.check("1.4", False, hint="Think.")
    exercises.predict("p", "How many?", choices=["3", "7"])
    page = visit("", COVERED, viewport={"width": 360, "height": 740})
    assert page.overflow() <= 0
    found = Axe().run(page.page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_code_is_checked(shown: list[str]) -> None:
    def stub() -> bool:
        raise NotImplementedError

    def broken() -> bool:
        raise KeyError("x")

    for passed, state in [
        (stub, "open"),
        (broken, "wrong"),
        (False, "wrong"),
        (lambda: 1, "right"),
    ]:
        exercises.check("1.4", passed, hint="Think.")
        assert f'data-result="{state}"' in shown[-1]
        assert ("Think." in shown[-1]) == (state != "right")
    exercises.check("1.4", True, solution=True)
    for passed in (stub, broken, False):
        with pytest.raises(exercises.ExerciseFailed, match=r"1\.4"):
            exercises.check("1.4", passed, solution=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: exercises.number("1", "q", answer=float("nan"), tolerance=1),
        lambda: exercises.number("1", "q", answer=1, tolerance=-1),
        lambda: exercises.choice("1", "q", choices=["a", "b"], answer="c"),
        lambda: exercises.choice("1", "q", choices=["a", "a"], answer="a"),
        lambda: exercises.predict("1", "q", choices=["a"]),
        lambda: exercises.expression("1", "q", answer="y", variables={"x": (0, 1)}),
        lambda: exercises.expression("1", "q", answer="log(x)", variables={"x": (-2, -1)}),
        lambda: exercises.expression("1", "q", answer="x.real", variables={"x": (0, 1)}),
        lambda: exercises.number("1", " ", answer=1, tolerance=1),
    ],
)
def test_bad_exercises_are_errors(make: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()

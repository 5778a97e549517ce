"""Cards in a real browser: on a phone, in the dark, from the keyboard, on paper."""

from pathlib import Path
from typing import Any

import pytest

from aelib.page.claims.drawing import STYLE, card, lines
from aelib.page.claims.record import SHOWS, Measurement, Verdict
from tests.page.browser import Visit, document

FOUND = [
    Measurement(
        "1.2",
        f"Held-out loss with the matching output layer, minus the other one, number {index}",
        (1.0, 2.0, 2.5),
        "<",
        10.0,
        unit="nats",
        because="a tenth of the spread between seeds",
        shows=shows,
    )
    for index, shows in enumerate(SHOWS)
]
TINY = Measurement("1.2", "Deviation", (3e-15,), "<", 1e-13)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    verdict = Verdict("1.2", "holds if", "the pixels are black and white", "A claim.")
    body = card(verdict, [*FOUND, TINY]) + lines([TINY])
    path = tmp_path / "page.html"
    ground = "<style>html[data-theme=dark] body { background: #121212; }</style>"
    path.write_text(document(body, f"<style>{STYLE}</style>{ground}"), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_a_card_fits_and_is_accessible(page: Path, browser: Any, theme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with Visit(browser, page, viewport={"width": width, "height": 740}) as visit:
        visit.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        visit.page.locator("details").evaluate("one => { one.open = true; }")
        assert visit.overflow() <= 0
        found = Axe().run(visit.page).response["violations"]
        found = [one for one in found if one["nodes"][0]["html"] != "<h1>Page</h1>"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert visit.complaints == []


def test_the_evidence_unfolds_from_the_keyboard(page: Path, browser: Any) -> None:
    with Visit(browser, page) as visit:
        rows = visit.page.locator("details .claim-row")
        assert not rows.first.is_visible()
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        assert rows.first.is_visible()
        assert rows.count() == 4


def test_the_evidence_is_open_on_paper(page: Path, browser: Any) -> None:
    with Visit(browser, page) as visit:
        card, rows = visit.page.locator(".aelib-card"), visit.page.locator("details .claim-row")
        folded = card.bounding_box()["height"]
        visit.page.emulate_media(media="print")
        assert card.bounding_box()["height"] > folded + 4 * 30
        assert rows.last.is_visible()


def test_no_word_of_a_tick_is_cut_off(page: Path, browser: Any) -> None:
    with Visit(browser, page, viewport={"width": 360, "height": 740}) as visit:
        outside = visit.page.evaluate(
            """[...document.querySelectorAll(".claim-axis")].flatMap((axis) => {
              const room = axis.getBoundingClientRect();
              return [...axis.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < room.left - 4 || box.right > room.right + 4;
              });
            }).length"""
        )
        assert outside == 0

"""Pictures of every screen of a built page, for people who review: ``make look CHAPTER=01``.

    python -m tests.look 01              # chapter 1 and its lab
    python -m tests.look ledger          # another page of the book

For each page: a window in light and in dark, a phone, and paper (also as a PDF), one picture for
each screen, in ``_build/look``. Pages are opened from the folder, and the network is not reached.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.page.browser import NAMES, OPTIONS, executable

ROOT = Path(__file__).parents[1]
HTML, LOOK = ROOT / "_build" / "html", ROOT / "_build" / "look"
HEADER = 60  # pixels at the top of a window that the theme's bar covers


@dataclass(frozen=True)
class Way:
    """A way to look at a page."""

    name: str
    width: int
    height: int
    theme: str = "light"
    media: str = "screen"


WAYS = (
    Way("light", 1280, 900),
    Way("dark", 1280, 900, theme="dark"),
    Way("phone", 390, 844),
    Way("print", 794, 1123, media="print"),
)


def pages(chapter: str) -> list[Path]:
    """Built pages of the book whose file name begins so."""
    return sorted((HTML / "book").rglob(f"{chapter}*.html"))


def picture(browser: Any, page: Path, way: Way, folder: Path) -> int:
    """Take the pictures of one page in one way; returns how many."""
    context = browser.new_context(
        viewport={"width": way.width, "height": way.height},
        color_scheme=way.theme,
        reduced_motion="reduce",
    )
    # The theme keeps the reader's choice there, and follows it before anything is drawn.
    context.add_init_script(f"localStorage.setItem('mode', '{way.theme}')")
    tab = context.new_page()
    tab.emulate_media(media=way.media)
    tab.goto(page.as_uri(), wait_until="load")
    tab.evaluate("window.MathJax?.startup?.promise")  # waits for the formulas
    if way.media == "print":
        tab.pdf(path=folder / "print.pdf", format="A4", print_background=True)
    tab.wait_for_timeout(300)
    height = tab.evaluate("document.documentElement.scrollHeight")
    step = way.height - (HEADER if way.media == "screen" else 0)
    tops = range(0, max(height - (way.height - step), 1), step)
    for number, top in enumerate(tops, start=1):
        tab.evaluate(f"window.scrollTo({{top: {top}, behavior: 'instant'}})")
        tab.wait_for_timeout(60)
        tab.screenshot(path=folder / f"{way.name}-{number:02d}.png")
    context.close()
    return len(tops)


def main() -> None:
    """Take the pictures of the pages named on the command line."""
    names = sys.argv[1:] or ["0"]
    chosen = [page for name in names for page in pages(name)]
    if not chosen:
        sys.exit(f"no built page begins with {', '.join(names)}: run make book first")
    if not executable():
        sys.exit(f"no browser: install one of {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=OPTIONS)
        for page in chosen:
            folder = LOOK / page.relative_to(HTML / "book").with_suffix("")
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.png"):
                old.unlink()
            counts = [f"{way.name} {picture(browser, page, way, folder)}" for way in WAYS]
            print(f"{folder.relative_to(ROOT)}: {', '.join(counts)} pictures")
        browser.close()


if __name__ == "__main__":
    main()

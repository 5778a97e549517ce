"""A book of three chapters and a lab is built, changed and broken; the configuration is real."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import Visit

ROOT = Path(__file__).parents[2]
CLAIMS = """
- chapter: 1
  title: One
  page: book/chapters/01_*
  lab: book/labs/01_*
  claims: {"1.1": First words, "1.2": Second}
- {chapter: 2, title: Two, page: book/chapters/02_*, lab: book/labs/02_*, claims: {"2.1": Third}}
- {chapter: 3, title: Three, page: book/chapters/03_*, lab: book/labs/03_*, claims: {"3.1": Last}}
"""
TOC = """
format: jb-book
root: book/index
chapters:
  - file: book/chapters/01_one
    sections: [{file: book/labs/01_one}]
  - file: book/chapters/02_old
  - file: book/ledger
  - file: book/status
  - file: book/api
"""
DRAWING = """
from matplotlib import pyplot as plt

from aelib.page import claims, plots

plots.use()
fig, ax = plt.subplots()
ax.plot([3, 1, 2])
ax.set_xlabel("code size")
"""
CHECKS = """
claims.check("1.1", "Error", [0.1, 0.2, 0.15], "<", 1, unit="nats", because="one is much")
claims.check("1.2", "Deviation", 1, ">", 0, because="zero is the null")
claims.verdict("1.1", "holds")
claims.verdict("1.2", "holds if", "x < y")
"""
LAB = """
from aelib.page import claims

claims.check("1.2", "At twice the size", [3, 4], "<", 99, because="as before", shows="contradicts")
claims.forest("1.2")
"""
OLD = """
from aelib.page import claims

claims.check("2.1", "One", 1, "<", 2, verdict="holds if", condition="z is small")
claims.check("2.1", "Two", 1, "<", 2, verdict="holds if", condition="z is small")
"""
SLIDER = """
def frame(k):
    plt.figure(figsize=(1, 1))

plots.slider(frame, label="Code size", alt="Nothing", values=[1, 2])
"""
PREDICT = """
from aelib.page import exercises, explorables

exercises.predict("p", "Which?", choices=["a", "b"], answer="a")
"""
MOVED = """
explorables.show("gaussian_sigma", data={"errors": [0.1, 0.2]}, still=plt.figure(figsize=(1, 1)),
    title="Two scores", caption="One *ends* at $x < y$.", alt="Nothing", label="fig-scores")
exercises.number("1.1", "How many?", answer=1, tolerance=0)
"""
INDEX = "# A book\n\n```{claim-card} 1.1\n```\n\n```{explorable} gaussian_sigma\n```\n"
REFERENCE = "See {numref}`fig-scores`.\n\n```{prf:theorem}\n:label: thm\nOne.\n```"
FIGURE = {"mystnb": {"image": {"alt": "A zigzag"}, "figure": {"caption": "Up again."}}}


def _cell(name: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata or {},
        "source": source.strip(),
        "outputs": [],
        "execution_count": None,
    }


def _write(path: Path, *cells: dict[str, Any]) -> None:
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# One\n\n$x^2$"}
    notebook = {
        "cells": [title, *cells],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def _build(book: Path) -> subprocess.CompletedProcess[str]:
    command = [
        Path(sys.executable).parent / "jupyter-book",
        "build",
        ".",
        "-W",
        "-n",
        "--keep-going",
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
    return subprocess.run(
        command, cwd=book, capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("book")
    (root / "book" / "chapters").mkdir(parents=True)
    (root / "book" / "labs").mkdir()
    (root / "aelib").mkdir()
    (root / "aelib" / "stand_in.py").write_text("x = 1\n")  # what is hashed; what runs is installed
    shutil.copy(ROOT / "_config.yml", root)
    for part in ("_ext", "_static", "_templates"):
        shutil.copytree(ROOT / "book" / part, root / "book" / part)
    for page in ("ledger.md", "status.md"):
        shutil.copy(ROOT / "book" / page, root / "book")
    (root / "book" / "old_edition.txt").write_text("# one\n02_old\n")
    (root / "_toc.yml").write_text(TOC)
    (root / "book" / "claims.yml").write_text(CLAIMS)
    (root / "book" / "references.bib").write_text("")
    (root / "book" / "index.md").write_text(INDEX)
    api = "# API\n\n```{eval-rst}\n.. automodule:: aelib.page.claims\n   :members:\n```\n"
    (root / "book" / "api.md").write_text(api)
    one = root / "book" / "chapters" / "01_one.ipynb"
    refer = {"cell_type": "markdown", "id": "r", "metadata": {}, "source": REFERENCE}
    cells = [_cell("b", CHECKS), _cell("c", SLIDER), _cell("p", PREDICT), _cell("d", MOVED), refer]
    _write(one, _cell("a", DRAWING, FIGURE), *cells)
    _write(root / "book" / "labs" / "01_one.ipynb", _cell("a", LAB), _cell("b", DRAWING, FIGURE))
    _write(root / "book" / "chapters" / "02_old.ipynb", _cell("a", OLD))
    result = _build(root)
    assert result.returncode == 0, result.stdout + result.stderr
    return root


def _page(book: Path, name: str) -> str:
    return (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")


def test_figures_are_part_of_the_page(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    (figure,) = re.findall(r'<svg[^>]*"A zigzag"[^>]*>', html)
    assert 'role="img"' in figure
    assert ">code size</text>" in html
    assert "var(--figure-ink," in html
    assert "Text(0.5" not in html  # of ax.set_xlabel, which the figure already shows
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("&lt;", "<")


def _card(html: str, claim_id: str) -> str:
    name = claim_id.replace(".", "-")
    return re.search(rf'<section [^>]*id="verdict-{name}".*?</section>', html, re.S)[0]


def test_a_card_is_drawn_from_chapter_and_lab(book: Path) -> None:
    card = _card(_page(book, "chapters/01_one"), "1.2")
    words = _words(card)
    evidence = "Evidence: 2 measured (1 supporting, 1 contradicting)"
    parts = ("Claim 1.2 ◐ holds if x < y", "Second", "Deviation", "zero is the null")
    for part in (*parts, evidence, "At twice the size"):
        assert part in words
    assert 'href="../labs/01_one.html#claim-1-2"' in card
    assert 'href="#claim-1-2"' in card
    assert 'href="../ledger.html#ledger-1-2"' in card


def test_a_lab_has_a_forest_plot_in_place_of_lines(book: Path) -> None:
    html = _page(book, "labs/01_one")
    assert html.count('class="claim-row"') == 1
    assert re.search(r'<span [^>]*id="claim-1-2"', html)
    assert 'href="#claim-1-2"' in html


def test_a_chapter_of_the_first_edition_has_one_heading_for_a_cell(book: Path) -> None:
    html = _page(book, "chapters/02_old")
    assert html.count("holds if z is small") == 1
    assert html.count('class="claim-row"') == 2
    assert 'href="../ledger.html#ledger-2-1"' in html


def test_another_page_can_show_a_card(book: Path) -> None:
    card = _card(_page(book, "index"), "1.1")
    assert "0.15 ± 0.12 nats" in _words(card)
    assert 'href="chapters/01_one.html#claim-1-1"' in card


def test_the_ledger_has_a_line_for_each_claim(book: Path) -> None:
    ledger = _page(book, "ledger")
    lines = re.findall(r'<details class="ledger-claim".*?</details>', ledger, re.S)
    verdicts = [re.search(r'data-verdict="([^"]*)"', line)[1] for line in lines]
    assert verdicts == ["holds", "holds if", "holds if", "open"]
    for name, line in zip(("1-1", "1-2", "2-1", "3-1"), lines, strict=True):
        assert f'id="ledger-{name}"' in line
    for part in ("First words", "0.15 ± 0.12 nats", "required: < 1 nats; one is much", "3 seeds"):
        assert part in _words(lines[0]).replace("\u00a0", " ")
    assert 'href="chapters/01_one.html#claim-1-1"' in lines[0]
    assert 'href="chapters/01_one.html#verdict-1-1"' in lines[0]
    assert 'href="labs/01_one.html#claim-1-2"' in lines[1]
    assert "is still to be put to the test" in lines[3]
    filters = re.findall(r'type="radio"[^>]*id="ledger-filter-([\w-]+)"', ledger)
    assert filters == ["all", "holds", "holds-if", "open"]


def test_the_ledger_is_filtered_from_the_keyboard(book: Path, browser: Any) -> None:
    path = book / "_build" / "html" / "book" / "ledger.html"
    with Visit(browser, path, viewport={"width": 360, "height": 740}) as visit:
        page = visit.page
        lines = page.locator(".ledger-claim:visible")
        assert lines.count() == 4
        page.locator("#ledger-filter-all").focus()
        page.keyboard.press("ArrowRight")
        assert lines.evaluate_all("all => all.map(one => one.id)") == ["ledger-1-1"]
        assert page.locator(".ledger-chapter:visible").count() == 1
        page.keyboard.press("ArrowRight")
        assert lines.count() == 2
        lines.first.locator("summary").press("Enter")
        assert page.get_by_text("At twice the size").is_visible()
        assert visit.overflow() <= 0
        assert visit.outside() == []


def test_cards_and_ledger_are_accessible(book: Path, browser: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for name in ("ledger", "chapters/01_one", "labs/01_one"):
        for theme in ("light", "dark"):
            path = book / "_build" / "html" / "book" / f"{name}.html"
            with Visit(browser, path, color_scheme=theme) as visit:
                for details in visit.page.locator(".bd-article details").all():
                    details.evaluate("one => { one.open = true; }")
                parts = {"include": [[".aelib-card, .aelib-claims, .ledger-filter, .ledger-claim"]]}
                found = Axe().run(visit.page, context=parts).response["violations"]
                assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_labs_are_on_the_status_page(book: Path) -> None:
    rows = re.findall(r"<tr.*?</tr>", _page(book, "status"), re.S)
    (row,) = [_words(row) for row in rows if "labs/01_one" in row]
    assert re.search(r"cache\s*[\d.]+\s*passed", row)


def test_figures_and_theorems_are_numbered_by_chapter(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    numbers = re.findall(r'class="caption-number">([^<]*)<', html)
    assert [number.strip() for number in numbers] == [
        "Figure 1.1",
        "Figure 1.2",
        "Theorem 1.1",
    ]
    (link,) = re.findall(r'<a[^>]*href="#fig-scores"><span class="std std-numref">([^<]*)', html)
    assert link == "Figure 1.2"
    assert ">Figure L1.1 <" in _page(book, "labs/01_one")


def test_an_explorable_is_a_figure_and_its_code_is_written_once(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    after = html[html.index("aelib-live") :]
    caption = re.findall(r"<figcaption>\s*<p>(.*?)</p>", after, re.DOTALL)[0]
    assert "<strong>Two scores.</strong> One <em>ends</em> at" in caption
    assert r"\(x &lt; y\)</span>" in caption
    scripts = re.findall(r'<script src="(../../_static/aelib/[^"]*)"', html)
    assert [Path(script).name for script in scripts] == ["runtime.js", "gaussian_sigma.js"]
    for script in scripts:
        assert (book / "_build" / "html" / "book" / "chapters" / script).resolve().is_file()
    assert "window.aelib =" not in html
    assert (book / "_build" / "html" / "_static" / "aelib" / "page.css").is_file()
    assert html.count('class="aelib aelib-exercise"') == 2


def test_another_page_can_show_an_explorable(book: Path) -> None:
    html = _page(book, "index")
    assert html.count('data-explorable="gaussian_sigma"') == 1
    assert '<script src="../_static/aelib/gaussian_sigma.js">' in html


def test_a_page_in_a_browser(book: Path, browser: Any) -> None:
    """A prediction covers what follows; dark is printed light; a phone has room."""
    page = book / "_build" / "html" / "book" / "chapters" / "01_one.html"
    with Visit(browser, page, viewport={"width": 360, "height": 740}) as visit:
        live = visit.page.locator(".aelib-live")
        visit.page.wait_for_selector(".aelib-note")
        assert live.is_hidden()
        assert visit.page.locator(".aelib-covered").count() > 0
        visit.page.get_by_label("a", exact=True).check()
        visit.page.get_by_role("button", name="Commit").click()
        assert live.is_visible()
        assert visit.overflow() <= 0
        visit.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        visit.page.emulate_media(media="print")
        visit.page.wait_for_function("document.documentElement.dataset.theme === 'light'")
        assert live.is_hidden()
        assert visit.page.locator(".aelib-still").is_visible()
        visit.page.emulate_media(media="screen")
        visit.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        assert visit.complaints == []
        assert visit.outside() == []


def test_pages_ask_the_network_for_nothing(book: Path) -> None:
    folder = book / "_build" / "html"
    for page in folder.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.findall(
            r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"', html
        )
        assert "unpkg" not in html
    html = _page(book, "chapters/01_one")
    (script,) = re.findall(r'<script[^>]*src="([^"?]*mathjax[^"?]*)', html)
    assert (folder / "book" / "chapters" / script).resolve().is_file()
    fonts = folder / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2"
    assert len(list(fonts.glob("*.woff"))) == 23


def test_code_links_to_the_api_and_there_are_no_dead_buttons(book: Path) -> None:
    html = _page(book, "chapters/01_one")
    assert 'href="../../book/api.html#aelib.page.claims.check"' in html
    assert "colab" not in html.lower()
    assert "mybinder" not in html.lower()


def test_changes_are_seen_and_warnings_are_not_forgotten(book: Path) -> None:
    page = book / "_build" / "html" / "book" / "chapters" / "01_one.html"
    one = book / "book" / "chapters" / "01_one.ipynb"
    source = one.read_text()
    first = page.stat().st_mtime_ns

    assert _build(book).returncode == 0  # nothing has changed: nothing is written
    assert page.stat().st_mtime_ns == first

    lab = book / "book" / "labs" / "01_one.ipynb"
    _write(lab, _cell("a", LAB.replace("[3, 4]", "[5, 6]")))
    result = _build(book)
    assert result.returncode == 0, result.stderr
    assert "executing 1 notebooks" in result.stdout
    assert page.stat().st_mtime_ns > first  # its card shows what the lab has measured
    assert "5.5 ± 6.4" in _card(_page(book, "chapters/01_one"), "1.2")

    one_cell = _cell("a", "from aelib.page import claims")
    changed = CHECKS.replace('check("1.2"', 'check("9.9"').replace(', because="one is much"', "")
    changed = changed.replace('claims.verdict("1.1", "holds")', "")
    _write(one, one_cell, _cell("b", changed))
    _write(lab, one_cell)
    result = _build(book)
    assert result.returncode != 0
    for message in (
        "claim 9.9 is checked here but is not in",
        "claim 1.2 of book/claims.yml is not checked in its chapter",
        "claim 1.1 has 0 verdict cards; expected one",
        "claim 1.1: 'Error' has a bound without a reason",
    ):
        assert message in result.stderr
    # Were the pages remembered, a second build would have nothing to warn of, and pass.
    assert not (book / "_build" / ".doctrees" / "environment.pickle").exists()

    (book / "aelib" / "stand_in.py").write_text("x = 2\n")
    one.write_text(source)
    result = _build(book)
    assert result.returncode == 0, result.stderr
    assert "executing 3 notebooks" in result.stdout
    assert page.stat().st_mtime_ns > first

"""``make look`` takes pictures of every screen, or says in a word what is missing."""

from pathlib import Path
from typing import Any

import pytest

from tests import look
from tests.page.browser import document


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, path in (("ROOT", ""), ("HTML", "html"), ("LOOK", "look")):
        monkeypatch.setattr(look, name, tmp_path / path)
    return tmp_path


def test_pages_are_found_by_the_start_of_their_name(folder: Path) -> None:
    for name in ("chapters/01_one", "labs/01_one", "chapters/02_two"):
        path = folder / "html" / "book" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.parent.name for path in look.pages("01")] == ["chapters", "labs"]


def test_what_is_missing_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["look", "01"])
    with pytest.raises(SystemExit, match="run make book first"):
        look.main()
    page = folder / "html" / "book" / "01.html"
    page.parent.mkdir(parents=True)
    page.touch()
    monkeypatch.setattr(look, "executable", lambda: "")
    with pytest.raises(SystemExit, match="no browser: install one of chromium"):
        look.main()


def test_every_screen_has_a_picture(folder: Path, browser: Any) -> None:
    page = folder / "page.html"
    page.write_text(document('<div style="height: 2000px">A long page.</div>'))
    for way in look.WAYS:
        count = look.picture(browser, page, way, folder)
        assert len(list(folder.glob(f"{way.name}-*.png"))) == count
        assert count * way.height >= 2000
    assert (folder / "print.pdf").stat().st_size > 0

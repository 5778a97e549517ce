import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import book_claims
import book_execution
import book_figures
import book_ledger
import book_repository
import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_notebook
from sphinx.errors import ConfigError, ExtensionError

from aelib.page.claims.record import Measurement, Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "aelib" / "data").mkdir(parents=True)
    (tmp_path / "aelib" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "aelib" / "data" / "table.csv").write_text("1,2\n")
    (tmp_path / "book" / "chapters").mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("jax==1\n")
    return tmp_path


@pytest.mark.parametrize(
    "path",
    ["aelib/__init__.py", "aelib/data/table.csv", "aelib/new.py", "requirements.lock",
     "book/chapters/beside.json"],
)  # fmt: skip
def test_fingerprint_sees(tree: Path, path: str) -> None:
    before = book_execution.fingerprint(tree)
    assert book_execution.fingerprint(tree) == before
    (tree / path).write_text("changed\n")
    assert book_execution.fingerprint(tree) != before


@pytest.mark.parametrize(
    "path",
    ["aelib/__pycache__/x.pyc", "book/chapters/a.ipynb", "README.md", "book/claims.yml",
     "book/_static/book.css"],
)  # fmt: skip
def test_fingerprint_leaves_out(tree: Path, path: str) -> None:
    before = book_execution.fingerprint(tree)
    (tree / path).parent.mkdir(exist_ok=True)
    (tree / path).write_text("{}")
    assert book_execution.fingerprint(tree) == before


def test_fingerprint_sees_renames_and_settings(tree: Path, monkeypatch: Any) -> None:
    before = book_execution.fingerprint(tree)
    shutil.move(tree / "aelib/data/table.csv", tree / "aelib/data/other.csv")
    renamed = book_execution.fingerprint(tree)
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    assert len({before, renamed, book_execution.fingerprint(tree)}) == 3


def test_a_failing_chapter_stops_the_build_with_its_traceback(tmp_path: Path) -> None:
    fine, failing = (new_notebook(cells=[new_code_cell(s)]) for s in ("1 + 1", "1 / 0"))
    pages = {"fine": tmp_path / "fine.ipynb", "failing": tmp_path / "failing.ipynb"}
    nbformat.write(fine, pages["fine"])
    nbformat.write(failing, pages["failing"])
    options = SimpleNamespace(
        execution_mode="cache", execution_cache_path=tmp_path / "cache", execution_timeout=60
    )
    env: Any = SimpleNamespace(mystnb_config=options, doc2path=lambda name: str(pages[name]))
    app: Any = None
    with pytest.raises(ExtensionError) as failure:
        book_execution.execute_pending(app, env, list(pages))
    assert "failing.ipynb" in str(failure.value)
    assert "ZeroDivisionError" in str(failure.value)
    assert "fine.ipynb" not in str(failure.value)
    cache = get_cache(options.execution_cache_path)
    assert cache.match_cache_notebook(fine).data["execution_seconds"] > 0
    with pytest.raises(KeyError):
        cache.match_cache_notebook(failing)


def test_unnamed_pictures() -> None:
    good = '<img alt="a"><svg aria-label="b"></svg><svg aria-hidden="true"/>'
    assert book_figures.unnamed_pictures(good) == []
    bad = ['<img src="a">', '<img alt="">', '<svg class="x">', '<svg aria-label=" ">']
    assert book_figures.unnamed_pictures("".join(bad)) == bad


def _measured(verdict: str = "", condition: str = "") -> Measurement:
    return Measurement("1.1", "x", (1.0,), "<", 2.0, verdict=verdict, condition=condition)


def _env(*measured: Measurement, verdicts: tuple[Verdict, ...] = ()) -> Any:
    page = book_claims.PageClaims([("claim-1-1", m) for m in measured], list(verdicts))
    return SimpleNamespace(book_claims={"book/chapters/01_one": page})


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ([], ("open", "")),
        ([_measured("holds"), _measured()], ("holds", "")),
        ([_measured("does not hold")], ("does not hold", "")),
        ([_measured("holds"), _measured("holds if", "a")], ("holds if", "a")),
        (
            [_measured("holds if", "a"), _measured("does not hold"), _measured("holds if", "b")],
            ("holds if", "a; b"),
        ),
    ],
)
def test_verdict_of_checks_without_a_card(measured: list[Measurement], expected: Any) -> None:
    _, verdict = book_claims.verdict_on(_env(*measured), "1.1")
    assert (verdict.verdict, verdict.condition) == expected


def test_a_card_decides_over_what_checks_say() -> None:
    card = Verdict("1.1", "does not hold")
    env = _env(_measured("holds"), verdicts=(card,))
    assert book_claims.verdict_on(env, "1.1") == ("book/chapters/01_one", card)


@pytest.mark.parametrize(
    ("shows", "verdict", "problem"),
    [
        (["supports"], "holds", ""),
        (["context", "contradicts"], "holds", "'holds', but nothing measured supports it"),
        (["supports"], "does not hold", "'does not hold', but nothing measured contradicts it"),
        (["supports", "contradicts"], "does not hold", ""),
        (["supports"] * 3, "holds", "decided by more than two"),
    ],
)
def test_a_verdict_needs_evidence(
    monkeypatch: pytest.MonkeyPatch, shows: list[str], verdict: str, problem: str
) -> None:
    found: list[str] = []
    monkeypatch.setattr(book_ledger, "_warn", lambda message, _: found.append(message))
    measured = [
        replace(_measured(), shows=shown, decides=len(shows) == 3, text=f"x{i}")
        for i, shown in enumerate(shows)
    ]
    book_ledger._check_verdict(_env(*measured, verdicts=(Verdict("1.1", verdict),)), "1.1")
    assert len(found) == bool(problem)
    assert all(problem in message for message in found)


def test_every_claim_of_the_source_article_is_in_the_ledger() -> None:
    ids = [name for c in book_claims.read_chapters(ROOT / "book/claims.yml") for name in c.claims]
    counts = [2, 5, 3, 4, 3, 5, 1, 1, 1]
    expected = [f"{c}.{i}" for c, count in enumerate(counts) for i in range(1, count + 1)]
    assert ids == expected
    assert all(isinstance(name, str) for name in ids)


def test_a_claim_in_the_wrong_chapter(tmp_path: Path) -> None:
    path = tmp_path / "claims.yml"
    path.write_text('- {chapter: 1, title: T, page: p, lab: l, claims: {"2.1": words}}')
    with pytest.raises(ExtensionError, match=r"claim 2\.1 is not of chapter 1"):
        book_claims.read_chapters(path)


def test_no_address_no_buttons() -> None:
    options = book_repository.theme_options("", "main")
    assert options == {"repository_url": "", "launch_buttons": {}}
    assert book_repository.report_address("", "book/index") == ""


def test_an_address_gives_buttons() -> None:
    options = book_repository.theme_options("https://github.com/owner/name/", "main")
    assert options["repository_url"] == "https://github.com/owner/name"
    assert options["launch_buttons"]["colab_url"]
    assert not book_repository.theme_options("https://gitlab.com/a/b", "main")["launch_buttons"][
        "colab_url"
    ]
    assert "gitlab.com/a/b/-/issues" in book_repository.report_address(
        "https://gitlab.com/a/b", "p"
    )


@pytest.mark.parametrize("url", ["github.com/a/b", "http://github.com/a/b", "https://github.com/a"])
def test_a_bad_address_stops_the_build(url: str) -> None:
    with pytest.raises(ConfigError, match="expected https://host/owner/name"):
        book_repository.theme_options(url, "main")

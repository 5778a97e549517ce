"""What checks and cards display in a running notebook, without a book around it."""

import re
from pathlib import Path

import pytest

from aelib.page import claims


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What has been displayed, as if there were a notebook."""
    import IPython
    import IPython.display

    bundles: list[dict[str, str]] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda bundle, **_: bundles.append(bundle))
    monkeypatch.setattr("aelib.page.claims._check._measured_here", {})
    return bundles


def test_a_card_is_drawn_from_what_has_run(shown: list[dict[str, str]]) -> None:
    claims.check("1.2", "Error", [1, 2, 3], "<", 9, because="nine is much")
    claims.check("1.3", "Another", 1, "<", 9, because="nine is much")
    claims.check("1.2", "Error", [1, 2, 4], "<", 9, because="nine is much")  # run again
    claims.verdict("1.2", "holds")
    claims.forest("1.2")
    card = shown[-2]
    assert card["text/html"].count("nine is much") == 2  # what decides, and the evidence
    assert "Another" not in card["text/html"]
    assert "Evidence: 1 measured" in card["text/html"]
    assert card["text/plain"].startswith("✓ Claim 1.2 holds\nClaim 1.2 (supports) Error")
    assert 'data-forest="1.2"' in shown[-1]["text/html"]
    assert shown[-1]["text/html"].count('class="claim-row"') == 1


def test_a_check_is_one_line_with_its_data(shown: list[dict[str, str]]) -> None:
    claims.check("1.2", "Error", 1, "<", 9, because="nine is much")
    (bundle,) = shown
    assert "\n" not in bundle["text/plain"]
    assert len(re.findall(r'data-claim="', bundle["text/html"])) == 1
    assert len(re.findall(r'<li class="claim-row"', bundle["text/html"])) == 1


def test_the_claims_words_are_found_above_the_notebook(
    shown: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chapters").mkdir()
    text = '- {chapter: 1, title: T, page: p, lab: l, claims: {"1.2": Said so}}'
    (tmp_path / "claims.yml").write_text(text)
    monkeypatch.chdir(tmp_path / "chapters")
    claims.verdict("1.2", "holds")
    assert '<p class="claim-sentence">Said so</p>' in shown[-1]["text/html"]


def test_nothing_is_displayed_without_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    claims.check("1.2", "Error", 1, "<", 9)
    claims.verdict("1.2", "holds")
    assert capsys.readouterr().out == ""

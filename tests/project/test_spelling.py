"""American spelling in the code, its comments, docstrings and messages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BRITISH = re.compile(
    r"(?:normal|binar|optim|regular|factor|discret|minim|maxim|quant|memor|initial|standard|general"
    r"|linear|vector|summar|penal|random|parametr|visual|organ|recogn|real)is(?:e[drs]?|ers|ing|ations?)"
    r"(?![a-z])|colour|grey|behaviour|defence|licence|neighbour|favour|labelled|modelled|analyse"
    r"|centres?(?![a-z])|centred|learnt|cancell(?:ed|ing)|fulfils?(?![a-z])|labelling|modelling|judgement",
    re.IGNORECASE,
)
THEIRS = ("CodeBlockAnalyser", "SectionAnalyser")  # of sphinx-codeautolink
FILES = [
    path
    for folder in ("aelib", "book/_ext", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
]


def british(text: str) -> list[str]:
    for name in THEIRS:
        text = text.replace(name, "")
    return BRITISH.findall(text)


def test_spelling_is_american():
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    assert len(texts) > 300
    found = {str(path.relative_to(ROOT)): british(text) for path, text in texts.items()}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "word", ["normalise", "_optimiser", "discretised", "GREY", "centres", "cancelled"]
)
def test_british_words_are_found(word):
    assert british(word) == [word.lstrip("_")]


@pytest.mark.parametrize(
    "word", ["premise", "noise", "raised", "parser", "realistic", "optimistic"]
)
def test_other_words_are_not(word):
    assert british(word) == []

"""The ways to install the project agree with one another."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OWN = re.compile(r"aelib\[")


def name(requirement: str) -> str:
    """The normalized package name of a requirement line."""
    return re.split(r"[\s<>=!~\[;]", requirement)[0].lower().replace("_", "-")


def declared(*extras: str) -> set[str]:
    lists = [PROJECT["dependencies"], *(EXTRAS[extra] for extra in extras)]
    return {line for lines in lists for line in lines if not OWN.match(line)}


def test_environment_yml_lists_what_pyproject_declares():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    listed = {line.strip().removeprefix("- ") for line in lines if line.startswith("      - ")}
    assert listed - {"--editable ."} == declared("data", "book", "test")


def test_environment_yml_allows_the_pythons_that_pyproject_classifies():
    classified = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    low, high = (int(v.split(".")[1]) for v in (classified[0], classified[-1]))
    assert f"python >=3.{low},<3.{high + 1}" in (ROOT / "environment.yml").read_text()
    assert PROJECT["requires-python"] == f">=3.{low}"


def test_lock_covers_every_dependency_with_hashes_and_without_addresses():
    text = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    assert {name(line) for line in declared("data", "book", "test")} <= locked
    assert "://" not in text
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("package", ["torch", "tensorflow", "keras"])
def test_lock_leaves_out_other_frameworks(package):
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(rf"^{package}==", text, re.MULTILINE)


def test_contributing_earns_every_dependency_its_place():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    explained = set(re.findall(r"^\| `([\w.-]+)`", contributing, re.MULTILINE))
    assert explained == {name(line) for line in declared("data", "book", "test", "parity")}


def test_citation_names_the_version_of_the_package():
    assert f"version: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text()

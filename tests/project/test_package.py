"""What `import aelib` promises."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import aelib
from tests.project.imports import circles, graph, imported
from tests.project.package_map import CONTRIBUTING, may_import, read_map

ROOT = Path(__file__).parents[2]
SMALL = {
    "_lazy",
    "_arrays",
    "_checks",
    "_column",
    "_compile",
    "_cores",
    "_storage",
    "_version",
}  # modules that serve every room
WINGS = read_map(CONTRIBUTING.read_text(encoding="utf-8"))
MAY_IMPORT = may_import(WINGS)
LIBRARY = WINGS["library"]
EDGES = graph(ROOT / "aelib")


def test_version_is_the_one_in_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert aelib.__version__ == project["version"]


def test_importing_aelib_imports_nothing_heavy():
    heavy = ["jax", "flax", "sklearn", "skimage", "matplotlib", "statsmodels", "pandas"]
    code = f"import sys, aelib; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_unknown_room_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        aelib.utils  # noqa: B018


def home(module: str) -> str:
    """The room a module belongs to: 'losses', 'lab.probes', 'page.plots', or '' for the faces."""
    parts = module.split(".")[1:]
    if not parts or parts in (["lab"], ["page"]) or parts[0] in SMALL:
        return ""
    return ".".join(parts[:2] if parts[0] in ("lab", "page") else parts[:1])


def rooms_imported(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, others in edges.items():
        room = home(module)
        found.setdefault(room, set()).update(home(other) for other in others)
        found[room] -= {room, ""}
    return found


# Private modules beside the rooms of a wing, which serve all of them: `page._embed`.
PRIVATE = sorted({room for room in map(home, EDGES) if "._" in room})


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_as_the_map_allows(room):
    wing = room.rpartition(".")[0]
    private = {module for module in PRIVATE if module.rpartition(".")[0] == wing}
    assert rooms_imported(EDGES)[room] <= MAY_IMPORT[room] | private


def test_private_modules_stay_in_their_wing():
    imports = rooms_imported(EDGES)
    for module in PRIVATE:
        wing = module.rpartition(".")[0]
        own = {room for room in [*MAY_IMPORT, *PRIVATE] if room.rpartition(".")[0] == wing}
        assert imports[module] <= own | (set(LIBRARY) if wing == "lab" else set())
    for module in SMALL:
        assert EDGES[f"aelib.{module}"] <= {f"aelib.{other}" for other in SMALL}


def test_every_room_is_on_the_map():
    rooms = {room for room in map(home, EDGES) if room and room.rpartition(".")[2][0] != "_"}
    assert rooms == set(MAY_IMPORT)


def test_no_module_is_in_a_circle():
    assert circles(EDGES) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from aelib import data, anomaly",
        "from aelib import data as d, anomaly as a",
        "import aelib.data, aelib.anomaly as a",
        "def f():\n    from aelib.anomaly import PCADetector",
        "from .. import anomaly",
        "from ..anomaly._conformal import Calibration",
        "import importlib; importlib.import_module('aelib.anomaly')",
        "import aelib; aelib.anomaly.PCADetector",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aelib.anomaly",
    ],
)
def test_a_forbidden_import_is_seen_in_every_form(statement):
    names = set(imported(statement, "aelib.losses._new"))
    assert any(home(name) == "anomaly" for name in names)


def test_circles_are_found():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert circles(edges) == [["b", "c"]]


def test_the_library_is_small_and_no_name_stands_twice():
    names = [name for room in LIBRARY for name in getattr(aelib, room).__all__]
    twice = {name for name in names if names.count(name) > 1} - {"fit", "load"}
    assert not twice
    assert len(names) <= 120


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_name_all_they_export(room):
    """What a room re-exports is in ``__all__``, which the API pages are made from."""
    module = importlib.import_module(f"aelib.{room}")
    text = Path(module.__file__).read_text()
    exported = set(re.findall(r"import (?:\(\s*)?(\w+) as \1\b", text))
    assert exported <= set(module.__all__)


MAP = """
```text map
library    may import
  losses
  models
  training   losses, models
  pca        training
lab        the library
  probes, sparse,
  planted
page       what stands above
  claims
  plots
```
"""


def test_the_map_says_what_may_be_imported():
    allowed = may_import(read_map(MAP))
    assert allowed["losses"] == set()
    assert allowed["pca"] == {"training", "losses", "models"}
    assert allowed["lab.sparse"] == {*read_map(MAP)["library"], "lab.probes", "lab.planted"}
    assert (allowed["page.claims"], allowed["page.plots"]) == (set(), {"page.claims"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no block", "expected a block"),
        (MAP.replace("page ", "paper "), "expected the wings"),
        (MAP.replace("losses\n", "losses   pca\n"), "losses: expected rooms that stand above it"),
    ],
)
def test_a_map_that_cannot_be_right_is_an_error(text, message):
    with pytest.raises(ValueError, match=message):
        may_import(read_map(text))

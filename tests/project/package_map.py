"""CONTRIBUTING's map of the package: which rooms there are, and what each may import."""

import re
from pathlib import Path

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
WINGS = ("library", "lab", "page")


def read_map(text: str) -> dict[str, dict[str, set[str]]]:
    """Wings, their rooms in order, and the rooms named beside each, from the first ``map`` block.

    A line at the margin begins a wing. An indented one is a room of the library or the page, with
    what it may import after two spaces or more; or rooms of the lab, with commas between them.
    """
    found = re.search(r"^```text map\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError("CONTRIBUTING.md: expected a block ```text map, found none")
    wings: dict[str, dict[str, set[str]]] = {}
    wing = ""
    for line in found[1].splitlines():
        if not line.startswith(" "):
            wing = line.split()[0]
            wings[wing] = {}
        elif wing == "lab":
            wings[wing] |= {name: set() for name in re.findall(r"\w+", line)}
        else:
            room, *others = re.findall(r"\w+", line)
            wings[wing][room] = set(others)
    if tuple(wings) != WINGS:
        raise ValueError(f"CONTRIBUTING.md: expected the wings {WINGS}, found {tuple(wings)}")
    return wings


def may_import(wings: dict[str, dict[str, set[str]]]) -> dict[str, set[str]]:
    """For each room, all that it may import: what stands beside it, and what those may import.

    The lab may import the library and its own rooms; rooms of the page, those before them.
    """
    allowed: dict[str, set[str]] = {}
    for room, others in wings["library"].items():
        unknown = others - set(allowed)
        if unknown:  # so there is no circle on the map
            raise ValueError(f"{room}: expected rooms that stand above it, found {unknown}")
        allowed[room] = others.union(*(allowed[other] for other in others))
    lab = [f"lab.{room}" for room in wings["lab"]]  # in order: the workers must collect alike
    for room in lab:
        allowed[room] = {*wings["library"], *lab} - {room}
    page: list[str] = []
    for room in wings["page"]:
        allowed[f"page.{room}"] = set(page)
        page.append(f"page.{room}")
    return allowed

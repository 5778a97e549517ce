"""One style of docstrings: Google's sections, in one order, and whole ones for the library."""

import ast
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.project.package_map import CONTRIBUTING, read_map

PACKAGE = Path(__file__).parents[2] / "aelib"
ORDER = ["Args", "Returns", "Yields", "Raises", "Example", "References"]
SECTIONS = [*ORDER, "Attributes", "Warns"]  # the last two may stand where they like
ROOMS = read_map(CONTRIBUTING.read_text(encoding="utf-8"))["library"]


def sections(docstring: str) -> dict[str, str]:
    """What stands under each heading; a heading is one word and a colon, alone on its line."""
    parts = re.split(r"^(\w+):$", docstring, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def faults(docstring: str) -> list[str]:
    """What is wrong with the sections of any docstring."""
    headings = list(sections(docstring))
    found = [f"{heading}: is not a section here" for heading in headings if heading not in SECTIONS]
    known = [heading for heading in headings if heading in ORDER]
    if known != sorted(known, key=ORDER.index):
        found.append(f"expected the order {', '.join(ORDER)}; got {', '.join(known)}")
    if re.search(r"^(Source|Sources|Reference|Note|Usage|Examples): ", docstring, re.MULTILINE):
        found.append("a paragraph that should be a section")
    if ">>>" in docstring.split("\nExample:\n")[0]:
        found.append("an example without the heading Example")
    return found


def missing(thing: Callable[..., Any]) -> list[str]:
    """What the docstring of a public function or class lacks."""
    is_class = inspect.isclass(thing)
    stands = sections(inspect.cleandoc(thing.__doc__ or ""))
    found = [] if ">>>" in stands.get("Example", "") else ["an Example with a doctest"]
    fields = getattr(thing, "_fields", ())  # of a named tuple
    signature = inspect.signature(thing.__init__ if is_class and not fields else thing)
    made_by_others = is_class and (
        issubclass(thing, BaseException)
        or getattr(thing, "_is_protocol", False)
        or not (fields or "__init__" in vars(thing))
    )
    if not made_by_others:
        described = stands.get("Args", "") + (stands.get("Attributes", "") if is_class else "")
        for name in [name for name in signature.parameters if name != "self"]:
            if not re.search(rf"^ +[\w*, ]*\b{name}\b[\w*, ]*: ", described, re.MULTILINE):
                found.append(f"the argument {name}")
    if not is_class and gives(thing) and not {"Returns", "Yields"} & set(stands):
        found.append("Returns")
    return found


def gives(function: Callable[..., Any]) -> bool:
    """Whether a function says that it returns something."""
    return inspect.signature(function).return_annotation not in (None, "None", type(None))


def half_described(thing: type) -> list[str]:
    """Public methods that describe what they take, but not what they return."""
    methods = {name: getattr(member, "__func__", member) for name, member in vars(thing).items()}
    return [
        name
        for name, method in methods.items()
        if inspect.isfunction(method) and not name.startswith("_") and gives(method)
        if {"Args", "Returns"} & set(sections(inspect.getdoc(method) or "")) == {"Args"}
    ]


def public() -> dict[str, Any]:
    rooms = {room: importlib.import_module(f"aelib.{room}") for room in ROOMS}
    return {
        f"{room}.{name}": getattr(module, name)
        for room, module in rooms.items()
        for name in module.__all__
        if callable(getattr(module, name))
    }


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_sections_have_one_order(path):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    wrong = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        docstring = ast.get_docstring(node) if isinstance(node, kinds) else None
        if docstring and faults(docstring):
            wrong[getattr(node, "name", "module")] = faults(docstring)
    assert wrong == {}


def test_public_names_are_described_in_full():
    names = public()
    assert len(names) > 100
    assert {name: missing(thing) for name, thing in names.items() if missing(thing)} == {}


def test_public_methods_say_what_they_return():
    classes = {name: thing for name, thing in public().items() if inspect.isclass(thing)}
    assert len(classes) > 40
    found = {name: half_described(thing) for name, thing in classes.items()}
    assert {name: methods for name, methods in found.items() if methods} == {}


def test_a_method_half_described_is_found():
    class Half:
        def method(self, x: int) -> int:
            """Give it back.

            Args:
                x: a number.
            """
            return x

        def whole(self, x: int) -> int:
            """Give it back."""
            return x

    assert half_described(Half) == ["method"]


@pytest.mark.parametrize(
    ("docstring", "count"),
    [
        ("Plain.\n\nArgs:\n    x: it.\n\nRaises:\n    E: x.\n\nExample:\n    >>> 1\n    1\n", 0),
        ("Plain.\n\nRaises:\n    E: x.\n\nArgs:\n    x: it.\n", 1),
        ("Plain.\n\nParameters:\n    x: it.\n", 1),
        ("Plain.\n\n>>> 1\n1\n", 1),
        ("Plain.\n\nSource: B (1995).\n", 1),
    ],
)
def test_faults_are_found(docstring, count):
    assert len(faults(docstring)) == count


def whole(x: int, *rest: int, scale: float) -> int:
    """Add up.

    Args:
        x: a number.
        *rest: more of them.
        scale: a factor.

    Returns:
        The sum.

    Example:
        >>> whole(1, 2, scale=3.0)
        9
    """
    return int(scale * (x + sum(rest)))


def test_what_is_missing_is_found():
    assert missing(whole) == []
    cut = "Args:", "*rest: more of them.", "Returns:", ">>>"
    lacks = ["x", "rest", "scale"], ["rest"], ["Returns"], ["an Example with a doctest"]
    for words, lack in zip(cut, lacks, strict=True):
        assert whole.__doc__ is not None

        def changed(x: int, *rest: int, scale: float) -> int:
            return whole(x, *rest, scale=scale)

        changed.__doc__ = whole.__doc__.replace(words, "")
        assert [one.removeprefix("the argument ") for one in missing(changed)] == lack

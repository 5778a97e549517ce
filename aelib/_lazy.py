"""Rooms that are imported when they are first used, so that ``import aelib`` costs nothing."""

import importlib
from collections.abc import Callable, Sequence
from types import ModuleType


def attach(package: str, rooms: Sequence[str]) -> Callable[[str], ModuleType]:
    """The ``__getattr__`` of a package whose submodules are imported on first use.

    Args:
        package: full name of the package.
        rooms: its public submodules.
    """

    def getattr_(name: str) -> ModuleType:
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return getattr_

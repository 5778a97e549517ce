"""What is imported only when it is used: rooms of a package, and packages of an extra."""

import importlib
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def attach(package: str, rooms: Sequence[str]) -> Callable[[str], ModuleType]:
    """Make the ``__getattr__`` of a package whose submodules are imported on first use.

    Args:
        package: full name of the package.
        rooms: its public submodules.
    """

    def getattr_(name: str) -> ModuleType:
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return getattr_


def require(module: str, *, purpose: str, extra: str = "data") -> Any:
    """Import a module of an optional dependency.

    Args:
        module: its full name, such as ``"sklearn.datasets"``.
        purpose: what needs it, as the message says it.
        extra: the extra of ``aelib`` that installs it.

    Returns:
        The module.

    Raises:
        ModuleNotFoundError: if the dependency is not installed; the message names the extra.

    Example:
        >>> require("no_such_package.io", purpose="reading tables")
        Traceback (most recent call last):
        ModuleNotFoundError: reading tables needs no_such_package: pip install "aelib[data]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != missing:  # something else is not there
            raise
        raise ModuleNotFoundError(
            f'{purpose} needs {missing}: pip install "aelib[{extra}]"', name=error.name
        ) from None

"""What a module imports, read from its syntax tree: every form that an import statement has."""

import ast
from collections.abc import Iterator
from pathlib import Path


def imported(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Full names that a source imports, of modules and of what is taken from them.

    ``from aelib import data, anomaly as a`` gives ``aelib.data`` and ``aelib.anomaly``; relative
    imports are resolved; imports inside functions count, what stands under ``if TYPE_CHECKING:``,
    ``import_module("...")`` and ``__import__("...")`` with a literal, and ``aelib.data`` used as an
    attribute after ``import aelib``.
    """
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if node.level else []
            parts = parts[: len(parts) - max(node.level - 1, 0)]
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "aelib":
                yield f"aelib.{node.attr}"
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in ("import_module", "__import__") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def modules(root: Path) -> dict[str, tuple[str, bool]]:
    """Source and whether it is a package's, of each module below a package's folder."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        found[".".join(parts[:-1] if is_package else parts)] = (path.read_text(), is_package)
    return found


def graph(root: Path) -> dict[str, set[str]]:
    """Each module of a package with the modules of the same package that it imports."""
    known = modules(root)

    def owner(name: str) -> str:
        while name and name not in known:
            name = name.rpartition(".")[0]
        return name

    return {
        module: {owner(name) for name in imported(source, module, is_package=is_package)}
        - {"", module}
        for module, (source, is_package) in known.items()
    }


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in edges:
        if node not in index:
            visit(node)
    return found

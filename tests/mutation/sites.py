"""Small changes of a program that its tests should notice, found in its syntax tree."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS = {
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">="),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
ARITHMETIC = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.Pow: "*",
    ast.FloorDiv: "/",
    ast.Mod: "//",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}


class Mutant(NamedTuple):
    """One change of one source.

    Attributes:
        line: where it is, from 1.
        before: the line as it was.
        after: the line as it is now.
        source: the whole source with the change.
    """

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[list[Mutant]]:
    """For each place of a source that can be changed, the ways to change it.

    Comparisons move their boundary or turn round; arithmetic and boolean operators become another;
    numbers become one more, one less or twice as much; ``not`` goes; what is raised is not raised;
    what is returned is not returned. Annotations, imports and texts stay as they are.
    """
    tree = ast.parse(source)
    lines = source.encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    raw = source.encode()

    def span(node: ast.AST) -> tuple[int, int]:
        first = starts[node.lineno - 1] + node.col_offset
        return first, starts[node.end_lineno - 1] + node.end_col_offset

    def replaced(first: int, last: int, text: str) -> Mutant:
        changed = (raw[:first] + text.encode() + raw[last:]).decode()
        line = raw[:first].count(b"\n")
        before = source.split("\n")[line].strip()
        return Mutant(line + 1, before, changed.split("\n")[line].strip(), changed)

    def operator(left: ast.AST, right: ast.AST, symbol: str, others: tuple[str, ...]) -> list:
        first, last = span(left)[1], span(right)[0]
        at = raw[first:last].decode().find(symbol)  # beside it there may be brackets
        first += len(raw[first:last].decode()[:at].encode())
        return [replaced(first, first + len(symbol), other) for other in others]

    for node in _changeable(tree):
        found: list[Mutant] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, right, kind in zip(sides, sides[1:], node.ops, strict=False):
                symbol = _symbol(kind)
                found += operator(left, right, symbol, COMPARISONS[type(kind)])
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            symbol, other = _symbol(node.op), ARITHMETIC[type(node.op)]
            found += operator(node.left, node.right, symbol, (other,))
        elif isinstance(node, ast.BoolOp):
            symbol, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            found += operator(node.values[0], node.values[1], symbol, (other,))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            found.append(replaced(span(node)[0], span(node.operand)[0], ""))
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            found.append(replaced(*span(node), str(not node.value)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            values = {node.value + 1, node.value - 1, node.value * 2} - {node.value}
            found += [replaced(*span(node), repr(value)) for value in sorted(values)]
        elif isinstance(node, ast.Raise):
            found.append(replaced(*span(node), "pass"))
        elif isinstance(node, ast.Return) and node.value is not None:
            found.append(replaced(*span(node), "return None"))
        found = [mutant for mutant in found if _compiles(mutant.source)]
        if found:
            yield found


def _symbol(kind: ast.AST) -> str:
    """How an operator is written: ``ast.Lt`` is ``<``."""
    left, right = ast.Name("a", ast.Load()), ast.Name("b", ast.Load())
    if isinstance(kind, ast.cmpop):
        return ast.unparse(ast.Compare(left, [kind], [right]))[2:-2]
    return ast.unparse(ast.BinOp(left, kind, right))[2:-2]


def _changeable(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of annotations, imports, messages, texts and ``if TYPE_CHECKING:``."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Import):
                continue
            yield child
            typing_only = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            if not (typing_only or isinstance(child, ast.Raise | ast.ImportFrom)):
                yield from _changeable(child)


def _compiles(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True

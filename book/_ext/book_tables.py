"""Tables of pandas without the second row of headings that holds only the index's name."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_TABLE = re.compile(r'<table border="1" class="dataframe">.*?</thead>', re.DOTALL)
_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<th[^>]*>(.*?)</th>", re.DOTALL)


def one_heading(head: str) -> str:
    """A table's head with the index's name moved up beside the columns' names.

    Example:
        >>> one_heading("<tr><th></th><th>a</th></tr><tr><th>n</th><th></th></tr>")
        '<tr><th>n</th><th>a</th></tr>'
    """
    rows = list(_ROW.finditer(head))
    if len(rows) != 2:
        return head
    first, second = (_CELL.findall(row[1]) for row in rows)
    if not first or first[0] or any(second[1:]):
        return head
    start = rows[0].start(1)
    named = _CELL.sub(lambda cell: f"<th>{second[0]}</th>", rows[0][1], count=1)
    return head[:start] + named + head[rows[0].end(1) : rows[1].start()] + head[rows[1].end() :]


class OneHeading(SphinxTransform):
    """Change the tables that cells put out."""

    default_priority = 206

    def apply(self, **kwargs: Any) -> None:
        """Change the HTML of each stored table."""
        for raw in list(self.document.findall(nodes.raw)):
            if raw.get("format") == "html" and 'class="dataframe"' in raw.astext():
                html = _TABLE.sub(lambda table: one_heading(table[0]), raw.astext())
                html = html.replace(' border="1"', "").replace(' style="text-align: right;"', "")
                raw.replace_self(nodes.raw("", html, format="html", classes=raw["classes"]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Change tables when a page is read."""
    app.add_transform(OneHeading)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

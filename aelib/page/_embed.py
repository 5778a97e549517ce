"""Parts of a page that need a script: HTML that works by itself in a notebook and once in the book.

Each output carries the runtime and its stylesheet, because a notebook may show any output alone.
The book takes both out of its pages and writes them once (``book/_ext/book_page.py``).
"""

import hashlib
import json
import re
import sys
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from aelib.page.plots._style import COLORS, DARK, LIGHT

_FOLDER = Path(__file__).parent / "runtime"
_SCRIPTS = (
    "core", "elements", "controls", "chart", "pictures", "kit", "expression", "exercises",
)  # fmt: skip


class Output:
    """HTML with words for where there is no HTML; a notebook shows it."""

    def __init__(self, html: str, plain: str) -> None:
        self.html = html
        self.plain = plain

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}

    def show(self) -> None:
        """Display it if there is a notebook or an IPython prompt to display it in."""
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            from IPython.display import display

            display(self)


@cache
def runtime() -> str:
    """The script that all explorables and exercises share, safe to run more than once in a page."""
    files = [_FOLDER / f"{name}.js" for name in _SCRIPTS]
    body = "\n".join(file.read_text(encoding="utf-8") for file in files)
    colors = json.dumps(COLORS)
    version = hashlib.sha256((body + colors).encode()).hexdigest()[:12]
    return (
        f'(() => {{\n"use strict";\nif (window.aelib?.version === "{version}") '
        "return window.aelib.mount();\n"
        f"const COLORS = {colors};\n{body}\n"
        f'window.aelib = {{ version: "{version}", mount: mountAll, explorable, uncover }};\n'
        "window.explorable = explorable;\nmountAll();\n})();\n"
    )


@cache
def stylesheet() -> str:
    """Rules for all explorables and exercises, with colors for pages that set none."""
    files = [_FOLDER / "page.css", _FOLDER / "exercises.css"]
    rules = "\n".join(file.read_text(encoding="utf-8") for file in files)
    # Dark grounds of JupyterLab, Colab and VS Code; the book sets the --figure-* variables.
    dark = '[data-jp-theme-light="false"] .aelib, html[theme="dark"] .aelib, .vscode-dark .aelib'
    return f".aelib {{ {_colors(LIGHT)} }}\n{dark} {{ {_colors(DARK)} }}\n{rules}"


def _colors(theme: dict[str, str]) -> str:
    named = {f"--aelib-{name}": f"var(--figure-{name}, {color})" for name, color in theme.items()}
    named |= {
        "--aelib-soft": "color-mix(in srgb, var(--aelib-ink) 80%, var(--aelib-paper))",
        "--aelib-edge": "color-mix(in srgb, var(--aelib-ink) 22%, var(--aelib-paper))",
        "--aelib-tint": "color-mix(in srgb, var(--aelib-ink) 3%, var(--aelib-paper))",
    }
    return " ".join(f"{name}: {value};" for name, value in named.items())


def script(name: str, code: str) -> str:
    """A script element that the book can recognize; ``</`` cannot end it early."""
    safe = code.replace("</", "<\\/")
    return f'<script data-aelib="{name}">{safe}</script>'


def common() -> str:
    """Stylesheet and runtime as elements."""
    return f'<style data-aelib="page">{stylesheet()}</style>{script("runtime", runtime())}'


def json_element(data: Any) -> str:
    """Data for a script of the page, as an element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    return f'<script type="application/json" class="aelib-data">{text}</script>'


def inline(text: str) -> str:
    r"""HTML of a sentence with ``code``, *emphasis* and $mathematics$, and nothing else.

    Example:
        >>> inline("Is $a < b$ *always* `True`?")
        'Is \\(a &lt; b\\) <em>always</em> <code>True</code>?'
    """
    parts = re.split(r"(`[^`]+`|\$[^$]+\$|\*\*[^*]+\*\*|\*[^*]+\*)", text)
    marks = {"`": ("<code>", "</code>", 1), "$": (r"\(", r"\)", 1), "*": ("<em>", "</em>", 1)}
    html = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            html += escape(part, quote=False)
            continue
        begin, end, width = marks[part[0]]
        if part.startswith("**"):
            begin, end, width = "<strong>", "</strong>", 2
        html += begin + escape(part[width:-width], quote=False) + end
    return html

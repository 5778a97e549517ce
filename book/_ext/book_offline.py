"""Pages that ask the network for nothing: MathJax comes with the book.

The package ``sphinx-mathjax-offline`` carries MathJax 3.2.2; its own extension copies all 24 MB of
it. A page needs one script, its fonts and the TeX extensions it may ask for.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util.fileutil import copy_asset

SCRIPT = "tex-mml-chtml.js"
PARTS = (
    SCRIPT,
    "output/chtml/fonts/woff-v2",
    "input/tex/extensions",
    "a11y",
    "sre/mathmaps/en.json",
)


def _mathjax() -> Path:
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.origin:
        raise ExtensionError(
            "the package sphinx-mathjax-offline, which carries MathJax, is missing"
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def use_local_copy(app: Sphinx, config: Config) -> None:
    """Point pages at the copy inside the book."""
    config.mathjax_path = f"mathjax/{SCRIPT}"


def copy_files(app: Sphinx, exception: Exception | None) -> None:
    """Copy what pages can ask for."""
    if exception is not None or app.builder.format != "html":
        return
    source, target = _mathjax(), Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        found = source / part
        if not found.exists():
            raise ExtensionError(f"sphinx-mathjax-offline has no {part}")
        if not (target / part).exists():
            os.makedirs((target / part).parent, exist_ok=True)
            into = target / part if found.is_dir() else (target / part).parent
            copy_asset(str(found), str(into))


def leave_out_thebe(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Drop the scripts of live code cells, which this book does not offer and which need a CDN.

    Jupyter Book puts them on every page, twice, so that each page logs an error.
    """
    scripts = context.get("script_files", [])
    scripts[:] = [script for script in scripts if not _is_thebe(script)]


def _is_thebe(script: Any) -> bool:
    body = str(getattr(script, "attributes", {}).get("body", ""))
    return "thebe" in str(script.filename or "") or "thebe" in body


def setup(app: Sphinx) -> dict[str, Any]:
    """Set the path early, copy at the end."""
    app.connect("config-inited", use_local_copy, priority=900)
    app.connect("html-page-context", leave_out_thebe, priority=900)
    app.connect("build-finished", copy_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

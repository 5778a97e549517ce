"""Each use of aelib in a chapter's code links to its entry in the API reference.

That is what autodoc and sphinx-codeautolink do. Two of their habits are changed here. autodoc takes
the signature of a class from its metaclass, where NNX's accepts anything; it is told to look at
``__init__``. codeautolink expects a title in every section of a page's tree;
theorems and exercises are sections without one, and it stops at them (version 0.19: "pop from
empty list"). Here it is told to pass those by, and under which
public name each class and method is documented.
"""

import importlib
import inspect
import pkgutil
from typing import Any

from docutils import nodes
from flax import nnx
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext import autodoc
from sphinx_codeautolink.extension.block import CodeBlockAnalyser

import aelib


def _has_title(section: nodes.section) -> bool:
    return any(isinstance(child, nodes.title) for child in section)


class SectionAnalyser(CodeBlockAnalyser):
    """Notes the section of a piece of code, if it is one with a title."""

    def visit_section(self, node: nodes.section) -> None:
        """Enter a titled section."""
        if _has_title(node):
            super().visit_section(node)

    def depart_section(self, node: nodes.section) -> None:
        """Leave a titled section."""
        if _has_title(node):
            super().depart_section(node)


def public_names() -> dict[str, str]:
    """From where each public class of aelib is defined, member by member, to its entry."""
    found: dict[str, str] = {}
    for wing in (aelib, aelib.lab, aelib.page):
        for module in pkgutil.iter_modules(wing.__path__, f"{wing.__name__}."):
            if module.name.split(".")[-1].startswith("_"):
                continue
            room = importlib.import_module(module.name)
            for name in getattr(room, "__all__", ()):
                thing = getattr(room, name)
                if inspect.isclass(thing) and thing.__module__ != module.name:
                    members = ["", *(f".{m}" for m in dir(thing) if not m.startswith("_"))]
                    where = f"{thing.__module__}.{thing.__qualname__}"
                    found |= {where + m: f"{module.name}.{name}{m}" for m in members}
    return found


def add_public_names(app: Sphinx, config: Config) -> None:
    """Tell codeautolink of them."""
    config.codeautolink_inventory_map = {**public_names(), **config.codeautolink_inventory_map}


def setup(app: Sphinx) -> dict[str, Any]:
    """Change the two habits, and load sphinx-codeautolink."""
    import sphinx_codeautolink.extension

    sphinx_codeautolink.extension.CodeBlockAnalyser = SectionAnalyser
    app.setup_extension("sphinx_codeautolink")
    app.connect("config-inited", add_public_names)
    call = type(nnx.Module).__call__
    autodoc._METACLASS_CALL_BLACKLIST.append(f"{call.__module__}.{call.__qualname__}")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""``{environment}``: what the book was built with, so that a number can be looked into."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

PACKAGES = (
    *("aelib", "jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn", "scikit-image"),
    *("statsmodels", "matplotlib", "jupyter-book", "Sphinx", "myst-nb"),
)

_OUTCOMES = {"✅": "passed", "❌": "failed"}


def facts(cache: Path) -> dict[str, str]:
    """Names and values of what the numbers depend on.

    Args:
        cache: folder of the executions; its name is the hash of all that they depend on.
    """
    import jax

    devices = jax.devices()
    return {
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "Platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "JAX device": f"{len(devices)} × {devices[0].device_kind} ({devices[0].platform})",
        "State of the code": cache.name,
        **{name: version(name) for name in PACKAGES},
    }


class Environment(SphinxDirective):
    """``{environment}``: a table of two columns."""

    def run(self) -> list[nodes.Node]:
        """Build the table; read again whenever the code or an installed version changes."""
        cache = Path(self.config.nb_execution_cache_path)
        rows = [
            nodes.row(
                "",
                nodes.entry("", nodes.paragraph("", name)),
                nodes.entry("", nodes.paragraph("", value)),
            )
            for name, value in facts(cache).items()
        ]
        group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in (35, 65)), cols=2)
        group += nodes.tbody("", *rows)
        return [nodes.table("", group, classes=["environment"])]


class PlainOutcomes(SphinxPostTransform):
    """Words for the pictographs in myst-nb's table of executions: not every font has them."""

    default_priority = 10  # the table is made at 9 or before

    def run(self, **kwargs: Any) -> None:
        """Replace the two signs the table uses."""
        if not list(self.document.findall(nodes.table)):
            return
        for text in list(self.document.findall(nodes.Text)):
            if text in _OUTCOMES:
                text.parent.replace(text, nodes.Text(_OUTCOMES[text]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("environment", Environment)
    app.add_post_transform(PlainOutcomes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

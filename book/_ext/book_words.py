"""Words of figures and cards in the language of an edition.

Figures and cards are drawn in English when a chapter runs. An edition in another language names
a YAML file in ``book_words``, a mapping from English words to its own, and the same stored
outputs are drawn again with those: nothing is executed a second time.
"""

from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def load_words(app: Sphinx) -> None:
    """Read the file named in the configuration, if one is."""
    words: Any = {}
    if app.config.book_words:
        path = Path(app.confdir) / app.config.book_words
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(words, dict):
            raise ExtensionError(f"{path}: expected a mapping from English words to others")
    app.env.book_words = {str(k): str(v) for k, v in words.items()}  # type: ignore[attr-defined]


def words_of(env: Any) -> dict[str, str]:
    """English words to the edition's; empty for the English edition."""
    return getattr(env, "book_words", {})


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the configuration value."""
    app.add_config_value("book_words", "", "html", [str])
    app.connect("builder-inited", load_words)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Write the repository's address into the first code cell of every notebook.

The notebooks on main carry no address: it is known only where the book is published. The publishing
workflow runs this on the branch that Colab and Binder open:

    BOOK_REPOSITORY_URL=https://… python book/_ext/stamp.py
"""

import json
import os
import sys
from pathlib import Path

BLANK = 'REPOSITORY = ""'

INSTALL_CELL = f"""\
# On Colab this installs the book's package; elsewhere it does nothing.
import importlib.util

{BLANK}
if importlib.util.find_spec("aelib") is None:
    %pip install --quiet "aelib[data] @ git+{{REPOSITORY}}"\
"""


def stamp(notebook: dict, address: str) -> dict:
    """Fill in the address in a notebook's install cell.

    Args:
        notebook: a parsed ``.ipynb``, changed in place.
        address: the https address of the repository.

    Raises:
        ValueError: if the first code cell is not the install cell.
    """
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    if "".join(cell["source"]) != INSTALL_CELL:
        raise ValueError(f"cell {cell['id']!r}: expected the install cell first, as in stamp.py")
    source = INSTALL_CELL.replace(BLANK, f'REPOSITORY = "{address}"')
    cell["source"] = source.splitlines(keepends=True)
    return notebook


def main() -> None:
    """Stamp every notebook of the book in place."""
    address = os.environ.get("BOOK_REPOSITORY_URL", "")
    if not address.startswith("https://"):
        sys.exit(f"BOOK_REPOSITORY_URL: expected an https address, got {address!r}")
    for path in sorted(Path(__file__).parents[1].rglob("*.ipynb")):
        notebook = stamp(json.loads(path.read_text(encoding="utf-8")), address)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"stamped {path.name}")


if __name__ == "__main__":
    main()

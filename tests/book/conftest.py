import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(
    0, str(ROOT / "book" / "_ext")
)  # the extensions are no package: Sphinx finds them so

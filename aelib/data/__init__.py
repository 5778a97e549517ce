"""Data: bundled by default, made with the truth known, downloaded only when asked.

:func:`load` returns a :class:`Dataset` by name, :func:`names` lists what there is.
"""

from ._column import Column as Column
from ._dataset import Dataset as Dataset
from ._dataset import Splits as Splits
from ._registry import load as load
from ._registry import names as names
from ._registry import register as register

__all__ = ["Column", "Dataset", "Splits", "load", "names", "register"]

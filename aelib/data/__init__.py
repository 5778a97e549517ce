"""Data: bundled by default, made with the truth known, downloaded only when asked.

:func:`load` returns a :class:`Dataset` by name, :func:`names` lists what there is.
"""

from aelib._column import Column as Column
from aelib.data._dataset import Dataset as Dataset
from aelib.data._dataset import Splits as Splits
from aelib.data._registry import load as load
from aelib.data._registry import names as names
from aelib.data._registry import register as register

__all__ = ["Column", "Dataset", "Splits", "load", "names", "register"]

"""Defects of a known kind, strength and place, planted on an image of your choice.

``aelib.data.load("defects")`` plants them on the bundled textures.
"""

from aelib.data._defects import KINDS as KINDS
from aelib.data._defects import plant as plant

__all__ = ["KINDS", "plant"]

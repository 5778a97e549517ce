r"""A quiet signal planted in loud noise, and what theory says about finding it.

Every example is :math:`x = s\,b\,v + \text{noise}`: a hidden bit b of -1 or +1, on a direction v of
unit length, with scale s. Under *white* noise the direction v always has the most variance, and
the question is whether n examples are enough to see it (:func:`predicted_overlap`). Under
*colored* noise some directions have more variance than the signal, and no number of examples helps.
"""

from aelib.lab.planted._data import PlantedBits as PlantedBits
from aelib.lab.planted._data import add_colored_noise as add_colored_noise
from aelib.lab.planted._data import bits_in_colored_noise as bits_in_colored_noise
from aelib.lab.planted._data import bits_in_white_noise as bits_in_white_noise
from aelib.lab.planted._data import random_directions as random_directions
from aelib.lab.planted._theory import detection_threshold as detection_threshold
from aelib.lab.planted._theory import kept_fraction as kept_fraction
from aelib.lab.planted._theory import predicted_overlap as predicted_overlap
from aelib.lab.planted._theory import whitening as whitening

__all__ = [
    "PlantedBits",
    "add_colored_noise",
    "bits_in_colored_noise",
    "bits_in_white_noise",
    "detection_threshold",
    "kept_fraction",
    "predicted_overlap",
    "random_directions",
    "whitening",
]

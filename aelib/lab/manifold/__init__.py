"""Along and off a manifold: how codes and reconstructions react to changes of an example.

:func:`jacobians` differentiates codes, :func:`sensitivity` splits them into a part along known
tangents and a part off them, :func:`intrinsic_dimension` estimates how many directions there are,
and :func:`noise_expansion` says what training on noisy examples adds to the error.
"""

from aelib.lab.manifold._dimension import intrinsic_dimension as intrinsic_dimension
from aelib.lab.manifold._expansion import NoiseExpansion as NoiseExpansion
from aelib.lab.manifold._expansion import noise_expansion as noise_expansion
from aelib.lab.manifold._sensitivity import Sensitivity as Sensitivity
from aelib.lab.manifold._sensitivity import jacobians as jacobians
from aelib.lab.manifold._sensitivity import sensitivity as sensitivity

__all__ = [
    "NoiseExpansion",
    "Sensitivity",
    "intrinsic_dimension",
    "jacobians",
    "noise_expansion",
    "sensitivity",
]

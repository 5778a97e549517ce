"""Autoencoder losses that say what they mean: exact, in nats, in JAX and Flax.

Three wings. The library: :mod:`aelib.losses`, :mod:`aelib.likelihoods`, :mod:`aelib.models`,
:mod:`aelib.penalties`, :mod:`aelib.data`, :mod:`aelib.training`, :mod:`aelib.pca`,
:mod:`aelib.anomaly`, :mod:`aelib.denoising`, :mod:`aelib.adversarial` and
:mod:`aelib.perceptual`. :mod:`aelib.lab`: what only a chapter of the book or its lab measures
with. :mod:`aelib.page`: what draws on the book's pages. A module is imported when it is first used.

A fair coin is worth ln 2 nats of surprise.

Example:
    >>> import aelib
    >>> import jax.numpy as jnp
    >>> aelib.losses.bernoulli_nll(jnp.array([0.0]), jnp.array([1.0])).round(3)
    Array([0.693], dtype=float32)
"""

from typing import TYPE_CHECKING

from aelib._lazy import attach
from aelib._version import __version__ as __version__

if TYPE_CHECKING:
    import aelib.adversarial as adversarial
    import aelib.anomaly as anomaly
    import aelib.data as data
    import aelib.denoising as denoising
    import aelib.lab as lab
    import aelib.likelihoods as likelihoods
    import aelib.losses as losses
    import aelib.models as models
    import aelib.page as page
    import aelib.pca as pca
    import aelib.penalties as penalties
    import aelib.perceptual as perceptual
    import aelib.training as training

__all__ = [
    "adversarial",
    "anomaly",
    "data",
    "denoising",
    "lab",
    "likelihoods",
    "losses",
    "models",
    "page",
    "pca",
    "penalties",
    "perceptual",
    "training",
]

__getattr__ = attach(__name__, __all__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

"""Autoencoder losses that say what they mean: exact, in nats, in JAX and Flax.

The rooms, each of which imports only those before it: :mod:`aelib.losses`,
:mod:`aelib.likelihoods`, :mod:`aelib.models`, :mod:`aelib.penalties`, :mod:`aelib.data`,
:mod:`aelib.training`, :mod:`aelib.code_length`, :mod:`aelib.pca`, :mod:`aelib.anomaly`,
:mod:`aelib.denoising`, :mod:`aelib.adversarial`, :mod:`aelib.perceptual`, :mod:`aelib.probes`,
:mod:`aelib.sparse`, :mod:`aelib.manifold`, :mod:`aelib.rate_distortion`, :mod:`aelib.claims` and
:mod:`aelib.plots`. A room is imported when it is first used, so ``import aelib`` costs nothing that
is not needed.

A fair coin is worth ln 2 nats of surprise:

>>> import aelib
>>> import jax.numpy as jnp
>>> aelib.losses.bernoulli_nll(jnp.array([0.0]), jnp.array([1.0])).round(3)
Array([0.693], dtype=float32)
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aelib.adversarial as adversarial
    import aelib.anomaly as anomaly
    import aelib.claims as claims
    import aelib.code_length as code_length
    import aelib.data as data
    import aelib.denoising as denoising
    import aelib.likelihoods as likelihoods
    import aelib.losses as losses
    import aelib.manifold as manifold
    import aelib.models as models
    import aelib.pca as pca
    import aelib.penalties as penalties
    import aelib.perceptual as perceptual
    import aelib.plots as plots
    import aelib.probes as probes
    import aelib.rate_distortion as rate_distortion
    import aelib.sparse as sparse
    import aelib.training as training

__version__ = "0.1.0"
__all__ = [
    "adversarial",
    "anomaly",
    "claims",
    "code_length",
    "data",
    "denoising",
    "likelihoods",
    "losses",
    "manifold",
    "models",
    "pca",
    "penalties",
    "perceptual",
    "plots",
    "probes",
    "rate_distortion",
    "sparse",
    "training",
]


def __getattr__(name: str) -> ModuleType:
    """Import a room the first time it is asked for."""
    if name in __all__:
        return importlib.import_module(f"aelib.{name}")
    raise AttributeError(f"module 'aelib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

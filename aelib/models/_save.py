"""Write a model to a file: its parameters, and the builder that makes it again."""

import os
from typing import Any

from flax import nnx

from aelib import _storage
from aelib.models._architecture import BUILDERS, Architecture


def save(
    model: nnx.Module, architecture: Architecture | None, path: str | os.PathLike[str]
) -> None:
    """Write a model's parameters and architecture; see :meth:`aelib.models.Autoencoder.save`."""
    about = describe(model, architecture)
    _storage.write(path, "model", about, _storage.variables(model))


def describe(model: nnx.Module, architecture: Architecture | None) -> dict[str, Any]:
    """What a file has to say so that the builder makes the model again.

    Raises:
        ValueError: if no builder makes it, or not as it is now.
    """
    if architecture is None or architecture.name not in BUILDERS:
        raise ValueError(
            "model: only a model made by a builder of aelib.models can be saved, since the file "
            f"says how to make it again; got {model!r}"
        )
    arguments = dict(architecture.arguments)
    again = BUILDERS[architecture.name](**arguments, rngs=nnx.Rngs(0))
    _storage.require_made("model", model, again, architecture.name)
    return {"architecture": architecture.name, "arguments": arguments}

"""Read a model from a file that :meth:`aelib.models.Autoencoder.save` wrote."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from aelib import _storage
from aelib.models._architecture import BUILDERS
from aelib.models._autoencoder import Autoencoder


def load(path: str | os.PathLike[str]) -> Autoencoder:
    """Read a model that :meth:`aelib.models.Autoencoder.save` wrote.

    Nothing in the file is executed: it names one of the builders of this package and gives its
    arguments.

    Args:
        path: the file.

    Returns:
        The model, with the types it was saved with.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated or damaged, in another format, of an unknown architecture, or
            in float64 while x64 is off.

    Example:
        >>> import tempfile, pathlib
        >>> from flax import nnx
        >>> import aelib
        >>> model = aelib.models.linear(4, 2, rngs=nnx.Rngs(0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(pathlib.Path(folder) / "model.safetensors")
        ...     aelib.models.load(pathlib.Path(folder) / "model.safetensors")
        Autoencoder(linear: [4] -> 2 | 4 -> [4]; 22 parameters, float32)
    """
    return rebuild(*_storage.read(path, "model"))


def rebuild(
    path: Path, about: Mapping[str, Any], tensors: Mapping[str, np.ndarray], prefix: str = ""
) -> Autoencoder:
    """The model that a file describes.

    Raises:
        ValueError: if the description is of no model of this package, or the arrays do not fit it.
    """
    try:
        name, arguments = about["architecture"], about["arguments"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: its description of the model cannot be read") from error
    if name not in BUILDERS:
        known = ", ".join(BUILDERS)
        raise ValueError(f"{path}: unknown architecture {name!r}; this aelib knows {known}")
    try:
        model: Autoencoder = BUILDERS[name](**arguments, rngs=nnx.Rngs(0))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot build {name}({arguments}): {error}") from error
    _storage.fill(model, tensors, path, prefix)
    return model

"""Read a model from a file that :meth:`aelib.models.Autoencoder.save` wrote."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib._version import __version__
from aelib.models._architecture import BUILDERS
from aelib.models._autoencoder import Autoencoder
from aelib.models._save import FORMAT, KEY, checksum, named_parameters, parameters, tensor_name


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
    import safetensors

    path = Path(path)
    with path.open("rb"):
        pass  # a missing or unreadable file says so itself
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a whole safetensors file ({error})") from error
    model = _build(path, metadata, tensors)
    expected = named_parameters(model)
    found = {name: value.shape for name, value in tensors.items()}
    if found != {name: value.shape for name, value in expected.items()}:
        differing = sorted(
            name
            for name in expected.keys() | found.keys()
            if name not in expected or found.get(name) != expected[name].shape
        )
        raise ValueError(f"{path}: its tensors do not fit its architecture: {', '.join(differing)}")

    def stored(key: tuple[Any, ...], leaf: jax.Array) -> jax.Array:
        return jnp.asarray(tensors[tensor_name(key)], leaf.dtype)

    nnx.update(model, jax.tree.map_with_path(stored, parameters(model)))
    return model


def _build(
    path: Path, metadata: Mapping[str, str], tensors: Mapping[str, np.ndarray]
) -> Autoencoder:
    """The model that the header describes, with parameters yet to be filled in."""
    if KEY not in metadata:
        raise ValueError(f"{path}: a safetensors file, but not one that aelib's model.save wrote")
    try:
        about = json.loads(metadata[KEY])
        version, name, arguments = about["format"], about["architecture"], about["arguments"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: its description of the model cannot be read") from error
    if version != FORMAT:
        raise ValueError(
            f"{path}: format {version!r}, written by aelib {about.get('aelib')}; this aelib "
            f"({__version__}) reads format {FORMAT}"
        )
    if about.get("checksum") != checksum(about, tensors):
        raise ValueError(f"{path}: damaged, its content does not have the checksum it names")
    if name not in BUILDERS:
        known = ", ".join(BUILDERS)
        raise ValueError(f"{path}: unknown architecture {name!r}; this aelib knows {known}")
    try:
        return BUILDERS[name](**arguments, rngs=nnx.Rngs(0))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot build {name}({arguments}): {error}") from error

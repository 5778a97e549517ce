"""Write a model to a file: numbers and their architecture in safetensors, never pickle."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from jaxtyping import PyTree

from aelib._version import __version__
from aelib.models._architecture import BUILDERS, Architecture

FORMAT = 1
KEY = "aelib.model"


def save(
    model: nnx.Module, architecture: Architecture | None, path: str | os.PathLike[str]
) -> None:
    """Write a model's parameters and architecture; see :meth:`aelib.models.Autoencoder.save`."""
    from safetensors.numpy import save as to_bytes  # only now, as most programs never save

    if architecture is None or architecture.name not in BUILDERS:
        raise ValueError(
            "model: only a model made by a builder of aelib.models can be saved, since the file "
            f"says how to make it again; got {model!r}"
        )
    arguments = dict(architecture.arguments)
    if nnx.graphdef(BUILDERS[architecture.name](**arguments, rngs=nnx.Rngs(0))) != nnx.graphdef(
        model
    ):
        raise ValueError(
            "model: expected one that is as its builder made it, but for its parameters; it was "
            f"changed after {architecture.name} had made it, and the change would be lost"
        )
    tensors = {name: np.asarray(value) for name, value in named_parameters(model).items()}
    about = {
        "format": FORMAT,
        "architecture": architecture.name,
        "arguments": arguments,
        "aelib": __version__,
    }
    about["checksum"] = checksum(about, tensors)
    data = to_bytes(tensors, metadata={KEY: json.dumps(about)})
    _write_whole(Path(path), data)


def checksum(about: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of all that a file says, but for the checksum itself."""
    digest = hashlib.sha256()
    described = {key: value for key, value in about.items() if key != "checksum"}
    digest.update(json.dumps(described, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()


def parameters(model: nnx.Module) -> PyTree:
    """All that is trained, as a tree of arrays."""
    return nnx.as_pure(nnx.state(model, nnx.Param))


def named_parameters(model: nnx.Module) -> dict[str, jax.Array]:
    """The same by the names that they have in the file, such as ``encoder.layers.0.weight``."""
    leaves = jax.tree_util.tree_leaves_with_path(parameters(model))
    return {tensor_name(path): value for path, value in leaves}


def tensor_name(path: tuple[Any, ...]) -> str:
    """A path into the tree as it is written in the file."""
    return jax.tree_util.keystr(path, simple=True, separator=".")


def _write_whole(path: Path, data: bytes) -> None:
    """Write all of ``data`` under a temporary name beside ``path``, then rename."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

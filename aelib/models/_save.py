"""Write a model to a file: numbers and their architecture in safetensors, never pickle."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

import aelib
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
    about = {
        "format": FORMAT,
        "architecture": architecture.name,
        "arguments": dict(architecture.arguments),
        "aelib": aelib.__version__,
    }
    tensors = {name: np.asarray(value) for name, value in named_parameters(model).items()}
    data = to_bytes(tensors, metadata={KEY: json.dumps(about)})
    _write_whole(Path(path), data)


def parameters(model: nnx.Module) -> Any:
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

"""Models as files: numbers and their architecture in safetensors, never pickle."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import aelib
from aelib.models._autoencoder import Autoencoder
from aelib.models._build import linear, mlp, tied
from aelib.models._conv import conv
from aelib.models._table import table

FORMAT = 1
KEY = "aelib.model"

#: Builders that a file may name. A file can do no more than call one of these with JSON values.
BUILDERS: Mapping[str, Callable[..., Autoencoder]] = MappingProxyType(
    {"linear": linear, "tied": tied, "mlp": mlp, "conv": conv, "table": table}
)


def save(model: Autoencoder, path: str | os.PathLike[str]) -> None:
    """Write ``model`` to ``path``; see :meth:`aelib.models.Autoencoder.save`."""
    from safetensors.numpy import save as to_bytes  # only now, as most programs never save

    architecture = model.architecture
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
    tensors = {name: np.asarray(value) for name, value in _named(model).items()}
    data = to_bytes(tensors, metadata={KEY: json.dumps(about)})
    _write_whole(Path(path), data)


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
        ValueError: if it is truncated, in another format, of an unknown architecture, or in float64
            while x64 is off.

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
    model = _build(path, metadata)
    expected = _named(model)
    found = {name: value.shape for name, value in tensors.items()}
    if found != {name: value.shape for name, value in expected.items()}:
        differing = sorted(
            name
            for name in expected.keys() | found.keys()
            if name not in expected or found.get(name) != expected[name].shape
        )
        raise ValueError(f"{path}: its tensors do not fit its architecture: {', '.join(differing)}")
    paths = jax.tree_util.tree_flatten_with_path(_parameters(model))
    leaves = [jnp.asarray(tensors[_name(key)], expected[_name(key)].dtype) for key, _ in paths[0]]
    nnx.update(model, jax.tree.unflatten(paths[1], leaves))
    return model


def _build(path: Path, metadata: Mapping[str, str]) -> Autoencoder:
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
            f"({aelib.__version__}) reads format {FORMAT}"
        )
    if name not in BUILDERS:
        known = ", ".join(BUILDERS)
        raise ValueError(f"{path}: unknown architecture {name!r}; this aelib knows {known}")
    try:
        return BUILDERS[name](**arguments, rngs=nnx.Rngs(0))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: cannot build {name}({arguments}): {error}") from error


def _parameters(model: Autoencoder) -> Any:
    return nnx.as_pure(nnx.state(model, nnx.Param))


def _named(model: Autoencoder) -> dict[str, jax.Array]:
    leaves = jax.tree_util.tree_leaves_with_path(_parameters(model))
    return {_name(key): value for key, value in leaves}


def _name(key: tuple[Any, ...]) -> str:
    """``encoder.layers.0.weight``."""
    return jax.tree_util.keystr(key, simple=True, separator=".")


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

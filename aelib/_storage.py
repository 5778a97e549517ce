"""Files that keep what was trained, for every room: arrays and a description, never pickle.

A file is plain safetensors. Its metadata hold one text of JSON: what the file keeps, how to make
that again by calling functions of this package, and a checksum of all of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aelib._version import __version__

if TYPE_CHECKING:
    import jax
    from flax import nnx

FORMAT = 1
_PREFIX = "aelib."
#: What a file can keep, and what reads it.
KINDS = {
    "model": "aelib.models.load",
    "fit": "aelib.training.load",
    "detector": "the load of its class in aelib.anomaly",
    "classifier": "aelib.perceptual.SmallFeatures.load",
    "pca": "aelib.pca.PCA.load",
    "denoiser": "aelib.denoising.Denoiser.load",
}


def write(
    path: str | os.PathLike[str],
    kind: str,
    about: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray],
) -> None:
    """Write a file under a temporary name and rename it: it is there as a whole, or not at all.

    Args:
        path: where; an existing file is replaced.
        kind: one of :data:`KINDS`.
        about: JSON values.
        tensors: arrays by name.

    Raises:
        ValueError: if the description holds something else than JSON values.
    """
    from safetensors.numpy import save as to_bytes  # only now, as most programs never save

    described = {"format": FORMAT, "aelib": __version__, **about}
    arrays = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
    described["checksum"] = checksum(described, arrays)
    _write_whole(Path(path), to_bytes(arrays, metadata={_PREFIX + kind: json.dumps(described)}))


def read(
    path: str | os.PathLike[str], kind: str
) -> tuple[Path, dict[str, Any], dict[str, np.ndarray]]:
    """Read such a file.

    Returns:
        The path, for messages, the description and the arrays.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated or damaged, of another kind or in another format.
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
    found = [name for name in KINDS if _PREFIX + name in metadata]
    if not found:
        raise ValueError(f"{path}: a safetensors file, but not one that aelib wrote")
    if kind not in found:
        raise ValueError(f"{path}: holds a {found[0]}, not a {kind}; {KINDS[found[0]]} reads it")
    try:
        about = json.loads(metadata[_PREFIX + kind])
        version = about["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: its description of the {kind} cannot be read") from error
    if version != FORMAT:
        raise ValueError(
            f"{path}: format {version!r}, written by aelib {about.get('aelib')}; this aelib "
            f"({__version__}) reads format {FORMAT}"
        )
    if about.get("checksum") != checksum(about, tensors):
        raise ValueError(f"{path}: damaged, its content does not have the checksum it names")
    return path, about, tensors


def checksum(about: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of all that a file says, but for the checksum itself."""
    digest = hashlib.sha256()
    described = {key: value for key, value in about.items() if key != "checksum"}
    try:
        digest.update(json.dumps(described, sort_keys=True).encode())
    except (TypeError, ValueError) as error:
        raise ValueError(f"save: expected settings that JSON can hold; {error}") from None
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()


def require_made(name: str, module: nnx.Module, again: nnx.Module, maker: str) -> None:
    """Refuse a module that is not what a file would make again, but for its numbers.

    Args:
        name: what it is, for the message.
        module: the module to keep.
        again: what the file's description makes.
        maker: what made it.

    Raises:
        ValueError: if they differ in more than the values of their variables.
    """
    from flax import nnx

    shapes = [{k: v.shape for k, v in variables(each).items()} for each in (module, again)]
    if nnx.graphdef(module) != nnx.graphdef(again) or shapes[0] != shapes[1]:
        raise ValueError(
            f"{name}: expected one that is as {maker} made it, but for what it has learned; it was "
            "changed afterwards, and the change would be lost"
        )


def variables(module: nnx.Module, prefix: str = "") -> dict[str, np.ndarray]:
    """All variables of a module, by the names they have in a file (``encoder.layers.0.weight``)."""
    import jax
    from flax import nnx

    leaves = jax.tree_util.tree_leaves_with_path(nnx.as_pure(nnx.state(module)))
    return {prefix + _name(path): np.asarray(value) for path, value in leaves}


def fill(
    module: nnx.Module, tensors: Mapping[str, np.ndarray], path: Path, prefix: str = ""
) -> None:
    """Put the arrays of a file into a module that was made anew.

    Args:
        module: a module of the same structure; it is changed.
        tensors: the arrays; those whose names begin otherwise are left out.
        path: the file, for messages.
        prefix: what their names begin with.

    Raises:
        ValueError: if names, shapes or types are not those of the module's variables.
    """
    import jax
    import jax.numpy as jnp
    from flax import nnx

    expected = {name: value.shape for name, value in variables(module, prefix).items()}
    given = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    found = {name: value.shape for name, value in given.items()}
    if found != expected:
        differing = sorted(
            name
            for name in expected.keys() | found.keys()
            if name not in expected or found.get(name) != expected[name]
        )
        raise ValueError(f"{path}: its tensors do not fit its architecture: {', '.join(differing)}")

    def stored(key: tuple[Any, ...], leaf: jax.Array) -> jax.Array:
        tensor = given[prefix + _name(key)]
        value = jnp.asarray(tensor)
        if value.dtype != tensor.dtype or jnp.issubdtype(leaf.dtype, jnp.floating) != (
            jnp.issubdtype(tensor.dtype, jnp.floating)
        ):
            raise ValueError(
                f"{path}: {prefix}{_name(key)} is stored in {tensor.dtype}, expected {leaf.dtype}"
                + ("; float64 needs x64" if tensor.dtype == np.float64 else "")
            )
        return value

    state = nnx.as_pure(nnx.state(module))
    nnx.update(module, jax.tree.map_with_path(stored, state))


def _name(path: tuple[Any, ...]) -> str:
    import jax

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

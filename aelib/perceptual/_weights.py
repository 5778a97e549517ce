"""VGG16's weights: from safetensors or a state dict, in timm's names or torchvision's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import safetensors
from flax import nnx

from aelib._checks import require_all
from aelib.data._fetch import Remote, data_folder, local_file
from aelib.perceptual._layout import STEPS, check_taps
from aelib.perceptual._vgg import DEFAULT_TAPS, HEAD_WIDTHS, VGG16, WIDTHS, convolution_shapes

#: timm's copy of torchvision's first ImageNet weights, at one fixed revision. The hash is the one
#: that Hugging Face shows for the file.
TIMM_VGG16 = Remote(
    "https://huggingface.co/timm/vgg16.tv_in1k/resolve/"
    "3394518cba29aee1ea82a49d971be90d2dd1dab7/model.safetensors",
    "57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
    553_000_000,
)
_PICKLED = (".pth", ".pt", ".bin", ".pkl", ".ckpt")


def load_vgg16(
    weights: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    taps: Iterable[str] = DEFAULT_TAPS,
    head: bool = False,
    download: bool = False,
    root: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    widths: Sequence[int] = WIDTHS,
    head_widths: Sequence[int] = HEAD_WIDTHS,
) -> VGG16:
    """VGG16 with trained weights.

    Without ``weights`` it is ``timm/vgg16.tv_in1k``, a file of 553 MB which is fetched only with
    ``download=True``, and then kept as ``vgg16.tv_in1k/model.safetensors`` in the data folder.

    The tensors may be in timm's layout or in torchvision's. Pickled checkpoints (``.pth``) are not
    read, since unpickling runs what is in them; with PyTorch, turn one into safetensors::

        state = torch.load("vgg16-397923af.pth", weights_only=True)
        safetensors.torch.save_file(state, "vgg16.safetensors")

    Args:
        weights: path to a safetensors file; or a state dict that has been read already, name ->
            array or tensor; or None for timm's file.
        taps: the taps by default; see :class:`VGG16`.
        head: whether to read the three fully connected layers as well.
        download: whether timm's file may be fetched.
        root: folder of downloaded files, instead of the default.
        sha256: hash, in hexadecimal, that the file at ``weights`` must have; None takes it as it
            is. timm's file is always checked.
        widths: channels in each of the five blocks.
        head_widths: outputs of the three fully connected layers.

    Returns:
        The network, in float32.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a tap is unknown, the file is not a whole safetensors file or has the wrong
            hash, or a tensor is missing, has the wrong shape or values that are not finite; the
            message names it.
        ConnectionError: if the file could not be fetched.

    Example:
        A network of one channel in each layer, from tensors in torchvision's layout:

        >>> import numpy as np
        >>> state = {}
        >>> for layer in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28):
        ...     shape = (1, 3 if layer == 0 else 1, 3, 3)
        ...     state[f"features.{layer}.weight"] = np.ones(shape, np.float32)
        ...     state[f"features.{layer}.bias"] = np.zeros(1, np.float32)
        >>> network = load_vgg16(state, taps=("relu2_2",), widths=(1, 1, 1, 1, 1))
        >>> network(np.zeros((2, 32, 32, 3), np.float32))[0].shape
        (2, 16, 16, 1)
    """
    taps = check_taps(taps, head=head)
    if weights is None:
        if sha256 is not None:
            raise ValueError("sha256: timm's file has its own; give it with a path in weights")
        weights = local_file(TIMM_VGG16, data_folder(root) / "vgg16.tv_in1k", download=download)
    elif sha256 is not None:
        _check_hash(weights, sha256)
    shapes = convolution_shapes(widths, head_widths if head else None)
    convolutions = [step for step in STEPS if step.kind == "conv"]
    parameters: list[tuple[np.ndarray, np.ndarray]] = []
    with _opened(weights) as (source, names, read):
        for step, (side, inputs, outputs) in zip(convolutions, shapes, strict=False):
            name = next((name for name in step.names[1:] if f"{name}.weight" in names), None)
            if name is None:
                given = " or ".join(dict.fromkeys(f"{name}.weight" for name in step.names[1:]))
                raise ValueError(f"{source}: has no tensor {given}")
            kernel = (outputs, inputs, side, side)
            flat = name in ("head.fc", *(f"classifier.{n}" for n in (0, 3, 6)))
            stored = (outputs, inputs * side * side) if flat else kernel
            weight = _tensor(source, names, read, f"{name}.weight", stored)
            bias = _tensor(source, names, read, f"{name}.bias", (outputs,))
            # [out, in, kh, kw] -> [kh, kw, in, out]; a flattened image is in the order c, h, w.
            parameters.append((weight.reshape(kernel).transpose(2, 3, 1, 0), bias))
    return _network(parameters, taps, widths, head, head_widths)


def _network(
    parameters: list[tuple[np.ndarray, np.ndarray]],
    taps: tuple[str, ...],
    widths: Sequence[int],
    head: bool,
    head_widths: Sequence[int],
) -> VGG16:
    """A network around these parameters; no random ones are drawn."""

    def make() -> VGG16:
        return VGG16(taps=taps, widths=widths, head=head, head_widths=head_widths, rngs=nnx.Rngs(0))

    network = nnx.eval_shape(make)
    for layer, (weight, bias) in zip(network.convolutions, parameters, strict=True):
        layer.weight.set_value(jnp.asarray(weight))
        layer.bias.set_value(jnp.asarray(bias))
    return network


@contextmanager
def _opened(weights: Any) -> Iterator[tuple[str, set[str], Callable[[str], Any]]]:
    """Open weights: a name for messages, the tensors' names, and a function that reads one."""
    if isinstance(weights, Mapping):
        yield "weights", set(weights), weights.__getitem__
        return
    path = Path(weights).expanduser()
    if path.suffix in _PICKLED:
        raise ValueError(
            f"{path}: a pickled checkpoint, which is not read since reading it may run code; "
            "convert it with safetensors.torch.save_file (see load_vgg16)"
        )
    with path.open("rb"):
        pass  # a missing or unreadable file says so itself
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            yield str(path), set(file.keys()), file.get_tensor
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a whole safetensors file ({error})") from error


def _tensor(
    source: str, names: set[str], read: Callable[[str], Any], name: str, shape: tuple[int, ...]
) -> np.ndarray:
    """One tensor in float32, of the shape it must have."""
    if name not in names:
        raise ValueError(f"{source}: has no tensor {name}")
    value = read(name)
    if hasattr(value, "detach"):  # a PyTorch tensor or parameter
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.shape != shape:
        raise ValueError(f"{source}: {name}: expected shape {shape}, got {array.shape}")
    array = array.astype(np.float32)
    require_all(f"{source}: {name}", array, np.isfinite(array), "finite values")
    return array


def _check_hash(weights: Any, expected: str) -> None:
    if isinstance(weights, Mapping):
        raise ValueError("sha256: is the hash of a file, and weights is a state dict")
    with Path(weights).expanduser().open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected.lower():
        raise ValueError(f"{weights}: expected SHA-256 {expected}, got {found}")

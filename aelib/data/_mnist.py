"""MNIST and Fashion-MNIST, fetched when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from aelib.data._binarize import binarize as to_black_and_white
from aelib.data._dataset import Dataset
from aelib.data._fetch import Remote, data_folder, local_file
from aelib.data._idx import read_idx
from aelib.data._split import shuffle_keys

_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_FASHION = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"

# SHA-256 as published in TensorFlow Datasets (tensorflow_datasets/url_checksums/mnist.txt and
# fashion_mnist.txt); the same bytes are mirrored in several places.
MNIST_FILES = {
    "train images": Remote(
        f"{_MNIST}train-images-idx3-ubyte.gz",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9912422,
    ),
    "train labels": Remote(
        f"{_MNIST}train-labels-idx1-ubyte.gz",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28881,
    ),
    "test images": Remote(
        f"{_MNIST}t10k-images-idx3-ubyte.gz",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1648877,
    ),
    "test labels": Remote(
        f"{_MNIST}t10k-labels-idx1-ubyte.gz",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4542,
    ),
}
FASHION_FILES = {
    "train images": Remote(
        f"{_FASHION}train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        26421880,
    ),
    "train labels": Remote(
        f"{_FASHION}train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        29515,
    ),
    "test images": Remote(
        f"{_FASHION}t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        4422102,
    ),
    "test labels": Remote(
        f"{_FASHION}t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        5148,
    ),
}


def load_mnist(
    *,
    root: str | PathLike[str] | None = None,
    download: bool = False,
    binarize: str | float | None = None,
) -> Dataset:
    """70,000 handwritten digits, 28 × 28 pixels; the published test set is the default test part.

    Args:
        root: folder that holds the four ``.gz`` files, or in which to keep them under ``mnist``.
        download: whether they may be fetched (12 MB).
        binarize: ``"otsu"`` or a threshold in [0, 1); values above it become 1 (ink).
    """
    return idx_dataset(
        MNIST_FILES,
        "mnist",
        root=root,
        download=download,
        binarize=binarize,
        label_names=tuple("0123456789"),
        source=f"Y. LeCun, C. Cortes and C. J. C. Burges, MNIST; mirror {_MNIST}",
        license="CC-BY-SA-3.0",
        citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning "
        "applied to document recognition, Proceedings of the IEEE 86(11), 2278-2324, "
        "doi:10.1109/5.726791",
        description="Digits by about 500 writers; the writers of the published test set are "
        "others than those of the training set.",
    )


def load_fashion_mnist(
    *,
    root: str | PathLike[str] | None = None,
    download: bool = False,
    binarize: str | float | None = None,
) -> Dataset:
    """70,000 pictures of clothes in ten classes, in the shape and format of MNIST.

    Args:
        root: folder that holds the four ``.gz`` files, or in which to keep them under
            ``fashion_mnist``.
        download: whether they may be fetched (31 MB).
        binarize: ``"otsu"`` or a threshold in [0, 1); values above it become 1.
    """
    classes = "T-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot"
    return idx_dataset(
        FASHION_FILES,
        "fashion_mnist",
        root=root,
        download=download,
        binarize=binarize,
        label_names=tuple(classes.split(",")),
        source=f"Zalando Research, Fashion-MNIST; {_FASHION}",
        license="MIT",
        citation="H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST: a novel image dataset "
        "for benchmarking machine learning algorithms, arXiv:1708.07747",
        description="Photographs of clothes from a shop, on a dark ground.",
    )


def idx_dataset(
    files: Mapping[str, Remote],
    name: str,
    *,
    root: str | PathLike[str] | None = None,
    download: bool = False,
    binarize: str | float | None = None,
    **about: Any,
) -> Dataset:
    """A dataset from four IDX files in the manner of MNIST.

    The default split has the published test set as its test part; as many examples as that, taken
    from the published training set by a fixed shuffle, are for validation.

    Args:
        files: ``"train images"``, ``"train labels"``, ``"test images"`` and ``"test labels"``.
        name: name of the dataset and of its folder.
        root: folder that holds the files, or the folder named after the dataset.
        download: whether missing or broken files may be fetched.
        binarize: ``None``, ``"otsu"`` or a threshold.
        **about: the remaining fields of :class:`Dataset`.

    Raises:
        FileNotFoundError: if files are missing and may not be fetched.
        ValueError: if a file is broken, or images and labels do not match.
    """
    if binarize == "sauvola":
        raise ValueError(f"binarize: expected 'otsu' or a threshold for {name}, got 'sauvola'")
    folder = data_folder(root)
    if root is None or not (folder / files["train images"].filename).is_file():
        folder = folder / name
    arrays = {
        key: read_idx(local_file(remote, folder, download=download))
        for key, remote in files.items()
    }
    for part in ("train", "test"):
        _check_pair(arrays[f"{part} images"], arrays[f"{part} labels"], f"{name}, {part}")
    images = np.concatenate([arrays["train images"], arrays["test images"]])
    labels = np.concatenate([arrays["train labels"], arrays["test labels"]])
    x = images.astype(np.float32) / np.float32(255)
    units = "ink, 0 = ground, 1 = full (8-bit values / 255)"
    metadata: dict[str, Any] = {}
    if binarize is not None:
        x, threshold, rule = to_black_and_white(x, binarize)
        units = f"1 = ink, 0 = ground ({rule})"
        metadata = {"binarize": rule, "threshold": threshold}
    num_test = len(arrays["test labels"])
    num_train = len(labels) - num_test
    parts = np.repeat(np.array([0, 2], dtype=np.int8), [num_train, num_test])
    order = np.argsort(shuffle_keys(num_train, f"{name}/validation"), kind="stable")
    parts[order[: min(num_test, num_train // 2)]] = 1
    return Dataset(
        name=name,
        x=x.reshape(len(x), -1),
        labels=labels.astype(np.int32),
        shape=x.shape[1:],
        units=units,
        parts=parts,
        metadata=metadata,
        **about,
    )


def _check_pair(images: np.ndarray, labels: np.ndarray, where: str) -> None:
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise ValueError(
            f"{where}: expected images [n, h, w] and labels [n], got {images.shape} "
            f"and {labels.shape}"
        )

"""The folder layout of MVTec AD: normal pictures to train on, defective ones with masks to test."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib.data._dataset import Dataset
from aelib.data._fetch import data_folder
from aelib.data._pictures import read_mask, read_pictures
from aelib.data._split import shuffle_keys

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".webp")
# Pictures that are not read; left out in silence, they would be missing.
_OTHER_ENDINGS = (".avif", ".dcm", ".exr", ".gif", ".hdr", ".heic", ".heif", ".jp2", ".npy", ".raw")
_GOOD = "good"
_PAGE = "https://www.mvtec.com/company/research/datasets/mvtec-ad"
_VALIDATION = 0.15


class _ImageFile(NamedTuple):
    """A picture, what is wrong with it, the mask of where, and the part it was published in."""

    file: Path
    kind: str
    mask: Path | None
    train: bool


def load_mvtec(
    *,
    root: str | PathLike[str] | None = None,
    download: bool = False,
    category: str | None = None,
    size: int | tuple[int, int] | None = 256,
    gray: bool = False,
    bits: int | None = None,
) -> Dataset:
    """Pictures in the folders of MVTec AD, or your own in the same folders.

    ``train/good`` holds normal pictures, ``test/good`` and ``test/<defect>`` what to test with, and
    ``ground_truth/<defect>/<name>_mask.png`` says where ``test/<defect>/<name>.png`` is defective
    (anything but black). The default split is the published one; of the training pictures a fixed
    15 % are for validation, so that a threshold can be had from normal examples not trained on.

    Args:
        root: the folder of one category, or the one that holds them (or its parent).
        download: refused: the files have to be fetched by hand.
        category: which, such as ``"bottle"``; None where there is only one.
        size: height and width to scale pictures to (a side for squares); None leaves them as they
            are. A mask's pixel is True if any part of it was.
        gray: whether color is turned to gray.
        bits: bits that 16-bit pictures use; None for the fewest of 8, 10, 12, 14 and 16 that hold
            all of them. Values are divided by the largest number of so many bits. Floating-point
            pictures have to be in [0, 1].

    Returns:
        Values in [0, 1], ``[n, h·w(·3)]``; label 0 is ``"good"``. Extras: ``mask`` ``[n, h·w]``
        (True = defective) and ``file``, the path of each picture in the category's folder.

    Raises:
        FileNotFoundError: if a folder, its pictures or a mask is missing.
        ValueError: if a category or folder is unknown, sizes or depths differ, or a picture is
            transparent or out of range.
        ModuleNotFoundError: without Pillow.
    """
    if download:
        raise ValueError(
            f"download: mvtec cannot be fetched by a program; get it from {_PAGE} and give its "
            "folder as root"
        )
    folder = _category_folder(data_folder(root), category)
    examples = _find(folder)
    kinds = (_GOOD, *sorted({example.kind for example in examples} - {_GOOD}))
    pictures = read_pictures([example.file for example in examples], size, gray=gray, bits=bits)
    images = pictures.values
    height, width = images.shape[1:3]
    masks = np.zeros((len(examples), height, width), bool)
    for row, example in enumerate(examples):
        if example.mask is not None:
            masks[row] = read_mask(example.mask, example.file, (height, width))
    n = len(examples)
    return Dataset(
        name="mvtec",
        x=images.reshape(n, -1),
        labels=np.array([kinds.index(example.kind) for example in examples], np.int32),
        shape=images.shape[1:],
        label_names=kinds,
        units=pictures.units,
        source=f"folder {folder.name} in the layout of MVTec AD; {_PAGE}",
        license="MVTec AD: CC BY-NC-SA 4.0 (not for commercial use); your own pictures: yours",
        citation="P. Bergmann, M. Fauser, D. Sattlegger and C. Steger (2019), MVTec AD: a "
        "comprehensive real-world dataset for unsupervised anomaly detection, CVPR, 9592-9600, "
        "doi:10.1109/CVPR.2019.00982",
        description=f"Pictures of the category {folder.name}. Those of training and validation are "
        "all normal; the test part has both kinds.",
        parts=_parts(examples, folder.name),
        extras={
            "mask": masks.reshape(n, -1),
            "file": np.array([example.file.relative_to(folder).as_posix() for example in examples]),
        },
        metadata={"category": folder.name},
    )


def _category_folder(root: Path, category: str | None) -> Path:
    if not root.is_dir():
        raise FileNotFoundError(f"root: expected the folder of MVTec AD, there is none at {root}")
    if (root / "train").is_dir() and category in (None, root.name):
        return root
    found: dict[str, Path] = {}
    for parent in (root, root / "mvtec"):
        if parent.is_dir():
            found |= {f.name: f for f in sorted(parent.iterdir()) if (f / "train").is_dir()}
    if not found:
        raise FileNotFoundError(
            f"root: expected a category with the folders train, test and ground_truth in {root}"
        )
    listed = ", ".join(sorted(found))
    if category is None:
        if len(found) > 1:
            raise ValueError(f"category: expected one of {listed}; got None")
        return next(iter(found.values()))
    if category not in found:
        raise ValueError(f"category: expected one of {listed}; got {category!r}")
    return found[category]


def _find(folder: Path) -> list[_ImageFile]:
    """All pictures, training first, in the order of their names."""
    for kind in _kinds(folder / "train"):
        if kind != _GOOD:
            raise ValueError(f"train: expected only the folder good, got {kind!r} in {folder}")
    tested = _kinds(folder / "test")
    if (folder / "ground_truth").is_dir():
        for kind in _kinds(folder / "ground_truth"):
            if kind not in tested:
                raise ValueError(f"ground_truth: there is no test/{kind} in {folder}")
    examples = [_ImageFile(file, _GOOD, None, True) for file in _pictures(folder / "train" / _GOOD)]
    for kind in tested:
        for file in _pictures(folder / "test" / kind):
            mask = None
            if kind != _GOOD:
                mask = folder / "ground_truth" / kind / f"{file.stem}_mask.png"
                if not mask.is_file():
                    raise FileNotFoundError(
                        f"ground_truth: expected a mask for test/{kind}/{file.name} at {mask}"
                    )
            examples.append(_ImageFile(file, kind, mask, False))
    return examples


def _kinds(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name}: expected a folder at {folder}")
    return sorted(f.name for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def _pictures(folder: Path) -> list[Path]:
    """The pictures of a folder, by name; what is no picture is left out, unless it looks like one.

    Raises:
        FileNotFoundError: if there are none.
        ValueError: if there is a folder among them, a picture in a format that is not read, or two
            with one name, for which there would be one mask.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [file for file in files if not file.name.startswith(".")]
    for file in files:
        if file.is_dir() or file.suffix.lower() in _OTHER_ENDINGS:
            what = "the folder" if file.is_dir() else "the file"
            raise ValueError(
                f"{folder.name}: expected pictures ({', '.join(_ENDINGS)}), got {what} {file}"
            )
    files = [file for file in files if file.suffix.lower() in _ENDINGS]
    if not files:
        raise FileNotFoundError(f"{folder.name}: expected pictures ({_ENDINGS[0]}, …) in {folder}")
    stems = [file.stem for file in files]
    twice = [file for file in files if stems.count(file.stem) > 1]
    if twice:
        raise ValueError(f"{folder.name}: expected one picture of each name, got two: {twice[0]}")
    return files


def _parts(examples: list[_ImageFile], name: str) -> NDArray[np.int64]:
    """0, 1 or 2 for training, validation and test."""
    parts = np.array([0 if example.train else 2 for example in examples], np.int64)
    train = np.flatnonzero(parts == 0)
    order = np.argsort(shuffle_keys(len(train), f"mvtec/{name}"), kind="stable")
    parts[train[order[: round(_VALIDATION * len(train))]]] = 1
    return parts

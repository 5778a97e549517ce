"""Defects planted on real textures: which pixels were changed is known."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Bool, Float, PRNGKeyArray
from numpy.typing import ArrayLike, NDArray

from aelib._checks import (
    check_array,
    check_choice,
    check_choices,
    check_count,
    check_fraction,
    check_key,
    check_number,
    require_all,
)
from aelib.data._dataset import Dataset
from aelib.data._defect_shapes import NUM_DRAWS, SHAPES
from aelib.data._images import load_image, read_image
from aelib.data._patches import cut_patches, pair
from aelib.data._split import shuffle_keys

KINDS = tuple(SHAPES)
"""Kinds of defects that :func:`plant` knows."""

TEXTURES = ("brick", "grass", "gravel")
"""Textures that :func:`load` plants them on."""

# Half a gray level of an 8-bit image: a smaller change would not survive saving the image.
_VISIBLE = 0.5 / 255


def plant(
    key: PRNGKeyArray, image: Float[ArrayLike, "h w"], kind: str, severity: float
) -> tuple[Float[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Plant one defect on a gray image.

    The key decides place and shape, the severity how large and how strong: at severity ``s`` the
    defect has ``(1 + s) / 2`` of its full size, and its pixels go ``s`` of the way from the image
    to the full defect. So under one key the mask can only grow with the severity, and each pixel
    moves further from the original. Changes below half a gray level (1/510) are not made.

    Args:
        key: JAX random key.
        image: ``[h, w]``, at least 16 × 16, in [0, 1], of a floating type.
        kind: one of ``aelib.lab.defects.KINDS``.
        severity: in [0, 1]; 0 leaves the image as it is.

    Returns:
        A new image in [0, 1] of the same type, and the mask of exactly the pixels that differ.

    Raises:
        TypeError: if the image is not of a floating type, or ``key`` is no key.
        ValueError: if an argument is out of its range.

    Example:
        >>> import jax, numpy as np
        >>> cloth = np.full((32, 32), 0.5, np.float32)
        >>> torn, mask = plant(jax.random.key(0), cloth, "hole", 1.0)
        >>> bool((mask == (torn != cloth)).all()), bool(mask.any())
        (True, True)
    """
    check_key("key", key)
    check_choice("kind", kind, KINDS)
    severity = check_fraction("severity", severity, closed=True)
    original = check_array("image", image, finite=False)
    _check_image(original)
    # Drawn by JAX, whose streams do not change between releases as NumPy's may.
    draws = np.asarray(jax.random.uniform(key, (NUM_DRAWS,), np.float32), np.float64)
    shape = SHAPES[kind](original.astype(np.float64), draws)
    weight = severity * shape.coverage((1.0 + severity) / 2)
    changed = np.clip(original + weight * (shape.target - original), 0.0, 1.0)
    visible = np.abs(changed - original) >= _VISIBLE
    out = np.where(visible, changed, original).astype(original.dtype)
    return out, out != original


def load_defects(
    *,
    texture: str = "brick",
    patch_size: int = 64,
    stride: int = 16,
    kinds: Sequence[str] = KINDS,
    severities: Sequence[float] = (0.25, 0.5, 1.0),
    num_per_kind: int = 32,
    blocks: int | tuple[int, int] | None = None,
    seed: int = 0,
) -> Dataset:
    """Patches of a texture, normal ones and ones with a planted defect.

    The normal examples are all patches on a grid, each wholly inside one of the texture's blocks.
    The others are ``num_per_kind`` of those patches for each kind, taken evenly from all blocks,
    each with one defect at every severity: the same place and shape, so that severities can be
    compared in pairs. A split keeps a block in one part: no pixel of the texture is in two.

    Train on the normal examples of the training part (``train[train.labels == 0]``).

    Args:
        texture: ``"brick"``, ``"grass"`` or ``"gravel"``.
        patch_size: side of a patch, in pixels, at least 16.
        stride: step between normal patches.
        kinds: which defects: ``"scratch"``, ``"hole"``, ``"stain"``, ``"missing_thread"``,
            ``"misprint"``.
        severities: in (0, 1].
        num_per_kind: defects of each kind.
        blocks: how many blocks the texture is cut into, down and across; None for four each way.
            A threshold at the rate alpha that holds for new blocks needs 1/alpha - 1 of them.
        seed: of place and shape.

    Returns:
        Patches in [0, 1]; label 0 is normal, the others follow ``label_names``. Extras: ``mask``
        ``[n, h·w]`` (True = changed), ``original`` ``[n, h·w]``, ``severity`` ``[n]`` (0 for normal
        examples), ``defect`` ``[n]`` (the same number for one defect at several severities, -1 for
        none) and ``corner`` ``[n, 2]`` (row and column in the texture). ``groups`` is the block.

    Raises:
        ValueError: if an option is out of its range.

    Example:
        >>> cloth = load_defects(
        ...     texture="grass", kinds=("stain",), severities=(1.0,), num_per_kind=4)
        >>> cloth.label_names, cloth.images.shape
        (('normal', 'stain'), (404, 64, 64))
    """
    check_choice("texture", texture, TEXTURES)
    kinds = check_choices("kinds", kinds, KINDS)
    num_per_kind = check_count("num_per_kind", num_per_kind)
    severities = tuple(
        check_number(f"severities[{index}]", severity, above=0, at_most=1)
        for index, severity in enumerate(severities)
    )
    seed = check_count("seed", seed, at_least=0)
    card = load_image(texture)
    pixels = read_image(texture).astype(np.float32) / np.float32(255)
    patches, corners, block = cut_patches(
        pixels, patch_size, stride=stride, blocks=None if blocks is None else pair("blocks", blocks)
    )

    rows = [np.arange(len(patches))]
    images, masks = [patches], [np.zeros(patches.shape, bool)]
    labels, strengths = [np.zeros(len(patches), np.int32)], [np.zeros(len(patches))]
    numbers = [np.full(len(patches), -1)]
    for label, kind in enumerate(kinds, start=1):
        # A stream for each kind, so that leaving one out does not move the others' defects.
        purpose = f"defects/{texture}/{kind}/{seed}"
        key = jax.random.fold_in(jax.random.key(seed), KINDS.index(kind))
        for count, row in enumerate(_take_evenly(block, num_per_kind, purpose)):
            for severity in severities:
                image, mask = plant(jax.random.fold_in(key, count), patches[row], kind, severity)
                images.append(image[None])
                masks.append(mask[None])
                rows.append(np.array([row]))
                labels.append(np.array([label], np.int32))
                strengths.append(np.array([severity]))
                numbers.append(np.array([(label - 1) * num_per_kind + count]))
    row_of = np.concatenate(rows)
    n = len(row_of)
    return Dataset(
        name="defects",
        x=np.concatenate(images).reshape(n, -1),
        labels=np.concatenate(labels),
        shape=(patch_size, patch_size),
        label_names=("normal", *kinds),
        units=card.units,
        source=f"{card.source}; defects planted by aelib",
        license=f"texture {card.license}; defects MIT, made here",
        citation=card.citation,
        description=f"Patches of the texture {texture}, with planted defects whose pixels are "
        "known. Patches overlap within a block, and a defective patch is a copy of a normal one of "
        "its block: only a split by blocks, which is what split gives, keeps training clean.",
        groups=block[row_of],
        extras={
            "mask": np.concatenate(masks).reshape(n, -1),
            "original": patches[row_of].reshape(n, -1),
            "severity": np.concatenate(strengths),
            "defect": np.concatenate(numbers),
            "corner": corners[row_of],
        },
        metadata={"texture": texture, "severities": severities},
    )


def _take_evenly(blocks: NDArray[np.int64], count: int, purpose: str) -> NDArray[np.int64]:
    """Row numbers, in turn from each block, in a shuffled order within the block."""
    keys = shuffle_keys(len(blocks), purpose)
    order = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]
    order = [rows[np.argsort(keys[rows], kind="stable")] for rows in order]
    return np.array(
        [(rows := order[i % len(order)])[(i // len(order)) % len(rows)] for i in range(count)],
        dtype=np.int64,
    )


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 2 or min(image.shape) < 16:
        raise ValueError(f"image: expected shape [h, w], at least 16 × 16, got {image.shape}")
    if image.dtype.kind != "f":
        raise TypeError(f"image: expected a floating type with values in [0, 1], got {image.dtype}")
    require_all("image", image, (image >= 0.0) & (image <= 1.0), "values in [0, 1]")

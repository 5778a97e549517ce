"""The handwritten digits that come with scikit-learn."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np

from aelib.data._binarize import binarize as to_black_and_white
from aelib.data._dataset import Dataset
from aelib.data._files import installed_file

_DIGEST = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def load_digits(*, binarize: str | float | None = None) -> Dataset:
    """1,797 handwritten digits, 8 × 8 pixels of 17 gray levels, ten classes.

    Args:
        binarize: ``"otsu"`` (one threshold for all digits) or a threshold in [0, 1); values above
            it become 1 (ink), the others 0.

    Returns:
        Values in [0, 1], ``[1797, 64]``; labels 0 to 9.

    Raises:
        ValueError: if ``binarize`` is no rule that fits 8 × 8 pixels.
    """
    content = installed_file("sklearn", "datasets/data/digits.csv.gz", _DIGEST)
    rows = np.loadtxt(io.StringIO(gzip.decompress(content).decode()), delimiter=",")
    x = (rows[:, :64] / 16).astype(np.float32)
    units = "ink, 0 = paper, 1 = full (16 of the 16 pixels of a 4 × 4 cell)"
    metadata: dict[str, Any] = {}
    if binarize is not None:
        if binarize == "sauvola":
            raise ValueError(
                "binarize: expected 'otsu' or a threshold in [0, 1) for digits; "
                "the window of 'sauvola' is larger than 8 × 8 pixels"
            )
        images, threshold, rule = to_black_and_white(x.reshape(-1, 8, 8), binarize, num_levels=17)
        x = images.reshape(-1, 64)
        units = f"1 = ink, 0 = paper ({rule})"
        metadata = {"binarize": rule, "threshold": threshold}
    return Dataset(
        name="digits",
        x=x,
        labels=rows[:, 64].astype(np.int32),
        shape=(8, 8),
        label_names=tuple("0123456789"),
        units=units,
        source="scikit-learn, sklearn.datasets.load_digits: the test part of UCI's Optical "
        "Recognition of Handwritten Digits",
        license="CC-BY-4.0 (UCI); the copy is distributed with scikit-learn (BSD-3-Clause)",
        citation="E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, doi:10.24432/C50P49",
        description="Digits written by 13 people, scanned at 32 × 32 pixels in black and white "
        "and counted in cells of 4 × 4, which gives 17 gray levels. Who wrote a digit is not in "
        "the file, so one writer may be in two parts of a split.",
        metadata=metadata,
    )

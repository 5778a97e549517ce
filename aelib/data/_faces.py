"""Faces and other cut-outs of photographs, from scikit-image's part of LFW."""

from __future__ import annotations

import io

import numpy as np

from aelib.data._dataset import Dataset
from aelib.data._files import installed_file

_DIGEST = "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c"


def load_lfw_subset() -> Dataset:
    """100 faces and 100 pieces of background, 25 × 25 pixels, in gray.

    Returns:
        Values in [0, 1], ``[200, 625]``; label 1 for a face, 0 for none.
    """
    content = installed_file("skimage", "data/lfw_subset.npy", _DIGEST)
    images = np.load(io.BytesIO(content), allow_pickle=False)
    return Dataset(
        name="lfw_subset",
        x=images.reshape(200, 625).astype(np.float32),
        labels=np.repeat(np.array([1, 0], dtype=np.int32), 100),
        shape=(25, 25),
        label_names=("no face", "face"),
        units="intensity, 0 = black, 1 = white",
        source="scikit-image, skimage.data.lfw_subset: cut from Labeled Faces in the Wild and "
        "scaled to 25 × 25",
        license="published for research without a license text; the copy is distributed with "
        "scikit-image (BSD-3-Clause)",
        citation="G. Huang, M. Mattar, H. Lee and E. Learned-Miller (2012), Learning to align "
        "from scratch, Advances in Neural Information Processing Systems 25, 764-772",
        description="Faces drawn at random from photographs in the news, and pieces of their "
        "backgrounds. Names are not included; one person or photograph may appear twice.",
    )

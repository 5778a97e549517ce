"""Write ``vgg_taps.json``: what PyTorch's VGG16 gives, in float64, for formula weights.

Run where PyTorch is installed (the extra ``parity``)::

    python -m tests.perceptual.make_vgg_fixture
"""

import json
from pathlib import Path

import numpy as np

from tests.perceptual.vgg_reference import (
    HEAD_WIDTHS,
    WIDTHS,
    formula_image,
    formula_weights,
    torch_taps,
)

PATH = Path(__file__).with_name("vgg_taps.json")
SAMPLES = 12


def summary(maps):
    """Shape, mean, root mean square and some values spread over the whole of it."""
    flat = np.asarray(maps, np.float64).ravel()
    places = np.linspace(0, flat.size - 1, min(SAMPLES, flat.size)).astype(int)
    return {
        "shape": list(np.shape(maps)),
        "mean": float(flat.mean()),
        "rms": float(np.sqrt(np.mean(flat**2))),
        "values": flat[places].tolist(),
    }


def main():
    taps = torch_taps(formula_weights(WIDTHS, HEAD_WIDTHS), formula_image())
    rounded = {name: summary(maps) for name, maps in taps.items()}
    text = json.dumps(rounded, indent=None).replace("}, ", "},\n ")
    PATH.write_text(text + "\n")
    print(f"{PATH.name}: {len(taps)} taps, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Against PyTorch itself, where it is installed (``pip install 'aelib[parity]'``)."""

import numpy as np
import pytest

from aelib import perceptual
from tests.perceptual.vgg_reference import (
    HEAD_WIDTHS,
    WIDTHS,
    formula_weights,
    shapes,
    timm_layout,
    torch_taps,
)

pytest.importorskip("torch")


def random_weights(widths):
    """He's initialization, so that signals keep their size through all layers."""
    generator = np.random.default_rng(0)
    return {
        name: generator.normal(size=shape, scale=0.1 if len(shape) == 1 else (2 / fan_in) ** 0.5)
        .astype(np.float32)
        for name, shape in shapes(widths).items()
        for fan_in in [np.prod(shape[1:])]
    }  # fmt: skip


def worst(expected, found):
    """Largest difference relative to the largest value, at each tap."""
    return {
        name: float(np.abs(np.asarray(ours) - theirs).max() / np.abs(theirs).max())
        for (name, theirs), ours in zip(expected.items(), found, strict=True)
    }


def test_every_tap_of_the_full_width():
    weights = random_weights((64, 128, 256, 512, 512))
    images = np.random.default_rng(1).random((2, 48, 40, 3), np.float32)
    expected = torch_taps(weights, images)
    assert len(expected) == 31
    network = perceptual.load_vgg16(weights, taps=list(expected))
    errors = worst(expected, network(images))
    assert max(errors.values()) <= 1e-4, errors


def test_every_tap_with_the_head():
    weights = {n: v.astype(np.float32) for n, v in formula_weights(WIDTHS, HEAD_WIDTHS).items()}
    images = np.random.default_rng(1).random((2, 224, 224, 3), np.float32)
    expected = torch_taps(weights, images)
    assert len(expected) == 36
    for layout in (dict, timm_layout):
        network = perceptual.load_vgg16(
            layout(weights), taps=list(expected), head=True, widths=WIDTHS, head_widths=HEAD_WIDTHS
        )
        errors = worst(expected, network(images))
        assert max(errors.values()) <= 1e-4, errors

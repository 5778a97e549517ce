"""Patches cover the image; their scores go back to where they were."""

import numpy as np
import pytest

from aelib.anomaly import cut_patches, heat_map, patch_statistics


@pytest.mark.parametrize("stride", [None, 1, 3, (5, 2), 50])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_there_and_back(stride, channels):
    image = np.random.default_rng(0).random((17, 23, *channels))
    patches, corners = cut_patches(image, (6, 5), stride=stride)
    for patch, (row, column) in zip(patches, corners, strict=True):
        np.testing.assert_array_equal(patch, image[row : row + 6, column : column + 5])
    if stride == 50:  # steps beyond the patch leave gaps
        assert len(patches) == 4
        return
    pixels = patches if not channels else patches.mean(axis=-1)
    expected = image if not channels else image.mean(axis=-1)
    np.testing.assert_allclose(heat_map(pixels, corners, image.shape), expected, atol=1e-14)


def test_heat_map_averages_and_leaves_gaps():
    corners = [[0, 0], [0, 1]]
    shown = heat_map([1.0, 3.0], corners, (2, 4), patch_size=(1, 2))
    np.testing.assert_array_equal(shown, [[1, 2, 3, np.nan], [np.nan] * 4])


@pytest.mark.parametrize("side", [(3, 5), (1, 1), (12, 9)])
def test_one_score_per_patch_is_that_score_at_each_pixel(side):
    """One score for all pixels of a patch, against the same written out; infinity stays."""
    _, corners = cut_patches(np.zeros((12, 9)), side, stride=2)
    scores = np.random.default_rng(2).normal(size=len(corners))
    scores[0] = np.inf
    everywhere = np.broadcast_to(scores[:, None, None], (len(scores), *side))
    shown = heat_map(scores, corners, (12, 9), patch_size=side)
    np.testing.assert_allclose(shown, heat_map(everywhere, corners, (12, 9)), rtol=1e-12)
    assert np.isinf(shown).sum() == side[0] * side[1]


def test_patch_statistics_against_their_words():
    patches = np.random.default_rng(1).random((4, 6, 5))
    mean, std, rough = patch_statistics(patches.reshape(4, -1), shape=(6, 5)).T
    np.testing.assert_allclose(mean, [p.mean() for p in patches])
    np.testing.assert_allclose(std, [p.std() for p in patches])
    squares = [
        ((p[1:] - p[:-1]) ** 2).mean() + ((p[:, 1:] - p[:, :-1]) ** 2).mean() for p in patches
    ]
    np.testing.assert_allclose(rough, np.sqrt(np.array(squares) / 2))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"image: expected .* at least 6 × 6 pixels, got \(5, 9\)"):
        cut_patches(np.zeros((5, 9)), 6)
    with pytest.raises(ValueError, match="patch_size: expected a positive whole number"):
        cut_patches(np.zeros((5, 9)), 0)
    with pytest.raises(ValueError, match=r"inside 4 × 4, got \(3, 3\) at index 1"):
        heat_map([0.0, 1.0], [[0, 0], [3, 3]], (4, 4), patch_size=2)
    with pytest.raises(ValueError, match="patch_size: expected it with one score per patch"):
        heat_map([0.0], [[0, 0]], (4, 4))
    with pytest.raises(ValueError, match=r"patches: expected .* got \(2, 9\)"):
        patch_statistics(np.zeros((2, 9)))

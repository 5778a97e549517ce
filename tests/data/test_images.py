"""Pictures, patches and black and white, against scikit-image and scikit-learn themselves."""

import itertools

import numpy as np
import pytest
from skimage import data as originals
from skimage.color import rgb2gray
from skimage.filters import threshold_otsu, threshold_sauvola
from sklearn.datasets import load_digits

from aelib import data
from aelib.data._binarize import otsu_threshold
from aelib.data._files import installed_file
from aelib.data._patches import cut_patches

GRAY = ("page", "text", "camera", "brick", "grass", "gravel")
COLOR = ("astronaut", "coffee", "chelsea")


@pytest.mark.parametrize("name", GRAY + COLOR)
def test_pictures_are_the_originals(name):
    original = getattr(originals, name)()
    dataset = data.load(name)
    assert dataset.shape == original.shape
    assert np.array_equal(np.rint(dataset.images[0] * 255), original)


@pytest.mark.parametrize("name", COLOR)
def test_gray_is_luminance(name):
    gray = data.load(name, gray=True).images[0]
    np.testing.assert_allclose(gray, rgb2gray(getattr(originals, name)()), atol=1e-7)


def test_digits_are_the_originals():
    original = load_digits()
    dataset = data.load("digits")
    assert np.array_equal(dataset.images * 16, original.images)
    assert np.array_equal(dataset.labels, original.target)
    assert np.array_equal(data.load("digits", binarize=0.5).x, original.data > 8)


def test_faces_are_the_originals():
    dataset = data.load("lfw_subset")
    np.testing.assert_array_equal(dataset.images, originals.lfw_subset().astype(np.float32))
    assert dataset.labels.tolist() == [1] * 100 + [0] * 100


@pytest.mark.parametrize("name", GRAY)
def test_otsu_agrees_with_scikit_image(name):
    original = getattr(originals, name)()
    dataset = data.load(name, binarize="otsu")
    assert dataset.metadata["threshold"] == threshold_otsu(original) / 255
    assert np.array_equal(dataset.images[0], original > threshold_otsu(original))


def test_otsu_needs_two_levels():
    with pytest.raises(ValueError, match="values: expected at least two gray levels"):
        otsu_threshold(np.full((3, 3), 0.2))


def test_sauvola_agrees_with_scikit_image():
    original = originals.page() / 255
    expected = original > threshold_sauvola(original, window_size=25, k=0.2, r=0.5)
    dataset = data.load("page", binarize="sauvola")
    # The two sum windows in different orders: pixels on the threshold may differ in the last bit.
    assert np.mean(dataset.images[0] != expected) < 1e-4
    assert "Sauvola" in dataset.units


def test_one_threshold_blackens_the_shaded_corner_and_sauvola_does_not():
    otsu, sauvola = (data.load("page", binarize=rule).images[0] for rule in ("otsu", "sauvola"))
    assert otsu[-40:, :40].mean() < 0.5 < sauvola[-40:, :40].mean()


def test_print_stays_light_paper_and_dark_ink():
    for name in ("page", "text"):
        values = data.load(name, binarize="sauvola" if name == "page" else "otsu").x
        assert set(np.unique(values)) == {0.0, 1.0}
        assert values.mean() > 0.5


@pytest.mark.parametrize("rule", ["niblack", 1.0, -0.1, True, float("nan")])
def test_unknown_rules_are_refused(rule):
    with pytest.raises(ValueError, match="binarize: expected 'otsu', 'sauvola' or a threshold"):
        data.load("page", binarize=rule)


def test_rules_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="binarize: expected a gray image; pass gray=True"):
        data.load("coffee", binarize="otsu")
    with pytest.raises(ValueError, match="binarize: expected 'otsu' or a threshold"):
        data.load("digits", binarize="sauvola")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("brick", {"patch_size": 32}),
        ("brick", {"patch_size": 32, "stride": 9}),
        ("coffee", {"patch_size": (16, 24), "num_patches": 900, "seed": 3}),
        ("page", {"patch_size": 28, "num_patches": 700, "binarize": "otsu"}),
        ("text", {"patch_size": 13, "stride": (4, 5), "blocks": (3, 7)}),
    ],
)
def test_patches_are_cut_where_they_say_and_splits_share_no_pixel(name, options):
    whole = {key: value for key, value in options.items() if key == "binarize"}
    picture = data.load(name, **whole).images[0]
    patches = data.load(name, **options)
    height, width = patches.shape[:2]
    for image, (row, column) in zip(
        patches.images[::7], patches.extras["corner"][::7], strict=True
    ):
        assert np.array_equal(image, picture[row : row + height, column : column + width])
    assert len(np.unique(patches.extras["corner"], axis=0)) == len(patches)
    for seed in (None, 0, 1):
        covered = []
        for part in patches.split(seed):
            mask = np.zeros(picture.shape[:2], dtype=bool)
            for row, column in part.extras["corner"]:
                mask[row : row + height, column : column + width] = True
            covered.append(mask)
        assert all(mask.any() for mask in covered)
        for one, other in itertools.combinations(covered, 2):
            assert not (one & other).any()


def test_patches_without_stride_tile_each_block():
    patches = cut_patches(np.zeros((40, 40)), 5, blocks=(2, 2))
    assert patches.values.shape == (64, 5, 5)
    assert np.bincount(patches.blocks).tolist() == [16, 16, 16, 16]


def test_random_patches_are_fixed_by_their_seed():
    first, again, other = (
        data.load("grass", patch_size=8, num_patches=50, seed=seed).extras["corner"]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_size": 8, "stride": 4, "num_patches": 9}, "expected at most one of the two"),
        ({"patch_size": 200}, "patch_size: expected at most|blocks: expected at least 3"),
        ({"patch_size": 8, "blocks": (1, 2)}, "blocks: expected at least 3"),
        ({"patch_size": 0}, r"patch_size\[0\]: expected a whole number of at least 1, got 0"),
        ({"patch_size": 8, "num_patches": 10**9}, "num_patches: expected a whole number from 1 to"),
        ({"patch_size": 8, "num_patches": 0}, "num_patches: expected a whole number from 1 to"),
        ({"stride": 8}, "patch_size: expected with stride"),
    ],
)
def test_patches_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("brick", **options)


def test_patch_size_must_be_whole():
    with pytest.raises(ValueError, match=r"patch_size\[0\]: expected a whole number .* got 3.5"):
        data.load("brick", patch_size=(3.5, 2))
    with pytest.raises(ValueError, match="patch_size: expected a whole number or a pair"):
        data.load("brick", patch_size=(3, 2, 2))


def test_installed_files_are_checked():
    with pytest.raises(
        ModuleNotFoundError, match=r"needs no_such_package, .*: pip install \"aelib\[data\]\""
    ):
        installed_file("no_such_package", "a", "")
    with pytest.raises(FileNotFoundError, match=r"the installed release has no data/nothing\.png"):
        installed_file("skimage", "data/nothing.png", "")
    with pytest.raises(ValueError, match="expected SHA-256 00"):
        installed_file("skimage", "data/page.png", "00")

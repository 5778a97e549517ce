"""Planted defects: masks are exact, severity means what it says, splits share no pixel."""

import jax
import numpy as np
import pytest

from aelib import data
from aelib.data import _defects as defects

SEVERITIES = (0.0, 0.1, 0.5, 1.0)


def textures():
    noise = np.random.default_rng(0).random((48, 40))
    ramp = np.linspace(0.0, 1.0, 48)[:, None] * np.ones(40)
    return {"noise": noise, "ramp": ramp, "black": np.zeros((48, 40)), "white": np.ones((48, 40))}


@pytest.mark.parametrize("kind", defects.KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_mark_exactly_the_changed_pixels_and_grow(kind, dtype):
    for texture in textures().values():
        image = texture.astype(dtype)
        for seed in range(4):
            smaller, nearer = np.zeros(image.shape, bool), np.zeros(image.shape)
            for severity in SEVERITIES:
                out, mask = defects.plant(jax.random.key(seed), image, kind, severity)
                assert out.dtype == dtype
                assert mask.dtype == bool
                assert np.array_equal(mask, out != image)
                assert out.min() >= 0.0
                assert out.max() <= 1.0
                change = np.abs(out.astype(np.float64) - image)
                # Half a gray level, less the rounding of two float32 numbers.
                assert not mask.any() or change[mask].min() > 0.5 / 255 - 1.2e-7
                assert not (smaller & ~mask).any()
                assert (change >= nearer - 1.2e-7).all()
                smaller, nearer = mask, change
                if severity == 0.0:
                    assert np.array_equal(out, image)
                    assert not mask.any()


@pytest.mark.parametrize("kind", defects.KINDS)
def test_each_kind_shows_on_a_texture_and_the_image_stays(kind):
    image = textures()["noise"].astype(np.float32)
    before = image.copy()
    places = set()
    for seed in range(20):
        out, mask = defects.plant(jax.random.key(seed), image, kind, 1.0)
        again, _ = defects.plant(jax.random.key(seed), image, kind, 1.0)
        assert np.array_equal(out, again)
        # A defect, not another image: between two pixels and a third of all.
        assert 2 < mask.sum() < image.size / 3
        places.add(mask.tobytes())
    assert np.array_equal(image, before)
    assert len(places) == 20


def test_full_holes_are_dark_and_stains_keep_the_texture():
    image = np.random.default_rng(1).uniform(0.4, 0.8, (64, 64))
    out, mask = defects.plant(jax.random.key(3), image, "hole", 1.0)
    assert np.median(out[mask]) == pytest.approx(0.02, abs=1e-12)
    out, mask = defects.plant(jax.random.key(3), image, "stain", 1.0)
    ratio = out[mask] / image[mask]
    assert ratio.min() >= 0.45
    assert ratio.max() < 1.0


@pytest.mark.parametrize("texture", defects.TEXTURES)
def test_loader_pairs_severities_and_keeps_blocks_apart(texture):
    dataset = data.load("defects", texture=texture, num_per_kind=16, severities=(0.25, 1.0))
    truth = dataset.extras
    normal = dataset.labels == 0
    assert normal.sum() == 400
    assert (~normal).sum() == 5 * 16 * 2
    assert np.array_equal(truth["mask"], dataset.x != truth["original"])
    assert np.array_equal(truth["mask"].any(axis=1), ~normal)
    assert np.array_equal(truth["severity"] == 0, normal)
    assert np.array_equal(truth["defect"] == -1, normal)
    for label in range(1, 6):
        # Sixteen blocks, one defect of each kind in each.
        chosen = (dataset.labels == label) & (truth["severity"] == 1.0)
        assert sorted(dataset.groups[chosen]) == list(range(16))
    for number in range(80):
        weak, strong = np.flatnonzero(truth["defect"] == number)
        assert np.array_equal(truth["original"][weak], truth["original"][strong])
        assert not (truth["mask"][weak] & ~truth["mask"][strong]).any()
    painted = np.zeros((512, 512), int)
    for number, part in enumerate(dataset.split(), start=1):
        own = np.zeros((512, 512), bool)
        for row, column in part.extras["corner"]:
            own[row : row + 64, column : column + 64] = True
        assert not (own & (painted > 0)).any()
        painted[own] = number


def test_kinds_left_out_do_not_move_the_others():
    everything = data.load("defects", num_per_kind=4, severities=(1.0,))
    holes = data.load("defects", num_per_kind=4, severities=(1.0,), kinds=("hole",))
    label = everything.label_names.index("hole")
    assert np.array_equal(everything.x[everything.labels == label], holes.x[holes.labels == 1])
    other = data.load("defects", num_per_kind=4, severities=(1.0,), kinds=("hole",), seed=1)
    assert not np.array_equal(holes.x, other.x)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kind": "crack"}, ValueError, "kind: expected 'scratch', .* got 'crack'"),
        ({"severity": 1.5}, ValueError, "severity: .* got 1.5"),
        ({"severity": float("nan")}, ValueError, "severity: .* got nan"),
        ({"image": np.zeros((8, 40))}, ValueError, r"image: .* got \(8, 40\)"),
        ({"image": np.zeros((32, 32), np.uint8)}, TypeError, "image: .* got uint8"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    given = {"image": np.zeros((32, 32)), "kind": "hole", "severity": 0.5, **arguments}
    with pytest.raises(error, match=message):
        defects.plant(jax.random.key(0), **given)


@pytest.mark.parametrize("value", [1.25, -0.5, float("nan")])
def test_values_outside_are_shown_with_their_place(value):
    image = np.full((32, 32), 0.5)
    image[3, 12] = value
    with pytest.raises(ValueError, match=rf"image: .* got {value} at index \(3, 12\)"):
        defects.plant(jax.random.key(0), image, "hole", 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"texture": "wood"}, "texture: expected 'brick', 'grass' or 'gravel', got 'wood'"),
        ({"kinds": ("hole", "crack")}, "kinds: .* got 'crack' at index 1"),
        (
            {"severities": (0.5, 0.0)},
            r"severities\[1\]: expected .* above 0, .* got 0.0",
        ),
        ({"num_per_kind": 0}, "num_per_kind: expected a whole number of at least 1, got 0"),
        ({"patch_size": 8}, "image: expected shape"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("defects", **options)
    with pytest.raises(TypeError, match="kinds: expected a sequence of names"):
        data.load("defects", kinds="hole")


def test_a_texture_can_be_cut_into_more_blocks():
    options = {"patch_size": 16, "kinds": ("hole",), "severities": (1.0,), "num_per_kind": 64}
    dataset = data.load("defects", blocks=8, **options)
    normal = dataset.labels == 0
    assert np.array_equal(np.bincount(dataset.groups[normal]), np.full(64, 16))
    assert np.array_equal(np.bincount(dataset.groups[~normal]), np.ones(64, int))
    row, column = dataset.extras["corner"].T
    assert np.array_equal(dataset.groups, row // 64 * 8 + column // 64)
    assert ((row + 15) // 64 == row // 64).all()
    assert ((column + 15) // 64 == column // 64).all()
    with pytest.raises(ValueError, match="blocks"):
        data.load("defects", blocks=1, **options)
    with pytest.raises(ValueError, match=r"blocks\[1\]: expected a whole number .* got 2.5"):
        data.load("defects", blocks=(8, 2.5), **options)

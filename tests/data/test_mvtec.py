"""The folder layout of MVTec AD, in folders made here."""

import numpy as np
import pytest
from PIL import Image

from aelib import data


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


@pytest.fixture
def bottle(tmp_path):
    """One category of 8 x 6 pictures in color: ten to train on, one good and three bad."""
    random = np.random.default_rng(0)
    folder = tmp_path / "bottle"
    for i in range(10):
        write(folder / "train/good" / f"{i:03}.png", random.integers(0, 256, (8, 6, 3)))
    write(folder / "test/good/000.png", random.integers(0, 256, (8, 6, 3)))
    for kind, i in (("hole", 0), ("hole", 1), ("crack", 0)):
        write(folder / f"test/{kind}/00{i}.png", random.integers(0, 256, (8, 6, 3)))
        mask = np.zeros((8, 6))
        mask[2 + i, 3] = 255
        write(folder / f"ground_truth/{kind}/00{i}_mask.png", mask)
    return folder


def test_pictures_labels_masks_and_parts(bottle):
    dataset = data.load("mvtec", root=bottle, size=None)
    assert dataset.shape == (8, 6, 3)
    assert dataset.label_names == ("good", "crack", "hole")
    assert [dataset.label_names[label] for label in dataset.labels[10:]] == [
        *("crack", "good", "hole", "hole")
    ]
    assert dataset.extras["file"][-1] == "test/hole/001.png"
    original = np.asarray(Image.open(bottle / "test/hole/001.png"))
    np.testing.assert_allclose(dataset.images[-1], original / 255, rtol=1e-6)
    masks = dataset.extras["mask"].reshape(-1, 8, 6)
    assert masks.sum(axis=(1, 2)).tolist() == [0] * 10 + [1, 0, 1, 1]
    assert masks[-1, 3, 3]
    train, validation, test = dataset.split()
    assert [len(part) for part in (train, validation, test)] == [8, 2, 4]
    assert (train.labels == 0).all()
    assert (validation.labels == 0).all()
    assert test.labels.tolist() == [1, 0, 2, 2]


def test_root_is_the_category_or_what_holds_it(bottle, tmp_path):
    first = data.load("mvtec", root=bottle)
    np.testing.assert_array_equal(data.load("mvtec", root=tmp_path).x, first.x)
    assert data.load("mvtec", root=tmp_path, category="bottle").metadata["category"] == "bottle"
    write(tmp_path / "wood/train/good/0.png", np.zeros((4, 4)))
    with pytest.raises(ValueError, match="category: expected one of bottle, wood; got None"):
        data.load("mvtec", root=tmp_path)
    with pytest.raises(ValueError, match="category: expected one of bottle, wood; got 'tile'"):
        data.load("mvtec", root=tmp_path, category="tile")


def test_scaled_and_gray(bottle):
    dataset = data.load("mvtec", root=bottle, size=(4, 3), gray=True)
    assert dataset.shape == (4, 3)
    gray = np.asarray(Image.open(bottle / "train/good/000.png").convert("L"), np.float64)
    blocks = gray.reshape(4, 2, 3, 2).mean(axis=(1, 3))
    # Rounded to whole gray levels by the scaling, in each of two directions.
    np.testing.assert_allclose(dataset.images[0] * 255, blocks, atol=1.01)
    masks = dataset.extras["mask"].reshape(-1, 4, 3)
    assert masks.sum(axis=(1, 2)).tolist() == [0] * 10 + [1, 0, 1, 1]  # no small defect is lost
    assert masks[-1, 1, 1]
    assert data.load("mvtec", root=bottle).shape == (256, 256, 3)


def test_a_gray_category_stays_gray(tmp_path):
    write(tmp_path / "grid/train/good/0.png", np.zeros((4, 4)))
    write(tmp_path / "grid/test/good/0.jpg", np.zeros((4, 4)))
    assert data.load("mvtec", root=tmp_path).shape == (256, 256)


def test_what_is_missing_is_named(bottle, tmp_path):
    def load(**options):
        return data.load("mvtec", root=bottle, **options)

    with pytest.raises(FileNotFoundError, match="root: expected the folder of MVTec AD"):
        data.load("mvtec", root=tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="root: expected a category with the folders"):
        data.load("mvtec", root=bottle / "test")
    with pytest.raises(ValueError, match="download: mvtec cannot be fetched"):
        load(download=True)
    (bottle / "ground_truth/hole/001_mask.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected a mask for test/hole/001.png"):
        load()
    write(bottle / "ground_truth/hole/001_mask.png", np.zeros((4, 4)))
    with pytest.raises(ValueError, match=r"expected a mask of 6 × 8 for hole/001.png, got 4 × 4"):
        load()
    write(bottle / "ground_truth/hole/001_mask.png", np.zeros((8, 6)))
    write(bottle / "ground_truth/dent/000_mask.png", np.zeros((8, 6)))
    with pytest.raises(ValueError, match="ground_truth: there is no test/dent"):
        load()
    (bottle / "test/dent").mkdir()
    with pytest.raises(FileNotFoundError, match="dent: expected pictures"):
        load()
    write(bottle / "test/dent/000.png", np.zeros((5, 5)))
    write(bottle / "ground_truth/dent/000_mask.png", np.zeros((5, 5)))
    with pytest.raises(ValueError, match="size: expected one, as pictures differ"):
        load(size=None)
    write(bottle / "train/bad/000.png", np.zeros((8, 6)))
    with pytest.raises(ValueError, match="train: expected only the folder good, got 'bad'"):
        load()


def test_pictures_are_not_left_out_in_silence(bottle):
    good = bottle / "train/good"
    before = len(list(good.iterdir()))
    for name in (".DS_Store", "._000.png", "Thumbs.db", "notes.txt"):
        (good / name).write_bytes(b"no picture")
    assert (data.load("mvtec", root=bottle, size=None).parts < 2).sum() == before
    first = good / "000.png"
    for name, message in (
        ("new.heic", r"good: expected pictures \(.png, .*, got the file .*new.heic"),
        (first.with_suffix(".bmp").name, r"expected one picture of each name, got two: .*\.bmp"),
    ):
        (good / name).write_bytes(first.read_bytes())
        with pytest.raises(ValueError, match=message):
            data.load("mvtec", root=bottle, size=None)
        (good / name).unlink()
    (good / "more.png").mkdir()
    with pytest.raises(ValueError, match=r"got the folder .*more.png"):
        data.load("mvtec", root=bottle, size=None)

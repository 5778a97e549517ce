"""Dataset: what it checks, how it is indexed, and what splits keep apart."""

import copy
import pickle

import numpy as np
import pytest

from aelib.data import Column, Dataset, load
from aelib.data._split import shuffle_keys, split_indices


def make(n=20, d=4, **fields):
    about = {"units": "none", "source": "made", "license": "CC0-1.0"} | fields
    return Dataset(
        fields.pop("name", "toy"), np.arange(n * d, dtype=np.float32).reshape(n, d), **about
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shape": (3, 3)}, r"shape: expected 4 values per example, got \(3, 3\)"),
        ({"labels": np.zeros(3)}, "labels: expected one entry for each of 20 examples, got 3"),
        ({"groups": np.zeros(3)}, "groups: expected one entry"),
        ({"texts": ("a",)}, "texts: expected one entry"),
        ({"extras": {"mask": np.zeros((2, 4))}}, r"extras\['mask'\]: expected one entry"),
        ({"feature_names": ("a",)}, "feature_names: expected 4, got 1"),
        ({"license": ""}, "license: expected a non-empty text"),
        ({"units": ""}, "units: expected a non-empty text"),
    ],
)
def test_inconsistent_fields_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        make(**fields)


def test_x_must_be_two_dimensional():
    with pytest.raises(ValueError, match=r"x: expected shape \[n, d\], got \(3,\)"):
        Dataset("toy", np.zeros(3), units="u", source="s", license="l")


def test_arrays_are_read_only_but_the_callers_is_not():
    x = np.zeros((5, 2))
    dataset = Dataset("toy", x, units="u", source="s", license="l")
    with pytest.raises(ValueError, match="read-only"):
        dataset.x[0, 0] = 1
    x[0, 0] = 1


def test_take_keeps_every_field():
    import pandas as pd

    dataset = make(
        labels=np.arange(20),
        groups=np.arange(20) // 2,
        texts=tuple(str(i) for i in range(20)),
        table=pd.DataFrame({"a": np.arange(20)}),
        extras={"twice": 2 * np.arange(20)},
    )
    part = dataset.take([7, 3])
    assert part.labels.tolist() == [7, 3]
    assert part.groups.tolist() == [3, 1]
    assert part.texts == ("7", "3")
    assert part.table["a"].tolist() == [7, 3]
    assert part.extras["twice"].tolist() == [14, 6]
    assert part.x[:, 0].tolist() == [28, 12]
    assert dataset[5:8].labels.tolist() == [5, 6, 7]
    assert dataset[dataset.labels > 17].labels.tolist() == [18, 19]
    assert dataset[[]].x.shape == (0, 4)


def test_wrong_indices_raise():
    with pytest.raises(TypeError, match="indices: expected integers"):
        make().take([0.5])
    with pytest.raises(ValueError, match="index: expected a mask of 20"):
        make()[np.ones(3, dtype=bool)]


def test_images_need_a_shape():
    assert make(shape=(2, 2)).images.shape == (20, 2, 2)
    with pytest.raises(ValueError, match="images: the examples of 'toy' have the shape"):
        _ = make().images


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_split_is_a_partition_of_the_sizes_asked_for(seed):
    dataset = make(1000)
    parts = dataset.split(seed)
    assert [len(part) for part in parts] == [700, 150, 150]
    first = np.concatenate([part.x[:, 0] for part in parts])
    assert np.array_equal(np.sort(first), dataset.x[:, 0])


def test_split_is_fixed_for_ever():
    # Written down once: a change here changes every reported number.
    train, validation, test = make(10).split_rows()
    assert train.tolist() == [2, 3, 4, 6, 7, 8, 9]
    assert validation.tolist() == [0]
    assert test.tolist() == [1, 5]


def test_seeds_differ_from_each_other_and_from_the_default():
    dataset = make(100)
    tests = [tuple(dataset.split_rows(seed)[2]) for seed in (None, 0, 1, 2, 3)]
    assert len(set(tests)) == 5


def test_items_are_drawn_evenly():
    # Over 400 seeds each of 50 examples is in the test part 16 % of the time: binomial with
    # standard deviation 1.8 %; the largest of 50 deviations stays below 4.5 of them.
    dataset = make(50)
    hits = np.zeros(50)
    for seed in range(400):
        hits[dataset.split_rows(seed, (0.7, 0.14, 0.16))[2]] += 1
    assert np.abs(hits / 400 - 0.16).max() < 4.5 * np.sqrt(0.16 * 0.84 / 400)


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_groups_are_never_divided(seed):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 1000)
    rows = make(1000, groups=groups).split_rows(seed)
    train, validation, test = (set(groups[part]) for part in rows)
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    assert sum(len(part) for part in rows) == 1000
    largest = np.bincount(groups).max()
    for part, fraction in zip(rows, (0.7, 0.15, 0.15), strict=True):
        assert abs(len(part) - fraction * 1000) <= largest


@pytest.mark.parametrize("count", [3, 4, 5])
def test_no_part_is_empty_in_small_data(count):
    assert min(len(part) for part in make(count).split_rows()) >= 1


def test_a_fraction_of_zero_is_an_empty_part():
    assert [len(part) for part in make(10).split(0, (0.5, 0.5, 0.0))] == [5, 5, 0]
    assert [len(part) for part in make(10).split(0, (0.0, 0.0, 1.0))] == [0, 0, 10]


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ((0.5, 0.5), "expected three numbers"),
        ((0.5, 0.6, -0.1), r"fractions\[2\]: expected a number in \[0, 1\], got -0.1"),
        ((0.5, 0.2, 0.2), "expected values that sum to 1, got 0.9"),
        ((0.5, float("nan"), 0.5), r"fractions\[1\]: expected a number in \[0, 1\], got nan"),
    ],
)
def test_bad_fractions_are_refused(fractions, message):
    with pytest.raises(ValueError, match=message):
        make().split(0, fractions)


def test_too_few_items_or_groups_are_refused():
    with pytest.raises(ValueError, match="at least 3 examples"):
        make(2).split()
    with pytest.raises(ValueError, match="at least 3 groups"):
        make(9, groups=np.zeros(9)).split()


def test_published_split_is_the_default():
    parts = np.array([0] * 12 + [1] * 4 + [2] * 4)
    dataset = make(parts=parts)
    assert [len(part) for part in dataset.split()] == [12, 4, 4]
    assert dataset.split().test.x[0, 0] == 64
    with pytest.raises(ValueError, match="the default split of 'toy' is the published one"):
        dataset.split(fractions=(0.5, 0.25, 0.25))
    assert [len(part) for part in dataset.split(0, (0.5, 0.25, 0.25))] == [10, 5, 5]


def test_keys_are_distinct_and_depend_on_the_purpose():
    keys = shuffle_keys(100_000, "a")
    assert len(np.unique(keys)) == 100_000
    assert not np.array_equal(keys, shuffle_keys(100_000, "b"))


def test_splitmix_agrees_with_python_integers():
    import hashlib

    state = int.from_bytes(hashlib.blake2b(b"a", digest_size=8).digest(), "little")
    expected = []
    for number in range(1, 6):
        z = (state + number * 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        expected.append(z ^ (z >> 31))
    assert shuffle_keys(5, "a").tolist() == expected


def test_split_of_groups_does_not_depend_on_their_names():
    numbers = np.arange(30) // 3
    names = np.array([f"group {number:02d}" for number in numbers])
    a = split_indices(30, (0.7, 0.15, 0.15), "p", numbers)
    b = split_indices(30, (0.7, 0.15, 0.15), "p", names)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_columns_are_checked():
    with pytest.raises(ValueError, match="kind: expected one of"):
        Column("a", "nominal")
    with pytest.raises(ValueError, match="levels: expected two or more"):
        Column("a", "ordinal")
    with pytest.raises(ValueError, match="levels: expected two for a binary column"):
        Column("a", "binary", levels=("a", "b", "c"))
    with pytest.raises(ValueError, match="levels: expected none"):
        Column("a", "count", levels=("a", "b"))


@pytest.mark.parametrize("index", [3, "x", np.zeros((2, 2), int)])
def test_an_index_that_is_none_is_named(index):
    with pytest.raises(TypeError, match=r"index: expected a slice, example numbers or a mask"):
        make()[index]


def test_a_single_picture_says_how_it_becomes_items():
    with pytest.raises(ValueError, match="patch_size"):
        load("camera").split()
    assert len(load("camera", patch_size=64).split().train)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_a_dataset_comes_back_from_pickle_and_copy(again):
    dataset = load("modechoice")
    other = again(dataset)
    assert repr(other) == repr(dataset)
    assert np.array_equal(other.x, dataset.x)
    assert other.columns == dataset.columns
    assert dict(other.metadata) == dict(dataset.metadata)
    assert [len(part) for part in other.split()] == [len(part) for part in dataset.split()]
    assert not other.x.flags.writeable
    with pytest.raises(TypeError, match="does not support item assignment"):
        other.extras["new"] = other.x

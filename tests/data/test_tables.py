"""The survey tables, against statsmodels' own copies, and the warnings that come with them."""

import numpy as np
import pytest
from statsmodels import datasets as originals

from aelib import data
from aelib.data._table import encode, leveled

NAMES = ("anes96", "randhie", "fair", "modechoice")
LEVELED = ("binary", "categorical", "ordinal")


def original(name):
    return getattr(originals, name).load_pandas().data


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_the_originals(name):
    options = {"layout": "long"} if name == "modechoice" else {}
    table, expected = data.load(name, **options).table, original(name)
    for column in table.columns:
        np.testing.assert_array_equal(table[column], expected[column])


@pytest.mark.parametrize("name", NAMES)
def test_values_lie_in_the_support_of_their_kind(name):
    dataset = data.load(name)
    assert dataset.feature_names == tuple(column.name for column in dataset.columns)
    for column, values in zip(dataset.columns, dataset.x.T, strict=True):
        assert column.description
        if column.kind in LEVELED:
            assert set(np.unique(values)) == set(range(column.num_levels)), column.name
        if column.kind == "count" or column.limits[0] == 0:
            assert column.unit
            assert values.min() >= 0
        if column.kind == "count" or column.resolution == 1:
            assert np.array_equal(values, np.rint(values)), column.name


@pytest.mark.parametrize("name", NAMES)
def test_columns_decode_to_the_published_values(name):
    dataset = data.load(name)
    for column, values in zip(dataset.columns, dataset.x.T, strict=True):
        published = dataset.table[column.name].to_numpy(dtype=np.float64)
        if column.kind in LEVELED:
            levels = np.unique(published)
            assert np.array_equal(levels[values.astype(int)], published), column.name
        else:
            np.testing.assert_allclose(values, published, rtol=1e-6)


def test_anes96_is_as_described():
    dataset = data.load("anes96", logpopul=True)
    assert dataset.x.shape == (944, 11)
    popul = dataset.x[:, dataset.feature_names.index("popul")]
    np.testing.assert_allclose(dataset.x[:, -1], np.log(popul + 0.1), rtol=1e-5)
    assert not [c for c in dataset.columns if c.kind == "categorical"]
    news = next(c for c in dataset.columns if c.name == "TVnews")
    assert news.levels[7] == "7 times a week"
    assert (popul == 0).mean() > 0.05
    assert data.load("anes96").x.shape == (944, 10)


def test_randhie_rows_share_covariates_and_splits_do_not():
    dataset = data.load("randhie")
    assert dataset.x.shape == (20190, 10)
    sizes = np.bincount(dataset.groups)
    assert round(100 * np.mean(sizes[dataset.groups] > 1), 1) == 99.5
    for seed in (None, 0):
        train, _, test = dataset.split(seed)
        seen = {row.tobytes() for row in train.x[:, 1:]}
        assert not any(row.tobytes() in seen for row in test.x[:, 1:])
        assert 0.6 < len(train) / len(dataset) < 0.8


def test_randhie_warnings_are_true():
    table = data.load("randhie").table
    assert len(np.unique(table["physlm"])) == 11
    assert np.any(table["disea"] % 1 != 0)
    assert np.mean(table.loc[table["idp"] == 1, "fmde"] != 0) > 0.5
    percent = np.exp(np.unique(table["lncoins"])) - 1
    np.testing.assert_allclose(percent, [0, 25, 50, 95, 100], atol=1e-4)


def test_randhie_health_merges_without_loss():
    dataset = data.load("randhie", merge_health=True)
    assert dataset.x.shape == (20190, 8)
    table = dataset.table
    assert (table["hlthg"] + table["hlthf"] + table["hlthp"]).max() == 1
    for code, name in enumerate(("hlthg", "hlthf", "hlthp"), start=1):
        assert np.array_equal(dataset.x[:, -1] == code, table[name] == 1)


def test_fair_has_unordered_categories_and_an_atom():
    dataset = data.load("fair")
    assert dataset.x.shape == (6366, 9)
    kinds = {column.name: column.kind for column in dataset.columns}
    assert kinds["occupation"] == kinds["occupation_husb"] == "categorical"
    assert 0.6 < np.mean(dataset.x[:, -1] == 0) < 0.7


def test_modechoice_wide_and_long_agree():
    wide, long = data.load("modechoice"), data.load("modechoice", layout="long")
    assert wide.x.shape == (210, 18)
    assert long.x.shape == (840, 8)
    chosen = long.x[long.x[:, 1] == 1, 0]
    assert np.array_equal(wide.x[:, 0], chosen)
    bus = long.table[long.table["mode"] == 3]
    assert np.array_equal(wide.table["invt_bus"], bus["invt"])
    train, _, test = long.split()
    assert not set(train.groups) & set(test.groups)
    with pytest.raises(ValueError, match="layout: expected 'wide' or 'long', got 'tall'"):
        data.load("modechoice", layout="tall")


def test_values_beyond_the_levels_are_refused():
    import pandas as pd

    field = leveled("a", "binary", [(0, "no"), (1, "yes")], "")
    with pytest.raises(ValueError, match=r"a: expected one of \(0, 1\), got 2.0 in row 1"):
        encode(pd.DataFrame({"a": [0, 2]}), [field])

"""From a data frame to a specification and to arrays, and what bad tables are told."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest

import aelib
from aelib.data import Column
from aelib.likelihoods import Columns, Composite


def people(n=60):
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "vote": random.choice(["Clinton", "Dole"], n),
            "height": random.normal(170, 9, n),
            "mode": random.choice(["bus", "car", "air"], n),
            "size": pd.Categorical(
                random.choice(["s", "m", "l"], n), ["s", "m", "l"], ordered=True
            ),
            "stars": random.integers(1, 6, n),
            "visits": random.poisson(9, n) * random.integers(0, 2, n),
            "age": random.integers(18, 90, n),
            "member": random.random(n) < 0.5,
        }
    )


def test_kinds_are_inferred():
    columns = Columns.infer(people())
    assert {column.name: column.kind for column in columns} == {
        "vote": "binary",
        "height": "continuous",
        "mode": "categorical",
        "size": "ordinal",
        "stars": "ordinal",
        "visits": "count",
        "age": "continuous",
        "member": "binary",
    }
    assert columns["size"].levels == ("s", "m", "l")
    assert columns["mode"].levels == ("air", "bus", "car")
    assert columns["member"].levels == (False, True)
    assert (columns["age"].resolution, columns["height"].resolution) == (1.0, 0.0)
    assert columns["height"].center == pytest.approx(people()["height"].mean(), rel=1e-6)
    assert columns["height"].spread == pytest.approx(people()["height"].std(ddof=0), rel=1e-6)
    assert list(columns.describe().index) == list(people().columns)
    assert hash(columns) == hash(Columns.infer(people()))


def test_encoding_and_back():
    frame = people()
    frame.loc[3, ["vote", "height", "size"]] = None
    frame.loc[59, "mode"] = None
    columns = Columns.infer(frame)
    x, mask = columns.encode(frame[list(columns.names)[::-1]])
    assert x.dtype == np.float32
    assert (mask == frame.notna().to_numpy()).all()
    assert np.isfinite(x).all()
    assert (x[~mask] == 0).all()
    back = columns.decode(x, mask=mask)
    for name in frame:
        here = frame[name].notna()
        assert (back[name].notna() == here).all()
        if name == "height":
            assert back[name][here].to_numpy(float) == pytest.approx(frame[name][here], rel=1e-6)
        else:
            assert (back[name][here].to_numpy(object) == frame[name][here].to_numpy(object)).all()


def test_overrides():
    frame = people()[["stars", "mode", "age"]]
    columns = Columns.infer(
        frame,
        kinds={"stars": "categorical", "age": "count"},
        levels={"mode": ["car", "bus", "air"]},
    )
    assert [column.kind for column in columns] == ["categorical", "categorical", "count"]
    assert columns["mode"].levels == ("car", "bus", "air")
    poisson = columns.replace("age", distribution="poisson")
    assert poisson["age"].distribution == "poisson"
    assert Composite(poisson).parts[-1].likelihood.__class__.__name__ == "Poisson"
    assert columns.drop("mode").names == ("stars", "age")


@pytest.mark.parametrize("name", ["anes96", "randhie", "fair", "modechoice"])
def test_the_survey_tables_of_the_book(name):
    data = aelib.data.load(name)
    columns = Columns.from_codes(data.columns, data.x)
    columns.check(data.x)
    assert columns.names == data.feature_names
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no column of theirs is a function of another
        inferred = Columns.infer(data.table)
    x, mask = inferred.encode(data.table)
    assert mask.all()
    inferred.check(x)


def test_a_function_of_another_column_is_found():
    with pytest.warns(UserWarning, match="'logpopul' is a function of column 'popul'"):
        Columns.infer(aelib.data.load("anes96", logpopul=True).table)
    random = np.random.default_rng(1)
    a = random.normal(size=200)
    frame = pd.DataFrame(
        {
            "a": a,
            "twice": 2 * a,
            "older": a > 0.3,
            "free": random.normal(size=200),
            "coin": random.random(200) < 0.5,
            "row": [f"row {i}" for i in range(200)],
        }
    )
    assert Columns.functional_dependencies(frame) == (
        ("twice", "a"),
        ("older", "a"),
        ("older", "twice"),
    )
    frame.loc[7, "twice"] = np.nan  # where it is missing nothing is contradicted
    assert ("twice", "a") in Columns.functional_dependencies(frame)
    frame.loc[7, "twice"] = 99.0
    assert ("twice", "a") not in Columns.functional_dependencies(frame)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.iloc[:0], {}, r"frame: expected rows and columns, got an empty one, \(0, 8\)"),
        (
            lambda f: f.assign(age=5),
            {},
            "column 'age': constant, 5 in all 60 observed rows. .* drop it with frame.drop",
        ),
        (lambda f: f.assign(age=np.nan), {}, "column 'age': all 60 values are missing; drop"),
        (lambda f: f, {"kinds": {"Age": "count"}}, "kinds: no column 'Age' in the frame; expected"),
        (lambda f: f, {"kinds": {"age": "real"}}, r"kinds\['age'\]: expected one of binary, "),
        (lambda f: f, {"levels": {"height": [1, 2]}}, "column 'height': expected one of 1, 2; got"),
        (
            lambda f: f.assign(visits=-f["visits"]),
            {"kinds": {"visits": "count"}},
            r"column 'visits': expected a count \(a whole number, 0 or more\), got -",
        ),
        (
            lambda f: f,
            {"kinds": {"mode": "ordinal"}},
            r"column 'mode': the order of its levels .* give levels=\{'mode': \[lowest, ...",
        ),
        (
            lambda f: f.assign(vote=pd.Timestamp("2020-01-01") + pd.to_timedelta(f.index, "D")),
            {},
            "column 'vote': dates .* are not modeled; turn them into numbers",
        ),
        (
            lambda f: f.assign(vote=[f"name {i}" for i in f.index]),
            {},
            "column 'vote': 60 different texts in 60 rows look like names",
        ),
        (
            lambda f: f.assign(height=f["height"].where(f.index != 4, np.inf)),
            {},
            "column 'height': expected finite numbers, got inf in the row labeled 4",
        ),
    ],
)
def test_tables_that_cannot_be_modeled(change, options, message):
    with pytest.raises(ValueError, match=message):
        Columns.infer(change(people()), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: f.assign(mode=f["mode"].where(f.index < 58, "tram")),
            r"column 'mode': expected one of 'air', 'bus', 'car'; got 'tram' in the row labeled "
            r"58 \(and 1 more\)",
        ),
        (
            lambda f: f.assign(visits=f["visits"].where(f.index != 7, -1)),
            "column 'visits': expected a count .* got -1 in the row labeled 7",
        ),
        (
            lambda f: f.assign(age=f["age"] + 0.5),
            "column 'age': expected a multiple of 1, got .* in the row labeled 0",
        ),
        (
            lambda f: f.assign(height=f["height"].astype(str) + " cm"),
            "column 'height': expected finite numbers, got '.* cm' in the row labeled 0",
        ),
        (lambda f: f.drop(columns="age"), "frame: expected the columns .*; missing: 'age'"),
        (
            lambda f: f.assign(extra=1),
            r"not expected: 'extra' \(select the columns with frame\[list\(columns.names\)\]\)",
        ),
        (
            lambda f: f.assign(height=f["height"] + 1e9),
            "column 'height': float32 has steps of 64 .* subtract an offset",
        ),
    ],
)
def test_tables_that_do_not_fit_the_specification(change, message):
    columns = Columns.infer(people())
    with pytest.raises(ValueError, match=message):
        columns.encode(change(people()))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "real"}, "kind: expected one of binary, .* got 'real' \\(column 'c'\\)"),
        ({"kind": "binary", "levels": (1, 2, 3)}, "levels: expected two for a binary column"),
        ({"kind": "ordinal", "levels": (1, 1)}, "levels: expected different ones"),
        ({"kind": "count", "levels": (1, 2)}, "levels: expected none for a count column"),
        ({"kind": "continuous", "spread": 0.0}, "spread: expected a positive, finite number"),
        ({"kind": "count", "resolution": 1.0}, "resolution: expected a step of at least 0"),
        ({"kind": "count", "limits": (0.0, 1.0)}, "limits: .* of a continuous column"),
        (
            {"kind": "binary", "levels": (0, 1), "frequencies": (0.5, 0.6)},
            "frequencies: expected 2 positive probabilities that sum to 1",
        ),
    ],
)
def test_columns_that_make_no_sense(fields, message):
    with pytest.raises(ValueError, match=message):
        Column("c", **fields)


def test_names_and_entries_are_checked():
    column = Column("c", "count")
    with pytest.raises(ValueError, match="columns: expected different names, got 'c' twice"):
        Columns((column, column))
    with pytest.raises(ValueError, match="columns: expected at least one"):
        Columns(())
    with pytest.raises(ValueError, match="columns: no column 'd'; expected one of 'c'"):
        Columns((column,)).replace("d", center=1.0)
    with pytest.raises(TypeError, match="frame: expected a pandas DataFrame, got dict"):
        Columns.infer({"a": [1, 2]})


def test_as_numbers_keeps_the_array_and_the_masses():
    frame = people()
    columns = Columns.infer(frame)
    x, mask = columns.encode(frame)
    numbers = columns.as_numbers()
    numbers.check(x, mask=mask)
    assert {column.kind for column in numbers} == {"continuous"}
    assert numbers["mode"].limits == (0.0, 2.0)
    noisy = x + np.random.default_rng(0).normal(size=x.shape)
    columns.check(columns.nearest(noisy))


def test_the_model_of_independent_columns_starts_at_the_shares():
    frame = people()
    columns = Columns.infer(frame)
    x, _ = columns.encode(frame)
    likelihood = Composite(columns)
    mass = likelihood.probabilities(columns.marginal_outputs(1))
    for name, value in mass.items():
        assert np.asarray(value[0]) == pytest.approx(columns[name].frequencies, abs=1e-5)
        shares = np.bincount(x[:, columns.position(name)].astype(int)) / len(frame)
        assert np.asarray(value[0]) == pytest.approx(shares, abs=0.02)
    mean = likelihood.mean(columns.marginal_outputs(1))
    assert float(mean["visits"][0]) == pytest.approx(frame["visits"].mean(), rel=1e-5)
    guess = columns.typical()
    assert guess[columns.position("mode")] == np.bincount(x[:, 2].astype(int)).argmax()
    assert dataclasses.replace(columns["age"], resolution=0.0).support == "a finite number"

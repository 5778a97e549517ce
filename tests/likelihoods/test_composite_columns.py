"""From a data frame to a specification and to arrays, and what bad tables are told."""

import dataclasses
import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

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


# Columns as frames have them, by what pandas calls them; each has at least three values.
TEXTS = ["b", "a", "c", "a", "b", "c", "a", "b"]
WHOLE = [19, 40, 62, 33, 25, 71, 48, 90, 18, 55, 36, 44]
DTYPES = {
    **{name: np.array(WHOLE, name) for name in ("int8", "int64", "uint16", "uint64", "float64")},
    **{name: pd.array([*WHOLE, None], dtype=name) for name in ("Int64", "UInt8", "Float64")},
    "whole with gaps": np.array([*WHOLE, np.nan]),
    "float32": np.linspace(0, 1, 13, dtype=np.float32),
    "float16": np.linspace(0, 1, 13, dtype=np.float16),
    "bool": np.array([True, False, True]),
    "boolean": pd.array([True, False, None], dtype="boolean"),
    "object of bool": pd.Series([True, False, None], dtype=object),
    "str": np.array(TEXTS),
    "string": pd.array([*TEXTS, None], dtype="string"),
    "object of str": pd.Series([*TEXTS, None], dtype=object),
    "category": pd.Categorical(TEXTS, ["c", "a", "unused", "b"]),
    "ordered": pd.Categorical([*TEXTS, None], ["b", "c", "a"], ordered=True),
    "two ordered": pd.Categorical(TEXTS[:2], ["b", "a"], ordered=True),
    "category of int": pd.Categorical([9, 7, 8, 9]),
    "category of dates": pd.Categorical(pd.to_datetime(["2020-03-01", "2020-02-01", "2020-01-01"])),
    "intervals": pd.cut(WHOLE, [0, 30, 60, 100]),
    "sparse": pd.arrays.SparseArray([0, 0, 17, 0, 30, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
}


@pytest.mark.parametrize("name", DTYPES)
def test_a_frame_comes_back_with_its_dtypes_categories_and_order(name):
    frame = pd.DataFrame({"c": DTYPES[name]})
    columns = Columns.infer(frame)
    x, mask = columns.encode(frame)
    pd.testing.assert_frame_equal(columns.decode(x, mask=mask), frame, check_exact=True)
    assert hash(columns) == hash(Columns.infer(frame))


def test_a_frame_of_all_of_them_comes_back():
    """Columns side by side, in an order that is not the alphabet's, and rows without a value."""
    frame = pd.DataFrame({name: pd.Series(values) for name, values in DTYPES.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # columns that are functions of others
        columns = Columns.infer(frame)
    back = columns.decode(*columns.encode(frame)[:1], mask=columns.encode(frame).mask)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whole_numbers_come_back_or_are_refused(data):
    dtype = data.draw(st.sampled_from(["int16", "int32", "int64", "uint64", "Int64", "float64"]))
    bounds = {
        "int16": (-(2**15), 2**15 - 1),
        "int32": (-(2**31), 2**31 - 1),
        "uint64": (0, 2**64 - 1),
    }
    low, high = bounds.get(dtype, (-(2**63), 2**63 - 1))
    values = data.draw(st.lists(st.integers(low, high), min_size=3, max_size=20, unique=True))
    if dtype == "float64":
        values = [float(value) for value in values]
    frame = pd.DataFrame({"c": pd.array(values, dtype=dtype)})
    try:
        columns = Columns.infer(frame)
        x, mask = columns.encode(frame)
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert refused.startswith("column 'c': ")
        return
    pd.testing.assert_frame_equal(columns.decode(x, mask=mask), frame, check_exact=True)


def test_whole_numbers_that_float32_cannot_hold_are_kept_exact():
    frame = pd.DataFrame({"views": [0, 2**24 + 1, *range(20)], "age": [*WHOLE, *range(10)]})
    columns = Columns.infer(frame)
    x, mask = columns.encode(frame)
    assert x.dtype == np.float64
    pd.testing.assert_frame_equal(columns.decode(x, mask=mask), frame)
    assert columns.encode(frame.assign(views=frame["age"])).x.dtype == np.float32
    frame.loc[1, "views"] = 2**53 + 1
    with pytest.raises(
        ValueError, match=r"numbers that float64 holds, got 9007199254740993 in the"
    ):
        columns.encode(frame)


def test_what_is_decoded_need_not_be_what_was_encoded():
    """A gap where there was none, and a mean where there were whole numbers."""
    frame = pd.DataFrame({"age": np.array(WHOLE, np.int16), "up": np.array(WHOLE) > 40})
    columns = Columns.infer(frame)
    x, mask = columns.encode(frame)
    mask[0] = False
    back = columns.decode(x, mask=mask)
    assert back.dtypes.astype(str).tolist() == ["Int16", "boolean"]
    assert back.isna().to_numpy()[0].all()
    x[1, 0] = 30.5
    assert columns.decode(x)["age"].dtype == np.float64
    assert Columns.from_codes(list(columns), x[2:]).decode(x[2:])["age"].dtype == np.int16


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.date_range("2020-01-01", periods=9), r"dates and times \(datetime64.* since the first"),
        (
            pd.date_range("2020-01-01", periods=9, tz="UTC"),
            r"dates and times \(datetime64\[.*, UTC",
        ),
        (pd.period_range("2020-01", periods=9, freq="M"), r"dates and times \(period\[M\]\)"),
        ([datetime.date(2020, 1, day) for day in range(1, 9)], r"dates and times \(date\)"),
        ([datetime.time(hour) for hour in range(9)], r"dates and times \(time\)"),
        (pd.to_timedelta(range(9), "D"), r"durations \(timedelta64.*total_seconds"),
        ([datetime.timedelta(day) for day in range(9)], r"durations \(timedelta"),
        (
            [decimal.Decimal(k) / 10 for k in range(9)],
            r"decimal numbers \(Decimal\) .*astype\(float",
        ),
        (np.arange(9) * 1j, r"complex numbers \(complex128\)"),
        ([[1, 2]] * 9, r"values of type list \(\[1, 2\]\) are not modeled"),
        ([b"a", b"b", b"c"], r"values of type bytes"),
        (pd.interval_range(0, 9), r"intervals \(interval\[int64, right\]\).*ordered Categorical"),
        (
            [str(k) for k in range(30)],
            r"numbers held as str, such as '0'; .*to_numeric\(frame\['c'\]",
        ),
        (pd.Series([1.5, None, *range(30)], dtype=object), "numbers held as object, such as 1.5"),
    ],
)
def test_what_has_no_model_is_named(values, message):
    frame = pd.DataFrame({"c": values})
    with pytest.raises(ValueError, match=f"column 'c': {message}"):
        Columns.infer(frame)


def test_dates_can_be_levels_if_one_says_so():
    frame = pd.DataFrame({"c": pd.date_range("2020-01-01", periods=3)[[0, 2, 1, 0]]})
    columns = Columns.infer(frame, kinds={"c": "categorical"})
    x, mask = columns.encode(frame)
    pd.testing.assert_frame_equal(columns.decode(x, mask=mask), frame)
    latest_first = Columns.infer(frame, levels={"c": frame["c"].unique()[::-1]})
    assert latest_first["c"].kind == "categorical"
    x, mask = latest_first.encode(frame)
    pd.testing.assert_frame_equal(latest_first.decode(x, mask=mask), frame)
    with pytest.raises(ValueError, match=r"values of type list"):
        Columns.infer(pd.DataFrame({"c": [[1], [2], [3]]}), kinds={"c": "categorical"})


def test_levels_beyond_the_categories_can_be_decoded():
    frame = pd.DataFrame({"c": pd.Categorical(["a", "b", "a"])})
    columns = Columns.infer(frame, levels={"c": ["c", "a", "b"]})
    x, mask = columns.encode(frame)
    assert columns.decode(x, mask=mask)["c"].tolist() == ["a", "b", "a"]
    assert columns.decode(np.zeros((2, 1)))["c"].tolist() == ["c", "c"]


def test_what_has_no_order_cannot_give_one():
    """A set's order changes from run to run, and with it what a code means."""
    with pytest.raises(
        TypeError, match="levels: expected a sequence, whose order is kept, got a set"
    ):
        Column("c", "binary", levels={"low", "high"})
    with pytest.raises(TypeError, match="levels: expected a sequence, got the text 'low'"):
        Column("c", "ordinal", levels="low")
    with pytest.raises(
        TypeError, match=r"levels\['vote'\]: expected a sequence, .* got a frozenset"
    ):
        Columns.infer(people(), levels={"vote": frozenset(["Clinton", "Dole"])})
    with pytest.raises(TypeError, match="columns: expected a sequence, whose order is kept"):
        Columns({Column("a", "count"), Column("b", "count")})
    with pytest.raises(TypeError, match="columns: expected a sequence, whose order is kept"):
        Composite({Column("a", "count"), Column("b", "count")})
    with pytest.raises(TypeError, match="columns: expected a sequence, whose order is kept"):
        aelib.models.table({Column("a", "count")}, 1, rngs=nnx.Rngs(0))
    with pytest.raises(TypeError, match="hidden: expected a sequence, whose order is kept"):
        aelib.models.mlp(4, 1, hidden={8, 4}, rngs=nnx.Rngs(0))
    assert Columns.infer(people(), levels={"vote": dict.fromkeys(["Dole", "Clinton"])})


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


def test_a_mean_between_counts_is_decoded_and_what_is_missing_is_not_looked_at():
    visits, colors = [0, 1, 2, 5, 7] * 9, ["red", "green", "blue"] * 15
    frame = pd.DataFrame({"visits": visits, "color": colors})
    columns = Columns.infer(frame, kinds={"visits": "count"})
    back = columns.decode([[2.5, 1.0], [1.0, 77.0]], mask=[[True, True], [True, False]])
    assert back["visits"].tolist() == [2.5, 1.0]
    assert back["color"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match=r"color.* got 77"):
        columns.decode([[1.0, 77.0]])


def test_a_tenth_of_the_rows_may_be_different_texts():
    texts = [f"text {i % 20}" for i in range(200)]
    assert Columns.infer(pd.DataFrame({"a": texts}))["a"].kind == "categorical"
    with pytest.raises(ValueError, match="21 different texts in 200 rows look like names"):
        Columns.infer(pd.DataFrame({"a": [*texts[:-1], "text 20"]}))


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


def test_the_model_of_independent_columns_starts_at_the_frequencies():
    frame = people()
    columns = Columns.infer(frame)
    x, _ = columns.encode(frame)
    likelihood = Composite(columns)
    mass = likelihood.probabilities(columns.marginal_outputs(1))
    for name, value in mass.items():
        assert np.asarray(value[0]) == pytest.approx(columns[name].frequencies, abs=1e-5)
        frequencies = np.bincount(x[:, columns.position(name)].astype(int)) / len(frame)
        assert np.asarray(value[0]) == pytest.approx(frequencies, abs=0.02)
    mean = likelihood.mean(columns.marginal_outputs(1))
    assert float(mean["visits"][0]) == pytest.approx(frame["visits"].mean(), rel=1e-5)
    guess = columns.typical()
    assert guess[columns.position("mode")] == np.bincount(x[:, 2].astype(int)).argmax()
    assert dataclasses.replace(columns["age"], resolution=0.0).support == "a finite number"


@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (3,), (1, 2, 3)])
def test_codes_have_one_number_for_each_column(shape):
    columns = Columns(tuple(Column(name, "continuous") for name in "abc"))
    with pytest.raises(ValueError, match=r"x: expected \[n, 3\], one for each column, got shape"):
        columns.decode(np.zeros(shape))

"""Checks of arguments: what each accepts, what it refuses, and what it says."""

import functools
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from aelib import _checks
from aelib._lazy import require


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([[1, 2]], "int64"),
        ([[True]], "bool"),
        (jnp.ones((2, 2), jnp.bfloat16), "bfloat16"),
        (pd.DataFrame({"a": [1.5], "b": [2.0]}), "float64"),
        (np.ones((2, 2), np.float16), "float16"),
    ],
)
def test_arrays_of_real_numbers_pass_as_they_are(value, dtype):
    array = _checks.check_array("x", value)
    assert array.dtype.name == dtype
    np.testing.assert_array_equal(np.asarray(array, float), np.asarray(value, float))


def test_no_copy_is_made():
    x = np.ones((2, 3))
    assert _checks.check_array("x", x, dtype=np.float64) is x
    assert _checks.check_matrix("x", x) is x


class Items:
    x = np.ones(3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ma.masked_equal([1.0, 2.0], 2), "x: expected a plain array, got a masked one"),
        (scipy.sparse.eye(3, format="csr"), "x: expected a dense array, got a sparse csr_"),
        (Items(), "x: expected an array, got a Items; pass its .x"),
        ([1j], "x: expected real numbers, got dtype complex128"),
        (["a"], "x: expected real numbers, got dtype <U1"),
        ([None], "x: expected real numbers, got dtype object"),
        (np.array(["2020-01-01"], "M8[D]"), "x: expected real numbers, got dtype datetime64"),
    ],
)
def test_arrays_of_anything_else_are_refused(value, message):
    with pytest.raises(TypeError) as error:
        _checks.check_array("x", value)
    assert str(error.value).startswith(message)


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"^x: expected an array, got a list: .*inhomogeneous"):
        _checks.check_array("x", [[1, 2], [3]])


@pytest.mark.parametrize("shape", [(3, 2), (3, "d"), ("n", ...), ("n", "d"), (3, 2, ...), (...,)])
def test_shapes_that_fit(shape):
    assert _checks.check_array("x", np.ones((3, 2)), shape=shape).shape == (3, 2)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((2, 3), r"\[2, 3\]"),
        (("n",), r"\[n\]"),
        (("n", 3), r"\[n, 3\]"),
        (("n", "d", "k"), r"\[n, d, k\]"),
        ((3, 2, "k", ...), r"\[3, 2, k, ...\]"),
    ],
)
def test_shapes_that_do_not_fit(shape, expected):
    with pytest.raises(ValueError, match=rf"^x: expected shape {expected}, got \(3, 2\)$"):
        _checks.check_array("x", np.ones((3, 2)), shape=shape)


def test_a_named_axis_is_not_empty_but_a_numbered_one_may_be():
    with pytest.raises(ValueError, match=r"expected shape \[n\], got \(0,\)"):
        _checks.check_array("x", np.ones(0), shape=("n",))
    assert _checks.check_array("x", np.ones(0), shape=(0,)).shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64", jnp.bfloat16])
def test_values_that_are_not_finite_are_shown_with_their_index(bad, dtype):
    x = np.ones((4, 3))
    x[2, 1] = x[3, 0] = bad
    message = r"^x: expected finite values, got -?(nan|inf) at index \(2, 1\) \(and 1 more\)$"
    with pytest.raises(ValueError, match=message):
        _checks.check_array("x", x.astype(dtype))
    assert not np.isfinite(_checks.check_array("x", x.astype(dtype), finite=False)).all()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 255], np.uint8),
        ([0.0, 255.0], np.uint8),
        ([0, 1], bool),
        ([True, False], np.float32),
        ([2**24], np.float32),
        ([0.1], np.float32),  # rounded, which is what float32 means
        ([np.nan, np.inf], np.float32),
    ],
)
def test_casts_that_change_nothing(values, dtype):
    array = np.asarray(values)
    cast = _checks.check_cast("x", array, dtype)
    assert cast.dtype == dtype
    np.testing.assert_allclose(cast.astype(float), array.astype(float), rtol=1e-7)


@pytest.mark.parametrize(
    ("values", "dtype", "got"),
    [
        ([1, 256], np.uint8, "256"),
        ([1, -1], np.uint8, "-1"),
        ([1, -1], np.uint64, "-1"),
        ([0, 2], bool, "2"),
        ([1.0, 1.5], np.int32, "1.5"),
        ([1.0, np.nan], np.int32, "nan"),
        ([1, 2**24 + 1], np.float32, "16777217"),
        ([1, 2**53 + 1], np.float64, "9007199254740993"),
        ([1.0, 1e39], np.float32, "1e+39"),
    ],
)
def test_casts_that_change_a_value_are_refused(values, dtype, got):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        _checks.check_cast("x", np.asarray(values), dtype)
    name = np.dtype(dtype).name
    assert str(error.value) == f"x: expected values that {name} can hold, got {got} at index (1,)"


def test_matrices():
    matrix = _checks.check_matrix("x", jnp.ones((3, 2), jnp.bfloat16))
    assert matrix.dtype == np.float64
    assert _checks.check_matrix("x", [[1, 2]], columns=2).shape == (1, 2)
    with pytest.raises(ValueError, match=r"x: expected shape \[n, 3\], got \(1, 2\)"):
        _checks.check_matrix("x", [[1, 2]], columns=3)
    with pytest.raises(ValueError, match=r"x: expected shape \[n, d\], got \(2, 0\)"):
        _checks.check_matrix("x", np.ones((2, 0)))
    with pytest.raises(ValueError, match=r"x: expected finite values, got inf at index \(0, 1\)"):
        _checks.check_matrix("x", [[0, np.inf]])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, jnp.bfloat16])
def test_counts_of_every_dtype(dtype):
    counts = _checks.check_count_array("x", np.array([0, 1], dtype))
    assert counts.dtype == np.int64
    assert counts.tolist() == [0, 1]


@pytest.mark.parametrize("bad", [-1.0, 0.5, np.nan, np.inf, 1e19])
def test_values_that_are_no_counts(bad):
    with pytest.raises(
        ValueError, match=r"^x: expected whole numbers of at least 0, got .* \(1,\)"
    ):
        _checks.check_count_array("x", [0.0, bad])


def test_counts_have_a_shape():
    with pytest.raises(ValueError, match=r"x: expected shape \[cells, genes\]"):
        _checks.check_count_array("x", [1, 2], shape=("cells", "genes"))


def test_require_all_names_the_first_value_its_place_and_how_many_more():
    x = np.arange(6).reshape(2, 3)
    _checks.require_all("x", x, x >= 0, "positive values")
    with pytest.raises(ValueError) as error:  # noqa: PT011
        _checks.require_all("x", x, x < 3, "less than 3", hint="; subtract 3")
    assert (
        str(error.value)
        == "x: expected less than 3, got 3 at index (1, 0) (and 2 more); subtract 3"
    )
    with pytest.raises(ValueError, match=r"^x: expected less than 3, got 4$"):
        _checks.require_all("x", np.asarray(4), np.asarray(False), "less than 3")


@pytest.mark.parametrize("value", [1, 1.5, np.float32(2), np.int8(3), np.array(4.0), jnp.array(5)])
def test_numbers(value):
    number = _checks.check_number("scale", value, above=0, at_most=5)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize("value", ["1", None, [1], np.ones(1), True, 1j])
@pytest.mark.parametrize("check", [_checks.check_number, _checks.check_fraction])
def test_what_is_no_number(check, value):
    with pytest.raises(TypeError, match=r"^scale: expected one number, got "):
        check("scale", value)


@pytest.mark.parametrize(
    ("value", "bounds", "said"),
    [
        (0, {"above": 0}, ", above 0"),
        (-0.5, {"at_least": 0}, ", at least 0"),
        (1, {"below": 1}, ", below 1"),
        (2, {"at_least": 0, "at_most": 1}, ", at least 0, at most 1"),
        (np.nan, {}, ""),
        (np.inf, {"above": 0}, ", above 0"),
    ],
)
def test_numbers_out_of_bounds(value, bounds, said):
    with pytest.raises(ValueError, match=rf"^scale: expected a finite number{said}, got {value}$"):
        _checks.check_number("scale", value, **bounds)


def test_bounds_that_are_reached():
    assert _checks.check_number("scale", 0, at_least=0) == 0
    assert _checks.check_number("scale", 1, at_most=1) == 1


def test_fractions():
    assert _checks.check_fraction("alpha", np.float32(0.5)) == 0.5
    for end in (0, 1):
        assert _checks.check_fraction("alpha", end, closed=True) == end
        with pytest.raises(ValueError, match=rf"^alpha: expected a number in \(0, 1\), got {end}$"):
            _checks.check_fraction("alpha", end)
    for outside in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"^alpha: expected a number in \[0, 1\], got "):
            _checks.check_fraction("alpha", outside, closed=True)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_whole_numbers(value):
    count = _checks.check_count("steps", value, at_least=3, at_most=3)
    assert type(count) is int
    assert count == 3


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None, True, np.True_, [2]])
def test_what_is_no_whole_number(value):
    with pytest.raises(ValueError, match=r"^steps: expected a whole number of at least 1, got "):
        _checks.check_count("steps", value)


def test_whole_numbers_have_bounds():
    assert _checks.check_count("seed", 0, at_least=0) == 0
    with pytest.raises(ValueError, match=r"^k: expected a whole number from 1 to 4, got 5$"):
        _checks.check_count("k", 5, at_most=4)
    with pytest.raises(ValueError, match=r"^k\[1\]: expected a whole number from 0 to 4, got 5$"):
        _checks.check_counts("k", (0, 5), at_least=0, at_most=4)
    assert _checks.check_counts("k", np.array([1, 2])) == (1, 2)
    for value in (4, "44", None):
        with pytest.raises(ValueError, match=r"^k: expected a sequence of whole numbers such as"):
            _checks.check_counts("k", value)


def test_choices():
    assert _checks.check_choice("norm", "l2", ("linf", "l2")) == "l2"
    for value in ("l1", None, ["l2"]):
        with pytest.raises(ValueError, match=r"^norm: expected 'linf', 'l1.5' or 'l2', got "):
            _checks.check_choice("norm", value, ("linf", "l1.5", "l2"))
    with pytest.raises(ValueError, match=r"^norm: expected 'l2', got 3$"):
        _checks.check_choice("norm", 3, ("l2",))


def test_several_choices():
    assert _checks.check_choices("norms", ["l2", "linf", "l2"], ("linf", "l2")) == ("l2", "linf")
    for value in ("l2", None, 3):
        with pytest.raises(TypeError, match=r"^norms: expected a sequence of names, got "):
            _checks.check_choices("norms", value, ("linf", "l2"))
    with pytest.raises(ValueError, match=r"^norms: expected names among linf, l2; got none$"):
        _checks.check_choices("norms", [], ("linf", "l2"))
    with pytest.raises(ValueError, match=r"^norms: expected .*; got 'l1' at index 1$"):
        _checks.check_choices("norms", ["l2", "l1"], ("linf", "l2"))


def test_keys():
    key = jax.random.key(0)
    assert _checks.check_key("key", key) is key
    for value in (0, None, jax.random.PRNGKey(0), np.ones(2)):
        with pytest.raises(TypeError, match=r"^key: expected a key such as jax.random.key\(0\)"):
            _checks.check_key("key", value)
    with pytest.raises(TypeError, match=r"^key: expected one key, got an array .* \(3,\)$"):
        _checks.check_key("key", jax.random.split(key, 3))


def test_callables():
    def loss(outputs, x, *, scale=1.0):
        return outputs - scale * x

    for value in (loss, functools.partial(loss, scale=2.0), jax.jit(loss), np.add, max):
        assert _checks.check_callable("loss", value, "outputs", "x") is value
    assert _checks.check_callable("loss", loss) is loss
    for value in (3, None, dict, lambda x: x, loss.__get__(3)):
        with pytest.raises(TypeError, match=r"^loss: expected a callable \(outputs, x\), got "):
            _checks.check_callable("loss", value, "outputs", "x")


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    assert require("json", purpose="this") is sys.modules["json"]
    monkeypatch.setitem(sys.modules, "sklearn", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    message = r'^load\("digits"\) needs sklearn: pip install "aelib\[data\]"$'
    with pytest.raises(ModuleNotFoundError, match=message):
        require("sklearn.datasets", purpose='load("digits")')


def test_a_fault_inside_a_dependency_is_not_taken_for_its_absence(tmp_path, monkeypatch):
    (tmp_path / "has_a_fault.py").write_text("import this_one_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match=r"this_one_is_not_there"):
        require("has_a_fault", purpose="this")

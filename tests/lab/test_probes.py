"""The probes: what they must find, and what they must not depend on."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from aelib.lab import probes


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return data.data[:, 10:30] / 16.0, data.target


def test_does_not_depend_on_the_basis_of_the_code(digits):
    x, y = digits
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(20, 20)) @ np.diag(np.geomspace(1e-2, 1e2, 20))
    shift = 10 * rng.normal(size=20)
    plain = probes.linear(x, y).predict(x)
    mixed = probes.linear(x @ mixing + shift, y).predict(x @ mixing + shift)
    assert np.mean(plain == mixed) > 0.999


def test_dead_and_repeated_code_directions_change_nothing(digits):
    x, y = digits
    padded = np.hstack([x, np.zeros((len(x), 3)), x[:, :2]])
    np.testing.assert_array_equal(
        probes.linear(padded, y).predict(padded), probes.linear(x, y).predict(x)
    )


def test_separates_what_is_separable_and_nothing_else():
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"] * 500)
    codes = rng.normal(size=(1000, 3))
    old, new = slice(500), slice(500, None)

    def accuracy():
        return probes.accuracy(np.asarray, (codes[old], labels[old]), (codes[new], labels[new]))

    assert 0.4 < accuracy() < 0.6
    codes[:, 1] += 20.0 * (labels == "b")
    assert accuracy() == 1.0


def test_a_code_that_says_nothing_gives_the_most_frequent_class():
    probe = probes.linear(np.ones((10, 2)), [0] * 7 + [1] * 3)
    np.testing.assert_array_equal(probe.predict(np.ones((4, 2))), np.zeros(4))


def test_says_what_is_wrong():
    codes = np.eye(4)
    with pytest.raises(ValueError, match="labels: expected at least two classes"):
        probes.linear(codes, [1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"labels: expected shape \(4,\), got \(3,\)"):
        probes.linear(codes, [0, 1, 0])
    with pytest.raises(
        ValueError, match=r"codes: expected finite values, got nan at index \(0, 1\)"
    ):
        probes.linear([[0.0, np.nan], [1.0, 2.0]], [0, 1])
    with pytest.raises(ValueError, match=r"codes: expected shape \[n, d\], got \(4,\)"):
        probes.linear(np.zeros(4), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="kind: expected"):
        probes.accuracy(np.asarray, (codes, [0, 1, 0, 1]), (codes, [0, 1, 0, 1]), kind="curved")


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.discriminant_analysis", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r'needs sklearn: pip install "aelib\[data\]"'):
        probes.linear(np.eye(4), [0, 1, 0, 1])


def test_the_nonlinear_probe_reads_what_no_line_separates():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(1000, 2))
    labels = (np.sum(codes**2, axis=1) > 1.4).astype(int)  # as many inside as outside
    old, new = (codes[:500], labels[:500]), (codes[500:], labels[500:])
    assert probes.accuracy(np.asarray, old, new) < 0.65
    assert probes.accuracy(np.asarray, old, new, kind="nonlinear") > 0.95
    shuffled = old[0], rng.permutation(old[1])
    assert 0.35 < probes.accuracy(np.asarray, shuffled, new, kind="nonlinear") < 0.65


def test_the_nonlinear_probe_does_not_depend_on_the_units_of_the_code(digits):
    x, y = digits
    scaled = x * np.geomspace(1e-3, 1e3, 20) + 5
    plain = probes.nonlinear(x, y).predict(x)
    np.testing.assert_array_equal(probes.nonlinear(scaled, y).predict(scaled), plain)

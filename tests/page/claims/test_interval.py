import math

import numpy as np
import pytest
from scipy import stats

from aelib.page.claims import mean_interval


def test_interval_is_scipys() -> None:
    values = np.random.default_rng(0).normal(3, 0.2, size=7)
    mean, low, high = mean_interval(values.tolist())
    sem = stats.sem(values)
    assert (low, high) == pytest.approx(stats.t.interval(0.95, 6, loc=values.mean(), scale=sem))
    assert mean == pytest.approx(values.mean())


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(size=(2000, 5))
    covered = sum(low <= 0 <= high for _, low, high in map(mean_interval, draws.tolist()))
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_a_tiny_spread_on_a_large_mean_is_not_lost() -> None:
    _, low, high = mean_interval([1e9 + 1, 1e9 + 2, 1e9 + 3])
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 2) / math.sqrt(3), rel=1e-6)


def test_the_interval_over_logarithms_is_that_of_the_logarithms() -> None:
    values = [1e-7, 3e-6, 2e-5, 4e-7]
    expected = np.exp(mean_interval(np.log(values).tolist()))
    assert mean_interval(values, scale="log") == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="positive numbers with scale='log'"):
        mean_interval([1.0, 0.0], scale="log")


def test_bad_confidence_and_too_few_values() -> None:
    with pytest.raises(ValueError, match="confidence"):
        mean_interval([1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="at least two"):
        mean_interval([1.0])

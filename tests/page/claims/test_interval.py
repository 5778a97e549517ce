import math

import numpy as np
import pytest
from scipy import stats

from aelib.page.claims import mean_interval, t_quantile


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 9, 10, 29, 100, 101])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99, 0.9999])
def test_quantile_is_scipys(df: int, confidence: float) -> None:
    expected = stats.t.ppf((1 + confidence) / 2, df)
    assert t_quantile(df, confidence) == pytest.approx(expected, rel=1e-10)


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
    assert high - low == pytest.approx(2 * t_quantile(2) / math.sqrt(3), rel=1e-6)


@pytest.mark.parametrize("df", [0, -1, 2.5])
def test_bad_degrees_of_freedom(df: float) -> None:
    with pytest.raises(ValueError, match="df: expected a positive integer"):
        t_quantile(df)  # type: ignore[arg-type]


def test_bad_confidence_and_too_few_values() -> None:
    with pytest.raises(ValueError, match="confidence"):
        t_quantile(3, 1.0)
    with pytest.raises(ValueError, match="at least two"):
        mean_interval([1.0])

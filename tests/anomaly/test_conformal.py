"""p-values and thresholds, held to their definition and to the guarantee, by enumeration."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest

from aelib.anomaly import Calibration, CalibrationWarning, calibration_size

ALPHAS = ("0.01", "0.05", "0.1", "0.15", "0.2", "0.3", "0.5", "0.9")


def quiet_threshold(calibration, alpha):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        return calibration.threshold(alpha)


@pytest.mark.parametrize("tied", [False, True])
def test_threshold_is_the_order_statistic_and_agrees_with_p(tied):
    random = np.random.default_rng(0)
    for n in (1, 2, 3, 9, 10, 18, 19, 20, 39, 99, 199):
        losses = random.integers(0, 5, n).astype(float) if tied else random.permutation(n) + 0.5
        calibration = Calibration(losses)
        new = np.concatenate([losses, losses + 0.25, [-9.0, 1e9, np.inf, np.nan]])
        p = calibration.p_values(new)
        exact = [Fraction(1 + int((losses >= v).sum()), n + 1) for v in np.nan_to_num(new, nan=1e9)]
        np.testing.assert_array_equal(p, [float(value) for value in exact])
        for text in ALPHAS:
            alpha = Fraction(text)
            k = math.ceil((n + 1) * (1 - alpha))
            expected = np.sort(losses)[k - 1] if k <= n else math.inf
            threshold = quiet_threshold(calibration, float(text))
            assert threshold == expected
            alarm = np.where(np.isnan(new), np.inf, new) > threshold
            if k <= n:
                np.testing.assert_array_equal(alarm, [value <= alpha for value in exact])
                np.testing.assert_array_equal(alarm, p <= float(text))
            else:
                assert not alarm.any()


@pytest.mark.parametrize("bag", [np.arange(20.0), np.array([1.0, 1, 1, 2, 3, 3, 5, 5, 5, 5])])
def test_the_guarantee_by_enumeration(bag):
    """Each of the n + 1 losses is the new one with the same probability."""
    p = [Calibration(np.delete(bag, i)).p_values(bag[i : i + 1])[0] for i in range(len(bag))]
    for alpha in np.arange(1, 100) / 100:
        fraction = Fraction(int((np.array(p) <= alpha).sum()), len(bag))
        assert fraction <= Fraction(repr(float(alpha)))
        if len(set(bag)) == len(bag):  # without ties nothing is given away
            allowed = math.floor(Fraction(repr(float(alpha))) * len(bag))
            assert fraction == Fraction(allowed, len(bag))


def test_the_guarantee_for_groups_by_enumeration():
    """Each group is the new one with the same probability, then each of its examples."""
    random = np.random.default_rng(1)
    for sizes in ([1] * 12, [3, 1, 7, 2, 2, 5, 1, 4, 6, 3, 2], [4] * 10):
        level = random.normal(size=len(sizes)) * 3
        groups = np.repeat(np.arange(len(sizes)), sizes)
        losses = np.round(level[groups] + random.normal(size=len(groups)), 1)
        p = np.empty(len(losses))
        for new in range(len(sizes)):
            rest = groups != new
            p[~rest] = Calibration(losses[rest], groups[rest]).p_values(losses[~rest])
        weight = 1 / (np.array(sizes)[groups] * len(sizes))
        for alpha in np.arange(1, 100) / 100:
            assert weight[p <= alpha].sum() <= alpha + 1e-12


def test_groups_p_value_is_its_formula():
    losses, groups = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 9.0]), np.array([7, 7, 7, 2, 2, 5])
    calibration = Calibration(losses, groups)
    for value in (0.0, 2.0, 2.5, 4.0, 9.0, 10.0):
        fractions = [np.mean(losses[groups == g] >= value) for g in (7, 2, 5)]
        expected = (1 + sum(fractions)) / 4
        assert calibration.p_values([value])[0] == pytest.approx(expected, rel=1e-15)
    assert calibration.num_groups == 3
    assert calibration.threshold(0.5) == 5.0  # p is 5/8 at 5 and 1/2 right above it
    np.testing.assert_array_equal(
        Calibration(losses, np.arange(6)).p_values(losses), Calibration(losses).p_values(losses)
    )


def test_too_few_never_alarm_and_say_so():
    assert [calibration_size(a) for a in (0.5, 0.3, 0.1, 0.05, 0.01)] == [1, 3, 9, 19, 99]
    losses = np.arange(18.0)
    with pytest.warns(CalibrationWarning, match=r"n = 18 .* alpha = 0.05, .* at least 19"):
        assert Calibration(losses).threshold(0.05) == math.inf
    assert Calibration(np.arange(19.0)).threshold(0.05) == 18.0
    many = Calibration(np.arange(1000.0), np.arange(1000) % 18)
    with pytest.warns(CalibrationWarning, match="n = 18 groups of normal examples"):
        assert many.threshold(0.05) == math.inf


def test_randomized_p_values_are_uniform_despite_ties():
    bag = np.array([1.0, 1, 1, 2, 3, 3, 5, 5, 5, 5])
    draws = [
        Calibration(np.delete(bag, i)).p_values(
            np.full(4000, bag[i]), randomized=True, random_state=i
        )
        for i in range(len(bag))
    ]
    p = np.concatenate(draws)
    assert p.min() > 0
    assert p.max() <= 1
    for alpha in (0.03, 0.1, 0.25, 0.5, 0.8):
        # Four standard errors of 40,000 draws; stratified by member, so rather less in truth.
        assert abs(np.mean(p <= alpha) - alpha) < 4 * math.sqrt(alpha * (1 - alpha) / len(p))
    calibration = Calibration(bag)
    first, second = (calibration.p_values(bag, randomized=True, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first <= calibration.p_values(bag)).all()


def test_false_alarm_range_is_where_single_detectors_fall():
    random = np.random.default_rng(2)
    n, alpha = 60, 0.1
    # Losses uniform on (0, 1): the rate of a threshold t is 1 - t.
    rates = np.array([1 - Calibration(random.random(n)).threshold(alpha) for _ in range(1500)])
    low, high = Calibration(random.random(n)).false_alarm_range(alpha)
    inside = np.mean((rates >= low) & (rates <= high))
    assert abs(inside - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1500)
    # On average floor(alpha (n + 1)) / (n + 1), which is below alpha.
    assert abs(rates.mean() - 6 / 61) < 4 * rates.std() / math.sqrt(1500)
    assert Calibration(random.random(18)).false_alarm_range(0.05) == (0.0, 0.0)
    with pytest.raises(ValueError, match="groups: expected none"):
        Calibration(random.random(40), np.arange(40) // 2).false_alarm_range(0.1)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"alpha: expected a number in \(0, 1\), got 1.5"):
        Calibration([1.0]).threshold(1.5)
    with pytest.raises(ValueError, match=r"losses: expected shape \[n\].*got \(2, 1\)"):
        Calibration([[1.0], [2.0]])
    with pytest.raises(ValueError, match=r"losses: expected shape \[n\]"):
        Calibration([])
    with pytest.raises(ValueError, match=r"groups: expected shape \(2,\).*got \(3,\)"):
        Calibration([1.0, 2.0], [0, 0, 1])
    with pytest.raises(ValueError, match=r"confidence: expected a number in \(0, 1\), got 95"):
        Calibration([1.0, 2.0]).false_alarm_range(0.1, confidence=95)

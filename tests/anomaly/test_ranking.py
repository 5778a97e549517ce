"""AUROC and average precision: values, variances and intervals against other routes."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from aelib.anomaly import auroc, average_precision
from aelib.anomaly._ranking import _areas, _bins, _precisions, delong_variance


def make(random, anomalous, normal, shift=1.0, digits=1):
    labels = np.repeat([True, False], [anomalous, normal])
    losses = np.round(random.normal(size=len(labels)) + shift * labels, digits)
    return labels, losses


def test_delong_variance_is_its_definition():
    labels, losses = make(np.random.default_rng(0), 14, 23)
    anomalous, normal = losses[labels], losses[~labels]
    wins = (anomalous[:, None] > normal) + 0.5 * (anomalous[:, None] == normal)
    expected = wins.mean(axis=1).var(ddof=1) / 14 + wins.mean(axis=0).var(ddof=1) / 23
    assert delong_variance(labels, losses) == pytest.approx(expected, rel=1e-12)
    assert auroc(labels, losses).value == pytest.approx(wins.mean(), rel=1e-12)


def test_values_are_scikit_learns_and_intervals_hold_them():
    labels, losses = make(np.random.default_rng(1), 30, 60)
    area, precision = auroc(labels, losses), average_precision(labels, losses)
    assert area.value == roc_auc_score(labels, losses)
    assert precision.value == average_precision_score(labels, losses)
    for ranking in (area, precision, auroc(labels, losses, groups=np.arange(90) // 3)):
        assert 0 <= ranking.low < ranking.value < ranking.high <= 1
    assert auroc(labels, losses) == auroc(labels, losses)
    assert auroc(labels, losses, confidence=0.5).low > area.low


def test_interval_covers_the_true_area():
    """Normal losses, shift 1: the true area is Phi(1 / sqrt 2)."""
    random = np.random.default_rng(2)
    truth = 0.7602499389065233  # scipy.stats.norm.cdf(2**-0.5)
    inside = 0
    for _ in range(120):
        ranking = auroc(*make(random, 25, 25, digits=9))
        inside += ranking.low <= truth <= ranking.high
    # Four standard errors of 120 draws at 95 %.
    assert abs(inside / 120 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 120)


def test_a_perfect_ranking_is_not_a_certain_one():
    labels = np.repeat([True, False], 10)
    losses = labels + np.linspace(0, 0.5, 20)
    best, worst = auroc(labels, losses), auroc(labels, -losses)
    assert best.value == best.high == 1
    assert 0.6 < best.low < 0.95
    assert (worst.value, worst.low) == (0, 0)
    assert worst.high == pytest.approx(1 - best.low, abs=1e-9)
    assert auroc(np.repeat(labels, 100), np.repeat(losses, 100)).low > best.low
    one = auroc([True, False, False, False], [0.5, 0.1, 0.7, 0.2])  # one example has no variance
    assert one.low < one.value < one.high


def test_counts_per_bin_give_the_measures_of_repeated_items():
    random = np.random.default_rng(3)
    labels, losses = make(random, 20, 40)
    times = random.integers(0, 4, (5, 60))
    bins = _bins(losses)
    counts = []
    for kind in (labels, ~labels):
        row = np.zeros((5, bins.max() + 1))
        np.add.at(row.T, bins, (times * kind).T)
        counts.append(row)
    for draw in range(5):
        again = np.repeat(np.arange(60), times[draw])
        y, s = labels[again], losses[again]
        assert _areas(*counts)[draw] == pytest.approx(roc_auc_score(y, s), rel=1e-12)
        assert _precisions(*counts)[draw] == pytest.approx(average_precision_score(y, s), rel=1e-12)


def test_many_pixels_are_binned_without_moving_the_interval():
    random = np.random.default_rng(4)
    labels = np.tile(np.repeat([True, False], [10, 190]), 40)
    groups = np.repeat(np.arange(40), 200)
    losses = random.normal(size=8000) + labels + random.normal(size=40)[groups]
    assert _bins(losses).max() < 2048
    ranking = auroc(labels, losses, groups=groups, num_draws=200)
    coarse = auroc(labels, np.round(losses, 2), groups=groups, num_draws=200)
    np.testing.assert_allclose(ranking, coarse, atol=2e-3)  # ties of 0.01 move it about as much
    # Pixels of one image belong together: taken as independent they claim to know too much.
    alone = auroc(labels, losses)
    assert ranking.high - ranking.low > alone.high - alone.low


def test_infinite_losses_rank_last():
    labels, losses = [0, 0, 1, 1], [0.0, 1.0, np.inf, np.nan]
    assert auroc(labels, losses).value == 1
    assert average_precision(labels, losses).value == 1


def test_bad_arguments():
    with pytest.raises(ValueError, match="expected examples of both kinds, got 3, all normal"):
        auroc([0, 0, 0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="anomalous: expected booleans, got 2 at index \\(1,\\)"):
        auroc([0, 2, 1], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"anomalous: expected shape \(3,\).*got \(2,\)"):
        average_precision([0, 1], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="confidence"):
        auroc([0, 1], [1.0, 2.0], confidence=95)

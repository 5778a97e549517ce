"""Blocks that share no pixel, and false-alarm rates over many divisions of them."""

import warnings

import numpy as np
import pytest

from aelib.anomaly import (
    Calibration,
    CalibrationWarning,
    cut_patches,
    false_alarm_rates,
    spatial_blocks,
    split_groups,
)
from aelib.anomaly._blocks import choose_groups


@pytest.mark.parametrize("by_group", [True, False])
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_all_splits_at_once_are_the_splits_one_by_one(by_group, alpha):
    random = np.random.default_rng(0)
    groups = random.integers(-1, 12, 150)
    losses = np.round(random.normal(size=150), 1)  # many ties
    measured = false_alarm_rates(
        losses, alpha, groups=groups, by_group=by_group, num_splits=30, random_state=4
    )
    chosen = choose_groups(12, 0.5, 30, np.random.default_rng(4))
    for split, rate in zip(chosen, measured.rates, strict=True):
        calibrates = (groups >= 0) & split[groups]
        own = groups[calibrates] if by_group else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CalibrationWarning)
            threshold = Calibration(losses[calibrates], own).threshold(alpha)
        tested = [losses[groups == g] > threshold for g in range(12) if not split[g]]
        assert rate == pytest.approx(np.mean([alarms.mean() for alarms in tested]), abs=1e-12)
    assert measured.num_calibration == 6


def test_exchangeable_items_alarm_at_the_rate_asked_for():
    """Over 100 sets of examples, so that the interval is about the procedure and not one set."""
    random = np.random.default_rng(1)
    means = [
        false_alarm_rates(random.normal(size=160), 0.1, num_splits=20, random_state=i).mean
        for i in range(100)
    ]
    # 80 examples calibrate: floor(0.1 * 81) / 81. Four standard errors.
    assert abs(np.mean(means) - 8 / 81) < 4 * np.std(means) / 10


def test_patches_of_a_block_are_not_exchangeable_one_by_one():
    """Blocks that differ: counting patches as if independent breaks the promise, blocks keep it."""
    random = np.random.default_rng(2)
    naive, kept = [], []
    groups = np.repeat(np.arange(24), 20)
    for i in range(60):
        losses = 3 * random.normal(size=24)[groups] + random.normal(size=480)
        for by_group, rates in ((False, naive), (True, kept)):
            alarms = false_alarm_rates(
                losses, 0.1, groups=groups, by_group=by_group, num_splits=20, random_state=i
            )
            rates.append(alarms.mean)
    error = np.std(naive) / np.sqrt(60)
    assert np.mean(naive) - 4 * error > 0.1
    assert np.mean(kept) + 4 * error < 0.1


def test_few_blocks_never_alarm():
    groups = np.repeat(np.arange(16), 10)
    losses = np.random.default_rng(3).normal(size=160)
    alarms = false_alarm_rates(losses, 0.05, groups=groups)  # 8 blocks calibrate, 19 are needed
    assert alarms.mean == alarms.high == 0
    assert len(alarms.rates) == 500
    assert "requested at most 0.05" in repr(alarms)


@pytest.mark.parametrize(("grid", "margin"), [(4, 0), ((3, 2), 4), (1, 5)])
def test_blocks_share_no_pixel(grid, margin):
    image = np.zeros((70, 53))
    _, corners = cut_patches(image, (9, 7), stride=3)
    blocks = spatial_blocks(corners, (9, 7), image.shape, grid=grid, margin=margin)
    owner = np.full(image.shape, -1)
    for (row, column), block in zip(corners, blocks, strict=True):
        if block >= 0:
            area = owner[row : row + 9, column : column + 7]
            assert set(np.unique(area)) <= {-1, block}
            area[:] = block
    count = grid**2 if isinstance(grid, int) else grid[0] * grid[1]
    assert set(np.unique(blocks)) - {-1} == set(range(count))
    for axis in range(2):  # between pixels of two blocks lie at least two margins
        for shift in range(1, 2 * margin + 1):
            first = np.take(owner, range(owner.shape[axis] - shift), axis)
            second = np.take(owner, range(shift, owner.shape[axis]), axis)
            assert not ((first >= 0) & (second >= 0) & (first != second)).any()


def test_split_groups():
    groups = np.array([3, 3, 0, -1, 0, 5, 9, 9, 9])
    first, second = split_groups(groups, fraction=0.5, random_state=1)
    assert not set(groups[first]) & set(groups[second])
    assert sorted([*first, *second]) == [0, 1, 2, 4, 5, 6, 7, 8]
    again = split_groups(groups, fraction=0.5, random_state=1)
    np.testing.assert_array_equal(first, again[0])


def test_bad_arguments():
    with pytest.raises(ValueError, match="groups: expected at least two"):
        false_alarm_rates(np.arange(5.0), 0.1, groups=np.zeros(5, int))
    with pytest.raises(ValueError, match=r"fraction: expected a number in \(0, 1\), got 1"):
        split_groups([0, 1], fraction=1)
    with pytest.raises(ValueError, match="num_splits: expected a whole number of at least 2"):
        false_alarm_rates(np.arange(5.0), 0.1, num_splits=1)
    with pytest.raises(ValueError, match="grid: expected blocks of at least a patch of 8"):
        spatial_blocks([[0, 0]], 8, (20, 20), grid=3)
    with pytest.raises(ValueError, match=r"corners: expected shape \[n, 2\], got \(3,\)"):
        spatial_blocks([0, 1, 2], 8, (20, 20))

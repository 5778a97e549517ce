"""Models trained at the same time are dealt out to the cores of a CPU."""

import os
from collections.abc import Sequence

import jax
import numpy as np


def lane_width(together: int) -> int:
    """How many of the runs that are trained at the same time share a lane.

    XLA gives one small batched product after the other to a CPU, whose cores then wait for each
    other; a call for each core is faster. Other devices take all runs in one call.
    """
    if jax.default_backend() != "cpu":
        return together
    return min(together, max(2, -(-together // _cores())))


def lanes(runs: int) -> Sequence[np.ndarray]:
    """The runs of each lane. All lanes are as wide: in the last one the last run is repeated."""
    width = lane_width(runs)
    starts = range(0, runs, width)
    return [np.minimum(np.arange(start, start + width), runs - 1) for start in starts]


def _cores() -> int:
    """Those this process may use, where the system tells."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1

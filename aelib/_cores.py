"""Models that are trained at the same time are divided among the cores of a CPU."""

import concurrent.futures
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np


def group_size(runs: int) -> int:
    """How many of the runs that are trained at the same time one core trains.

    XLA gives one small batched product after the other to a CPU, whose cores then wait for each
    other; a call for each core is faster. Other devices take all runs in one call.
    """
    if jax.default_backend() != "cpu":
        return runs
    return min(runs, max(2, -(-runs // _num_cores())))


def groups(runs: int) -> Sequence[np.ndarray]:
    """The runs of each core. All groups are of one size: in the last the last run is repeated."""
    size = group_size(runs)
    starts = range(0, runs, size)
    return [np.minimum(np.arange(start, start + size), runs - 1) for start in starts]


def call_each(function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
    """``function(*args)`` for each ``args``, each in a thread of its own, when all are done."""
    arguments = list(arguments)
    if len(arguments) == 1:
        return [function(*arguments[0])]
    with concurrent.futures.ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(lambda args: jax.block_until_ready(function(*args)), arguments))


def _num_cores() -> int:
    """Those this process may use, where the system tells."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1

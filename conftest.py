"""Parallel workers of pytest share out the cores; notebooks can be asked for by a marker."""

import os

import pytest


def pytest_configure() -> None:
    """Keep each worker to cores of its own, and with it what it starts: the kernels.

    XLA splits every operation over all cores it is given. Where other workers have work for these
    cores, that only costs: a fifth of all processor time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, ...
    if not worker or not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    own = cores[int(worker.removeprefix("gw")) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]
    if own:
        os.sched_setaffinity(0, own)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark notebooks before ``-m`` chooses, so that one run can have them and the exact tests."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")

"""Every chapter and lab from cold, one after the other, compiled as for ``make book``."""

import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.benchmarks.harness import Figure, Report

BOOK = Path(__file__).parents[2] / "book"
LIMITS = {"chapters": 20.0, "labs": 60.0}  # seconds of one notebook
LIMIT_OF_ALL = 480.0


def report(rounds: int) -> Report:  # noqa: ARG001  (once is long enough)
    """Seconds of each notebook, kernel start included, and of all."""
    figures = []
    env = os.environ | {"XLA_FLAGS": os.environ.get("BOOK_XLA_FLAGS", "")}
    env["OPENBLAS_NUM_THREADS"] = "1"
    folders = [sorted((BOOK / folder).glob("*.ipynb")) for folder in LIMITS]
    for path in [*(path for folder in folders for path in folder), BOOK / "numerics.ipynb"]:
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.parent)}}
        start = time.perf_counter()
        NotebookClient(notebook, timeout=600, resources=resources).execute(env=env)
        limit = LIMITS.get(path.parent.name, LIMITS["chapters"])
        name = f"{path.parent.name}/{path.stem}"
        figures.append(_within(name, time.perf_counter() - start, limit))
    total = sum(figure.ours for figure in figures)
    return Report([*figures, _within("all of them", total, LIMIT_OF_ALL)])


def _within(name: str, seconds: float, limit: float) -> Figure:
    ratio = limit / seconds
    return Figure(name, "its limit", seconds, limit, (ratio,) * 3, 1.0)

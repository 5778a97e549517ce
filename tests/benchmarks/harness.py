"""How a benchmark is taken: two sides in turn, ratios of neighbors, growth with size."""

import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

Call = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of the table.

    Attributes:
        work: what was done.
        against: what a user would pick instead.
        ours: seconds (or mebibytes), median.
        theirs: the same of the other.
        ratio: how many times better we are: median over rounds, then lowest and highest.
        at_least: what the ratio should reach.
        note: anything the reader must know, such as how far apart the answers are.
    """

    work: str
    against: str
    ours: float
    theirs: float
    ratio: tuple[float, float, float]
    at_least: float
    note: str = ""
    unit: str = "s"


@dataclasses.dataclass(frozen=True)
class Growth:
    """How the cost of something grows.

    Attributes:
        work: what.
        size: what is varied.
        sizes: its values.
        seconds: median time at each.
    """

    work: str
    size: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of log time against log size, by least squares."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])


@dataclasses.dataclass(frozen=True)
class Report:
    """What one benchmark found."""

    figures: list[Figure]
    growth: list[Growth] = dataclasses.field(default_factory=list)


def seconds_of(call: Call) -> float:
    """One call, by the clock."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(
    sides: Mapping[str, Call], rounds: int, *, warm: bool = True
) -> dict[str, list[float]]:
    """Seconds of each side, round by round, so that whatever else the machine does hits all.

    The order is turned around in every other round. With ``warm`` each is called once before.
    """
    if warm:
        for call in sides.values():
            call()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for index in range(rounds):
        for name in list(sides)[:: 1 if index % 2 else -1]:
            seconds[name].append(seconds_of(sides[name]))
    return seconds


def figure(
    work: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    at_least: float,
    note: str = "",
    unit: str = "s",
) -> Figure:
    """The figure of two lists of times taken in the same rounds."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    spread = (statistics.median(ratios), min(ratios), max(ratios))
    middle = statistics.median(ours), statistics.median(theirs)
    return Figure(work, against, *middle, spread, at_least, note, unit)


def growth(work: str, size: str, calls: Mapping[int, Call], rounds: int = 3) -> Growth:
    """Median seconds at each size."""
    taken = {}
    for value, call in calls.items():
        call()
        taken[value] = statistics.median(seconds_of(call) for _ in range(rounds))
    return Growth(work, size, tuple(taken), tuple(taken.values()))


def in_a_process(module: str, *arguments: str) -> dict[str, float]:
    """Run a benchmark module as a program of its own and read the JSON of its last line."""
    command = [sys.executable, "-m", module, *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(output.splitlines()[-1])


def peak_mebibytes() -> float:
    """The most this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, ru_maxrss starts from that of the process which started this
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def machine() -> str:
    """Processor, cores and versions, in one line."""
    names = ("jax", "flax", "optax", "torch", "scikit-learn", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

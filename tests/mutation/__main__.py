"""Change the package in one place at a time, and see whether the room's tests notice.

    python -m tests.mutation losses --number 6           # six changes, drawn at random
    python -m tests.mutation training --number 6 --seed 1 --quick

The changes are made in a copy. A change that no test notices is printed with its place: it is a gap
in the tests, or it changes nothing that matters. Tests marked ``exact`` need the compiler's full
optimization and run after the others have passed; ``--quick`` leaves them out.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.sites import Mutant, mutants

ROOT = Path(__file__).parents[2]
# Compile in haste, as `make quick` does; flags that are set already stay.
HASTE = {
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "XLA_FLAGS": "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=1",
}


def main() -> None:
    """Run a sample of mutants of one room."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", help="such as losses, or lab/planted")
    parser.add_argument("--number", type=int, default=10, help="mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--quick", action="store_true", help="without the tests marked exact")
    parser.add_argument("--timeout", type=float, help="seconds; three times the first run, or 60")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("aelib", "tests"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        for name in ("pyproject.toml", "conftest.py"):
            shutil.copy(ROOT / name, copy / name)
        start = time.perf_counter()
        if not passes(copy, given.room, quick=given.quick, timeout=None):
            sys.exit(f"{given.room}: the tests fail without any change")
        taken = time.perf_counter() - start
        print(f"{given.room}: unchanged, the tests pass in {taken:.0f} s", flush=True)
        timeout = given.timeout or max(60.0, 3 * taken)
        sample = draw(copy / "aelib" / given.room, given.number, given.seed)
        survivors = 0
        for path, mutant in sample:
            unchanged = path.read_text(encoding="utf-8")
            path.write_text(mutant.source, encoding="utf-8")
            survived = passes(copy, given.room, quick=given.quick, timeout=timeout)
            path.write_text(unchanged, encoding="utf-8")
            survivors += survived
            where = f"{path.relative_to(copy)}:{mutant.line}"
            print(f"{'SURVIVED' if survived else 'killed'}  {where}", flush=True)
            print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
        print(f"{given.room}: {survivors} of {len(sample)} mutants survived")


def draw(room: Path, number: int, seed: int) -> list[tuple[Path, Mutant]]:
    """A sample of mutants, each at another place of the room's files."""
    chance = random.Random(seed)
    paths = [room.with_suffix(".py")] if not room.is_dir() else sorted(room.rglob("*.py"))
    places = [
        (path, ways)
        for path in paths
        if path.name != "__init__.py"
        for ways in mutants(path.read_text(encoding="utf-8"))
    ]
    chosen = chance.sample(places, min(number, len(places)))
    return [(path, chance.choice(ways)) for path, ways in chosen]


def passes(copy: Path, room: str, *, quick: bool, timeout: float | None) -> bool:
    """Whether the room's tests pass in the copy; what takes too long does not."""
    rooms = [place for place in (f"tests/{room}", f"aelib/{room}") if (copy / place).exists()]
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    runs = [([*pytest, "-m", "not exact", *rooms], HASTE)]
    if not quick:
        runs.append(([*pytest, "-m", "exact", *rooms], {}))
    for command, extra in runs:
        environment = {**extra, **os.environ, "PYTHONPATH": str(copy)}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            return False
        if done.returncode not in (0, 5):  # 5: none of the room's tests is chosen
            return False
    return True


if __name__ == "__main__":
    main()

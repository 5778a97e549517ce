"""Change the package in one place at a time, and see whether the room's tests notice.

    python -m tests.mutation losses --number 6           # six changes, drawn at random
    python -m tests.mutation training --number 6 --seed 1 --quick

The changes are made in a copy. A change that no test notices is printed with its place: it is a gap
in the tests, or it changes nothing that matters. Tests marked ``exact`` need the compiler's full
optimization and run after the others have passed; ``--quick`` leaves them out.
"""

import argparse
import ast
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
    parser.add_argument("room", help="a folder, such as losses or lab/planted")
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
        if not passes(copy, ranked_tests(copy, given.room), quick=given.quick, timeout=None):
            sys.exit(f"{given.room}: the tests fail without any change")
        taken = time.perf_counter() - start
        print(f"{given.room}: unchanged, the tests pass in {taken:.0f} s", flush=True)
        timeout = given.timeout or max(60.0, 3 * taken)
        sample = draw(copy / "aelib" / given.room, given.number, given.seed)
        survivors = 0
        for path, mutant in sample:
            unchanged = path.read_text(encoding="utf-8")
            tests = ranked_tests(copy, given.room, unchanged)
            path.write_text(mutant.source, encoding="utf-8")
            survived = passes(copy, tests, quick=given.quick, timeout=timeout)
            path.write_text(unchanged, encoding="utf-8")
            survivors += survived
            where = f"{path.relative_to(copy)}:{mutant.line}"
            print(f"{'SURVIVED' if survived else 'killed'}  {where}", flush=True)
            print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)
        print(f"{given.room}: {survivors} of {len(sample)} mutants survived")


def draw(room: Path, number: int, seed: int) -> list[tuple[Path, Mutant]]:
    """A sample of mutants, each at another site of the room's files."""
    chance = random.Random(seed)
    sites = [
        (path, ways)
        for path in sorted(room.rglob("*.py"))
        if path.name != "__init__.py"
        for ways in mutants(path.read_text(encoding="utf-8"))
    ]
    chosen = chance.sample(sites, min(number, len(sites)))
    return [(path, chance.choice(ways)) for path, ways in chosen]


def ranked_tests(copy: Path, room: str, changed: str = "") -> list[str]:
    """The room's tests: first those that name most of what is defined in a changed source."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = [node.name for node in ast.parse(changed).body if isinstance(node, kinds)]
    files = sorted((copy / "tests" / room).rglob("test_*.py"))
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    files.sort(key=lambda path: -sum(texts[path].count(name) for name in names))
    return [*(str(path.relative_to(copy)) for path in files), f"aelib/{room}"]


def passes(copy: Path, tests: list[str], *, quick: bool, timeout: float | None) -> bool:
    """Whether the tests pass in the copy; what takes too long does not."""
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    runs = [([*pytest, "-m", "not exact", *tests], HASTE)]
    if not quick:
        runs.append(([*pytest, "-m", "exact", *tests], {}))
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

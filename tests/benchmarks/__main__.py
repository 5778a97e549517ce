"""Measure everything, print the table, and write it where the book shows it.

    make bench                                     # all of it, and the page's table and figure
    python -m tests.benchmarks contractive step    # some of it, printed only
    python -m tests.benchmarks step --write        # some of it, and its rows in the book

Needs the extra ``parity``. Nothing else should run on the machine.
"""

import argparse
import importlib

from tests.benchmarks import page
from tests.benchmarks.harness import machine

ALL = ("imports", "contractive", "step", "sweeps", "counts", "components", "chapters")


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=ALL, help=f"of {', '.join(ALL)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the book's table and figure")
    given = parser.parse_args()
    unknown = set(given.names) - set(ALL)
    if unknown:
        parser.error(f"expected some of {', '.join(ALL)}; got {', '.join(sorted(unknown))}")
    print(machine())
    for name in given.names:
        report = importlib.import_module(f"tests.benchmarks.{name}").report(given.rounds)
        print(page.table(report.figures), flush=True)
        for item in report.growth:
            print(f"{item.work}: grows with {item.size} to the power {item.exponent:.2f}")
        if given.write:  # at once, so that a long run that is broken off has not been for nothing
            page.renew(name, report, machine(), order=ALL)


if __name__ == "__main__":
    main()

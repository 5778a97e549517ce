"""Importing aelib, against importing what it is made of."""

import os
import subprocess
import sys

from tests.benchmarks.harness import Report, figure, in_turns

OURS = "import aelib.likelihoods, aelib.models, aelib.penalties, aelib.training"
THEIRS = "import jax, flax.nnx, optax"


def report(rounds: int) -> Report:
    """A fresh interpreter each time, its bytecode kept from the time before."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(statement: str) -> None:
        subprocess.run([sys.executable, "-c", statement], check=True, env=env)

    taken = in_turns({"ours": lambda: run(OURS), "theirs": lambda: run(THEIRS)}, rounds)
    work = "import likelihoods, models, penalties, training"
    against = "import jax, flax.nnx, optax"
    return Report([figure(work, against, taken["ours"], taken["theirs"], at_least=1 / 1.1)])

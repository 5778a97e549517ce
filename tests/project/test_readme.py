"""The README tells the truth: its example runs, its files and make targets exist."""

import re
from pathlib import Path

import jax.numpy as jnp

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_example_runs_and_gives_finite_nats():
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    names = {}
    exec(example.replace("key=jax", "steps=20, progress=False, key=jax"), names)
    assert names["nats"].ndim == 1
    assert jnp.isfinite(names["nats"]).all()


def test_linked_files_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?\bmake (\w+)", README.replace("make and git", "")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target

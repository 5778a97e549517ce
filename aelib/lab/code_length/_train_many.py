"""Many small models trained and measured in one compiled call.

:func:`aelib.training.sweep` is the general trainer: it reports, stops early and says what went
wrong. For models that train in less time than they take to compile, this does only what a
comparison needs, and compiles training and measurement together.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree
from jaxtyping import PyTree

from aelib._compile import compiled
from aelib._cores import call_each, groups
from aelib.training._kernel import Problem, minimize

Objective = Callable[[Any, PyTree, jax.Array], jax.Array]
Score = Callable[[Any, PyTree], PyTree]


class Trained(NamedTuple):
    """What :func:`train_many` returns.

    Attributes:
        modules: the trained modules, one for each run.
        losses: the objective of every step, ``[runs, steps]``.
        scores: what ``score`` says of them, with a leading axis of runs.
    """

    modules: tuple[Any, ...]
    losses: np.ndarray
    scores: PyTree


def train_many(
    modules: Sequence[Any],
    objective: Objective,
    score: Score,
    train: PyTree,
    test: PyTree,
    *,
    seeds: Sequence[int],
    steps: int,
    batch_size: int,
    learning_rate: float,
) -> Trained:
    """Train modules of one structure with Adam, each on its own data; measure them on others.

    Args:
        modules: one for each seed; all that is an ``nnx.Param`` is trained.
        objective: (module, batch, key) -> ``[]``.
        score: (module, test data) -> a tree of arrays.
        train: a tree of arrays ``[runs, n, ...]``.
        test: a tree of arrays ``[runs, ...]``.
        seeds: of batches and keys.
        steps: training steps.
        batch_size: examples in a batch; each epoch goes through a new order of them.
        learning_rate: at the start; it falls to zero along a cosine.

    Raises:
        ValueError: if there are fewer examples than a batch takes, or the numbers of modules, seeds
            and data sets differ.
        FloatingPointError: if the objective of a run did not stay finite.
    """
    runs, n = jax.tree.leaves(train)[0].shape[:2]
    if not len(modules) == len(seeds) == runs:
        raise ValueError(
            f"seeds: expected one for each of {runs} sets of data, got {len(seeds)} seeds and "
            f"{len(modules)} modules"
        )
    if batch_size > n:
        raise ValueError(
            f"batch_size: expected at most {n}, the number of examples; got {batch_size}"
        )
    parts: list[Any] = [nnx.split(module, nnx.Param, ...) for module in modules]
    graphdef, like, _ = parts[0]
    starts = np.stack([_flat(part[1]) for part in parts])
    rest = jax.tree.map(lambda *leaves: np.stack(leaves), *(nnx.as_pure(p[2]) for p in parts))
    unravel = ravel_pytree(nnx.as_pure(like))[1]
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

    def one(
        flat: jax.Array, rest: PyTree, train: PyTree, test: PyTree, rows: jax.Array, seed: jax.Array
    ) -> PyTree:
        key = jax.random.key(seed)

        def build(flat: jax.Array) -> Any:
            return nnx.merge(graphdef, unravel(flat), rest)

        def batch(_: None, step: jax.Array) -> tuple[None, PyTree]:
            return None, jax.tree.map(lambda leaf: leaf[rows[step]], train)

        def loss(flat: jax.Array, batch: PyTree, step: jax.Array) -> tuple[jax.Array, tuple[()]]:
            return objective(build(flat), batch, jax.random.fold_in(key, step)), ()

        flat, losses = minimize(Problem(loss, batch, optimizer), flat, steps=steps)
        return flat, losses, score(build(flat), test)

    rows = np.stack([_batches(seed, n, steps, batch_size) for seed in seeds])
    given = jax.tree.map(np.asarray, (starts, rest, train, test, rows, np.asarray(seeds)))
    flat, losses, scores = _on_every_core(one, given, runs)
    if not np.isfinite(losses).all():
        run, step = (int(i) for i in np.argwhere(~np.isfinite(losses))[0])
        raise FloatingPointError(f"objective: {losses[run, step]} at step {step} of run {run}")
    trained = tuple(
        nnx.merge(graphdef, _shaped(part[1], vector), nnx.as_pure(part[2]))
        for part, vector in zip(parts, flat, strict=True)
    )
    return Trained(trained, losses, scores)


def _on_every_core(one: Callable[..., PyTree], given: PyTree, runs: int) -> PyTree:
    """``one`` of each run, compiled once and called on every core."""
    parts = [jax.tree.map(lambda leaf, group=group: leaf[group], given) for group in groups(runs)]
    parts = [jax.tree.map(jnp.asarray, part) for part in parts]
    found = jax.device_get(call_each(compiled(jax.vmap(one), *parts[0]), parts))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:runs], *found)


def _flat(params: PyTree) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(nnx.as_pure(params))])


def _shaped(params: PyTree, flat: np.ndarray) -> PyTree:
    """Inverse of :func:`_flat`; on the host, where a slice is not compiled for each shape."""
    leaves, structure = jax.tree.flatten(nnx.as_pure(params))
    ends = np.cumsum([leaf.size for leaf in leaves])
    pieces = np.split(flat, ends[:-1])
    shaped = [p.reshape(leaf.shape) for p, leaf in zip(pieces, leaves, strict=True)]
    return jax.device_put(jax.tree.unflatten(structure, shaped))


def _batches(seed: int, n: int, steps: int, size: int) -> np.ndarray:
    """Rows of each batch, ``[steps, size]``: one random order of all examples after another."""
    random, each = np.random.default_rng(seed), n // size
    orders = [random.permutation(n)[: each * size] for _ in range(-(-steps // each))]
    return np.concatenate(orders).reshape(-1, size)[:steps]

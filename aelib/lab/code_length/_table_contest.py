"""Several models of one table, trained side by side to fill its gaps."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import jax
import numpy as np
from flax import nnx

from aelib import models
from aelib.lab.code_length._compiler import quick_compiler
from aelib.lab.code_length._gaps import Gaps, measure_gaps
from aelib.lab.code_length._together import together
from aelib.likelihoods import Columns, Composite


@dataclasses.dataclass(frozen=True)
class TableContest:
    """What :func:`table_contest` returns.

    Attributes:
        gaps: for each contestant, what its models made of the hidden cells, one for each seed; and
            as ``"column alone"`` what is known without looking at the rest of the row.
        likelihoods: for each contestant its likelihoods, one for each seed.
        course: training loss of all contestants together, ``[seeds, steps]``.
    """

    gaps: dict[str, list[Gaps]]
    likelihoods: dict[str, list[Composite]]
    course: np.ndarray


class _Contest(nnx.Module):
    """Models that see the same rows and share nothing; the sum of losses trains each as alone."""

    def __init__(self, members: list[Any], likelihoods: list[Composite]) -> None:
        self.members: tuple[Any, ...] = nnx.data(tuple(members))
        self.likelihoods: tuple[Any, ...] = nnx.data(tuple(likelihoods))

    def outputs(self, x: jax.Array, seen: jax.Array) -> list[Any]:
        return [member(x, seen) for member in self.members]


def table_contest(
    columns: Columns,
    likelihoods: Mapping[str, Composite],
    train: Any,
    test: Any,
    *,
    code_size: int,
    hidden_share: float = 0.3,
    seeds: Iterable[int] = range(5),
    steps: int = 250,
    batch_size: int = 32,
    learning_rate: float = 3e-2,
) -> TableContest:
    """Train one linear autoencoder for each likelihood and seed; let them fill gaps in new rows.

    In training a share of the cells is hidden from the encoder and the loss asks for those; of the
    new rows as many are hidden, the same for all contestants.

    Args:
        columns: what the columns hold, which decides what a mistake is.
        likelihoods: the contestants by name; each may take the columns for something else, as
            ``columns.as_numbers()`` does, but in the same order.
        train: ``[seeds, n, columns]``, a split for each seed.
        test: ``[seeds, m, columns]``.
        code_size: numbers in a code.
        hidden_share: of the cells. With 0 the loss asks for all cells, which all were seen; new
            rows are then filled as if three cells in ten were hidden.
        seeds: the seeds.
        steps: training steps.
        batch_size: rows in a batch.
        learning_rate: of Adam; it falls to zero along a cosine.

    Raises:
        ValueError: if there are no contestants, or rows do not fit their columns.

    >>> from aelib.data import Column
    >>> coins = Columns((Column("a", "binary", levels=(0, 1)),
    ...                  Column("b", "binary", levels=(0, 1))))
    >>> rows = np.random.default_rng(0).integers(0, 2, (1, 40, 2))
    >>> found = table_contest(coins, {"heads": Composite(coins)}, rows, rows, code_size=1,
    ...                       seeds=[0], steps=2, batch_size=8)
    >>> found.gaps["heads"][0].nats.shape, found.course.shape
    ((2,), (1, 2))
    """
    if not likelihoods:
        raise ValueError("likelihoods: expected at least one, got none")
    seeds = tuple(seeds)
    train, test = np.asarray(train, np.float32), np.asarray(test, np.float32)
    for likelihood in likelihoods.values():
        for rows in (*train, *test):
            likelihood.check(rows)

    def contest(seed: int) -> _Contest:
        rngs = nnx.Rngs(seed)
        own = [nnx.clone(likelihood) for likelihood in likelihoods.values()]
        members = [models.table(of.columns, code_size, hidden=(), rngs=rngs) for of in own]
        return _Contest(members, own)

    def objective(contest: _Contest, x: jax.Array, key: jax.Array) -> jax.Array:
        hidden = jax.random.uniform(key, x.shape) < hidden_share
        asked = hidden if hidden_share else ~hidden
        pairs = zip(contest.likelihoods, contest.outputs(x, ~hidden), strict=True)
        return -sum(of.log_prob(outputs, x, mask=asked).mean() for of, outputs in pairs)

    # What each column alone says, which needs no training.
    nobody, typical = Composite(columns), columns.typical()
    silent = columns.marginal_outputs(test.shape[1])

    def score(contest: _Contest, test: Any) -> Any:
        x, seen = test
        alone = -nobody.log_prob_per_feature(silent, x, mask=~seen)
        return alone, [
            (-of.log_prob_per_feature(outputs, x, mask=~seen), of.predict(outputs))
            for of, outputs in zip(contest.likelihoods, contest.outputs(x, seen), strict=True)
        ]

    share = hidden_share or 0.3
    seen = np.stack([np.random.default_rng(s).random(test.shape[1:]) >= share for s in seeds])
    with quick_compiler():
        found = together(
            [contest(seed) for seed in seeds],
            objective,
            score,
            train,
            (test, seen),
            seeds=seeds,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
        )
    alone, scores = found.scores
    described = {name: scores[i] for i, name in enumerate(likelihoods)}
    described["column alone"] = (alone, np.broadcast_to(np.asarray(typical), test.shape))
    gaps = {}
    for name, (nats, raw) in described.items():
        spec = likelihoods[name].columns if name in likelihoods else columns
        guess = [spec.nearest(np.asarray(values)) for values in raw]
        given = zip(np.asarray(nats, np.float64), guess, test, seen, strict=True)
        gaps[name] = [measure_gaps(columns, *of) for of in given]
    learned = {
        name: [module.likelihoods[i] for module in found.modules]
        for i, name in enumerate(likelihoods)
    }
    return TableContest(gaps, learned, found.course)

"""How well models of a table impute hidden cells: in nats, and in errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float, PyTree
from numpy.typing import ArrayLike, NDArray

from aelib import models
from aelib.lab.code_length._compiler import quick_compiler
from aelib.lab.code_length._train_many import train_many
from aelib.likelihoods import Columns, Composite

_WITH_LEVELS = ("binary", "categorical", "ordinal")


class ImputationScore(NamedTuple):
    """What :func:`score_imputation` returns, one number for each column.

    Attributes:
        nats: mean nats of a hidden cell.
        errors: fraction of hidden cells imputed wrongly, for columns with levels; mean squared
            error in units of the column's variance for numbers.
    """

    nats: NDArray[np.float64]
    errors: NDArray[np.float64]


def score_imputation(
    columns: Columns,
    likelihood: Composite,
    x: Float[ArrayLike, "n columns"],
    seen: Bool[ArrayLike, "n columns"],
    *,
    model: Any = None,
) -> ImputationScore:
    """Hide cells of new rows, and let a model describe and impute them.

    Args:
        columns: what the columns hold, which decides what an error is.
        likelihood: that of the model; it may take the columns for something else, as
            ``columns.as_numbers()`` does.
        x: the rows.
        seen: False where a cell is hidden; each column needs some of both.
        model: made by :func:`aelib.models.table`; None for what each column alone says.

    Example:
        >>> import aelib
        >>> from aelib.data import Column
        >>> coin = Columns((Column("coin", "binary", levels=("heads", "tails")),))
        >>> hidden_first = [[False], [False], [True]]
        >>> score = score_imputation(coin, Composite(coin), [[0], [1], [1]], hidden_first)
        >>> score.nats.round(3).tolist(), score.errors.tolist()
        ([0.693], [0.5])
    """
    x, seen = np.asarray(x, np.float32), np.asarray(seen, bool)
    spec = likelihood.columns
    if model is None:
        outputs: Any = spec.marginal_outputs(len(x))
        imputed = np.broadcast_to(spec.typical(), x.shape)
    else:
        outputs = model.predict(x, mask=seen)
        imputed = spec.nearest(np.asarray(likelihood.predict(outputs)))
    nats = -np.asarray(likelihood.log_prob_per_feature(outputs, x, mask=~seen), np.float64)
    return _mean_over_hidden(columns, nats, np.asarray(imputed), x, seen)


@dataclasses.dataclass(frozen=True)
class ImputationComparison:
    """What :func:`compare_imputation` returns.

    Attributes:
        scores: for each likelihood the score of its models, one for each seed; and as
            ``"column alone"`` what is known without looking at the rest of the row.
        likelihoods: for each likelihood its trained copies, one for each seed.
        losses: training loss, all likelihoods added up, ``[seeds, steps]``.
    """

    scores: dict[str, list[ImputationScore]]
    likelihoods: dict[str, list[Composite]]
    losses: Float[np.ndarray, "seeds steps"]


def compare_imputation(
    columns: Columns,
    likelihoods: Mapping[str, Composite],
    train: Float[ArrayLike, "seeds n columns"],
    test: Float[ArrayLike, "seeds m columns"],
    *,
    code_size: int,
    hidden_fraction: float = 0.3,
    seeds: Iterable[int] = range(5),
    steps: int = 250,
    batch_size: int = 32,
    learning_rate: float = 3e-2,
) -> ImputationComparison:
    """Train one linear autoencoder for each likelihood and seed; let them impute cells of new rows.

    In training a fraction of the cells is hidden from the encoder and the loss asks for those; of
    the new rows as many are hidden, the same for all.

    Args:
        columns: what the columns hold, which decides what an error is.
        likelihoods: by name; each may take the columns for something else, as
            ``columns.as_numbers()`` does, but in the same order.
        train: training rows, a split for each seed.
        test: new rows, a split for each seed.
        code_size: numbers in a code.
        hidden_fraction: of the cells. With 0 the loss asks for all cells, which all were seen; new
            rows are then imputed as if three cells in ten were hidden.
        seeds: of splits, weights, batches and hidden cells.
        steps: training steps.
        batch_size: rows in a batch.
        learning_rate: of Adam; it falls to zero along a cosine.

    Raises:
        ValueError: if there is no likelihood, or rows do not fit their columns.

    Example:
        >>> import aelib
        >>> from aelib.data import Column
        >>> import numpy as np
        >>> coins = Columns((Column("a", "binary", levels=(0, 1)),
        ...                  Column("b", "binary", levels=(0, 1))))
        >>> rows = np.random.default_rng(0).integers(0, 2, (1, 40, 2))
        >>> found = compare_imputation(coins, {"heads": Composite(coins)}, rows, rows, code_size=1,
        ...                            seeds=[0], steps=2, batch_size=8)
        >>> found.scores["heads"][0].nats.shape, found.losses.shape
        ((2,), (1, 2))
    """
    if not likelihoods:
        raise ValueError("likelihoods: expected at least one, got none")
    seeds = tuple(seeds)
    train, test = np.asarray(train, np.float32), np.asarray(test, np.float32)
    for likelihood in likelihoods.values():
        for rows in (*train, *test):
            likelihood.check(rows)

    def objective(pair: _TableModels, x: jax.Array, key: jax.Array) -> jax.Array:
        hidden = jax.random.uniform(key, x.shape) < hidden_fraction
        scored = hidden if hidden_fraction else ~hidden
        described = pair.described(x, ~hidden)
        nats = [-each.log_prob(outputs, x, mask=scored).mean() for each, outputs in described]
        return jnp.stack(nats).sum()

    # What each column alone says, which needs no training.
    marginal, typical = Composite(columns), columns.typical()
    marginal_outputs = columns.marginal_outputs(test.shape[1])

    def score(pair: _TableModels, test: PyTree) -> PyTree:
        x, seen = test
        alone = -marginal.log_prob_per_feature(marginal_outputs, x, mask=~seen)
        return alone, [
            (
                -likelihood.log_prob_per_feature(outputs, x, mask=~seen),
                likelihood.predict(outputs),
            )
            for likelihood, outputs in pair.described(x, seen)
        ]

    fraction = hidden_fraction or 0.3
    seen = np.stack([np.random.default_rng(s).random(test.shape[1:]) >= fraction for s in seeds])
    with quick_compiler():
        found = train_many(
            [_TableModels(likelihoods.values(), code_size, nnx.Rngs(seed)) for seed in seeds],
            objective,
            score,
            train,
            (test, seen),
            seeds=seeds,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
        )
    alone, by_likelihood = found.scores
    results = dict(zip(likelihoods, by_likelihood, strict=True))
    results["column alone"] = (alone, np.broadcast_to(np.asarray(typical), test.shape))
    scores = {}
    for name, (nats, predicted) in results.items():
        spec = likelihoods[name].columns if name in likelihoods else columns
        imputed = [spec.nearest(np.asarray(values)) for values in predicted]
        runs = zip(np.asarray(nats, np.float64), imputed, test, seen, strict=True)
        scores[name] = [_mean_over_hidden(columns, *run) for run in runs]
    trained = {
        name: [module.likelihoods[i] for module in found.modules]
        for i, name in enumerate(likelihoods)
    }
    return ImputationComparison(scores, trained, found.losses)


class _TableModels(nnx.Module):
    """One autoencoder for each likelihood: they see the same rows and share nothing."""

    def __init__(self, likelihoods: Iterable[Composite], code_size: int, rngs: nnx.Rngs) -> None:
        own = [nnx.clone(likelihood) for likelihood in likelihoods]
        made = [models.table(each.columns, code_size, hidden=(), rngs=rngs) for each in own]
        self.models: tuple[Any, ...] = nnx.data(tuple(made))
        self.likelihoods: tuple[Any, ...] = nnx.data(tuple(own))

    def described(self, x: jax.Array, seen: jax.Array) -> list[tuple[Composite, PyTree]]:
        """Each likelihood with the outputs of its model."""
        outputs = [model(x, seen) for model in self.models]
        return list(zip(self.likelihoods, outputs, strict=True))


def _mean_over_hidden(
    columns: Columns,
    nats: np.ndarray,
    imputed: np.ndarray,
    x: np.ndarray,
    seen: NDArray[np.bool_],
) -> ImputationScore:
    with_levels = np.array([column.kind in _WITH_LEVELS for column in columns])
    scale = np.where(with_levels, 1.0, x.std(axis=0))
    wrong = np.where(with_levels, imputed != x, np.square((imputed - x) / scale))
    hidden = (~seen).sum(axis=0)
    return ImputationScore(
        (nats * ~seen).sum(axis=0) / hidden, (wrong * ~seen).sum(axis=0) / hidden
    )

"""``sweep``: train many models, of several sizes and settings, side by side."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, PyTree, Real, Shaped

from aelib._checks import check_count
from aelib._cores import group_size
from aelib.likelihoods import Likelihood
from aelib.training._errors import TrainingDiverged, TrainingInterrupted
from aelib.training._examples import (
    Examples,
    check_examples,
    check_examples_by_seed,
    check_validation,
)
from aelib.training._objective import Variables
from aelib.training._progress import InChunks, Progress, choose
from aelib.training._results import History, SweepResult, first_runs, join_histories
from aelib.training._runs import Members, Run, first_of_each, grid, make_members
from aelib.training._settings import Loss, Settings, check_loss, check_model, check_settings
from aelib.training._tick import Inputs
from aelib.training._train import Outcome, compile_training, train

if TYPE_CHECKING:
    import optax


def sweep(
    make_model: Callable[..., nnx.Module],
    x: Shaped[ArrayLike, "n ..."],
    loss: Likelihood | Callable[..., Float[Array, " batch"]],
    *,
    seeds: Iterable[int],
    sizes: Mapping[str, Iterable[Any]] | None = None,
    per_run_data: bool = False,
    penalties: Sequence[tuple[float | Sequence[float], Callable[..., jax.Array]]] = (),
    corruption: Callable[..., Array | tuple[Array, ...]] | None = None,
    noise: float | Sequence[float] | None = None,
    mask: Bool[ArrayLike, "n ..."] | None = None,
    weights: Real[ArrayLike, "*seeds n"] | None = None,
    exposure: Real[ArrayLike, "*seeds n"] | None = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int | None = 128,
    steps: int = 1000,
    validation: Shaped[ArrayLike, "m ..."] | Mapping[str, ArrayLike] | None = None,
    patience: int | None = None,
    tick_every: int | None = None,
    chunk: int | None = None,
    progress: bool | Progress = True,
) -> SweepResult:
    """Train a model for every size, strength, noise level and seed, side by side.

    All runs are trained by one compiled program, on a CPU by a call of it on each core. A seed
    decides the initial parameters, the batches, the corruption and what penalties draw, so runs of
    one seed can be compared in pairs. Up to rounding, each run is that of :func:`fit`::

        model_key, fit_key = jax.random.split(jax.random.key(seed))
        fit(make_model(nnx.Rngs(model_key), latent=2), x, loss, ..., key=fit_key)

    Smaller models are padded with zeros to the size of the largest. The zeros stay zero, so the
    result is that of the small model, at the cost of the largest. A run whose patience has run out
    keeps its best parameters while the others go on.

    Args:
        make_model: makes a model from an ``nnx.Rngs`` and, by keyword, one value of each of
            ``sizes``. Its models may differ in those sizes and in nothing else.
        x: the data, with a leading axis of seeds if ``per_run_data``.
        loss: a likelihood, of which every run trains a copy, or a callable; see :func:`fit`.
        seeds: the seeds.
        sizes: the values of each keyword of ``make_model``, such as ``{"latent": (1, 2, 4)}``. One
            of the models must be the largest in all sizes.
        per_run_data: whether ``x``, ``mask``, ``weights``, ``exposure`` and ``validation`` have a
            leading axis of seeds, as for a different split of the data with every seed.
        penalties: see :func:`fit`; a strength may be a sequence of them.
        corruption: see :func:`fit`; with ``noise`` it is called as ``corruption(key, x, level)``.
        noise: levels passed to ``corruption``, one in each run.
        mask: see :func:`fit`.
        weights: see :func:`fit`.
        exposure: see :func:`fit`.
        optimizer: see :func:`fit`.
        batch_size: see :func:`fit`.
        steps: see :func:`fit`.
        validation: see :func:`fit`.
        patience: see :func:`fit`; training ends when it has run out in every run of a chunk.
        tick_every: see :func:`fit`.
        chunk: how many runs are trained at the same time, which bounds the memory. None for all.
        progress: see :func:`fit`; it shows means over the runs of a chunk.

    Returns:
        SweepResult: ``models``, ``likelihoods``, ``history`` and a ``table`` with a row for each
        run, seeds innermost.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective of a run is not finite at some step; it says which run,
            and its ``result`` has the chunks that were finished.
        TrainingInterrupted: on Ctrl-C; its ``result`` has the chunks that were finished or, if none
            was, the first as far as it came.

    Example:
        >>> import aelib
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jax.random.normal(jax.random.key(0), (64, 4))
        >>> def half_squares(outputs, x):
        ...     return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)
        >>> result = aelib.training.sweep(
        ...     lambda rngs, latent: aelib.models.linear(4, latent, rngs=rngs), x, half_squares,
        ...     seeds=range(2), sizes={"latent": (1, 3)}, batch_size=16, steps=20, progress=False,
        ... )
        >>> result.table[["latent", "seed", "steps"]]
           latent  seed  steps
        0       1     0     20
        1       1     1     20
        2       3     0     20
        3       3     1     20
    """
    runs = grid(seeds, sizes, penalties, noise, corruption)
    check_loss(loss)
    members = make_members(make_model, loss, runs)
    model = members.largest.model
    options: dict[str, Any] = {"model": model, "loss": loss, "dtype": check_model(model)}
    check: Callable[..., Examples] = check_examples
    if per_run_data:
        check, options["seeds"] = check_examples_by_seed, len({run.seed for run in runs})
    data = check("", {"x": x, "mask": mask, "weights": weights, "exposure": exposure}, **options)
    settings, _ = check_settings(
        model,
        loss,
        n=data.x.shape[1 if per_run_data else 0],
        penalties=first_of_each(penalties),
        corruption=corruption,
        optimizer=optimizer,
        batch_size=batch_size,
        steps=steps,
        validation=validation,
        patience=patience,
        tick_every=tick_every,
    )
    if len(members.one_per_size) > 1:
        few = data.x[0, :8] if per_run_data else data.x[:8]
        members.check_padding(few, settings)
    size = len(runs) if chunk is None else min(check_count("chunk", chunk), len(runs))
    checked_validation = check_validation(data, validation, check, **options)
    plan = _Plan(settings, members, runs, loss, data, checked_validation, per_run_data)
    return _train_in_chunks(plan, size, choose(progress))


@dataclasses.dataclass(frozen=True)
class _Plan:
    """All that the chunks of a sweep share."""

    settings: Settings
    members: Members
    runs: tuple[Run, ...]
    loss: Loss
    data: Examples
    validation: Examples | None
    per_run_data: bool

    @property
    def in_axes(self) -> Inputs:
        """Which inputs of a group have a leading axis of runs."""
        axis = 0 if self.per_run_data else None
        return Inputs(variables=0, data=axis, validation=axis, key=0)  # type: ignore[arg-type]

    def groups(self, rows: Sequence[int], size: int) -> list[tuple[PyTree, Inputs]]:
        """Some runs, at most ``size``, divided among the cores."""
        width = group_size(size)
        starts = range(0, len(rows), width)
        return [self._group(rows[start : start + width], width) for start in starts]

    def _group(self, rows: Sequence[int], width: int) -> tuple[PyTree, Inputs]:
        """What some runs need, filled to the shape of all groups by repeating the last."""
        filled = [*rows, *[rows[-1]] * (width - len(rows))]
        runs = [self.runs[row] for row in filled]
        dtype = self.settings.dtype
        parameters, fixed, present = self.members.stack(filled)
        variables = Variables(
            fixed,
            jnp.asarray(np.asarray([run.strengths for run in runs]), dtype),
            None if runs[0].noise is None else jnp.asarray([run.noise for run in runs], dtype),
            present,
        )
        key = jnp.stack([jax.random.split(jax.random.key(run.seed))[1] for run in runs])
        data, validation = self.data, self.validation
        if self.per_run_data:
            own = np.asarray([run.seed_index for run in runs])
            data, validation = jax.tree.map(
                lambda leaf: jax.device_put(np.asarray(leaf)[own]), (data, validation)
            )
        return parameters, Inputs(variables, data, validation, key)

    def label(self, row: int) -> str:
        """What to call a run in a message."""
        settings = self.runs[row].settings(self.settings.names)
        return f"{row} ({', '.join(f'{name} {value}' for name, value in settings.items())})"

    def take_apart(self, outcome: Outcome, rows: Sequence[int]) -> _Chunk:
        """The models of some runs and their history."""
        # On the host, where they were stacked: a slice on the device is compiled for each shape.
        stacked = jax.tree.map(np.asarray, outcome.parameters)
        models = []
        for index, row in enumerate(rows):
            own = jax.tree.map(lambda leaf, index=index: np.asarray(leaf[index]), stacked)
            models.append(self.members.merge(row, own, self.loss))
        return _Chunk(models, first_runs(outcome.history, len(rows)))

    def collect(self, chunks: Sequence[_Chunk]) -> SweepResult:
        """The result of the chunks that were trained."""
        models = [pair for chunk in chunks for pair in chunk.models]
        runs = self.runs[: len(models)]
        return SweepResult(
            seeds=tuple(run.seed for run in runs),
            models=tuple(model for model, _ in models),
            likelihoods=tuple(likelihood for _, likelihood in models),
            history=join_histories([chunk.history for chunk in chunks]),
            settings=tuple(run.settings(self.settings.names) for run in runs),
        )


class _Chunk(NamedTuple):
    """What was trained at the same time: pairs (model, likelihood), and their history."""

    models: list[tuple[Any, Loss]]
    history: History


def _train_in_chunks(plan: _Plan, size: int, progress: Progress) -> SweepResult:
    """Train one chunk of ``size`` runs after the other."""
    everything = range(len(plan.runs))
    chunks = [everything[start : start + size] for start in everything[::size]]
    finished: list[_Chunk] = []
    programs, interrupted = None, False
    with contextlib.closing(progress):
        bar = InChunks(progress, len(chunks))
        try:
            for rows in chunks:
                groups = plan.groups(rows, size)
                if programs is None:  # all chunks have the shapes of the first
                    programs = compile_training(plan.settings, groups[0], plan.in_axes)
                labels = [plan.label(row) for row in rows]
                outcome = train(plan.settings, programs, groups, bar, labels)
                interrupted = outcome.interrupted
                if not (interrupted and finished):
                    finished.append(plan.take_apart(outcome, rows))
                if interrupted:
                    break
        except TrainingDiverged as error:
            error.result = plan.collect(finished) if finished else None
            raise
        except KeyboardInterrupt:  # between two chunks
            if not finished:
                raise
            interrupted = True
    result = plan.collect(finished)
    if interrupted:
        raise TrainingInterrupted(
            f"training was interrupted: {len(result.models)} of {len(plan.runs)} runs came to "
            f"{result.history.steps} of {plan.settings.steps} steps; they are this exception's "
            "result",
            result=result,
        )
    return result

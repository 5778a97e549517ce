"""``sweep``: train many models, of several sizes and settings, in one compiled call."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from aelib._checks import check_count
from aelib.training import _checks
from aelib.training._chunks import Trainer, in_chunks
from aelib.training._grid import first_of_each, grid
from aelib.training._members import make
from aelib.training._prepare import check_patience, prepare, schedule, validation_fields
from aelib.training._problem import Examples
from aelib.training._progress import Progress, choose
from aelib.training._sweep_result import SweepResult

SweptPenalty = tuple[float | Sequence[float], Callable[..., jax.Array]]


def sweep(
    make_model: Callable[..., nnx.Module],
    x: Any,
    loss: Any,
    *,
    seeds: Iterable[int],
    sizes: Mapping[str, Iterable[Any]] | None = None,
    per_run_data: bool = False,
    penalties: Sequence[SweptPenalty] = (),
    corruption: Callable[..., Any] | None = None,
    noise: float | Sequence[float] | None = None,
    mask: Any = None,
    weights: Any = None,
    exposure: Any = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int | None = 128,
    steps: int = 1000,
    validation: Any | Mapping[str, Any] | None = None,
    patience: int | None = None,
    tick_every: int | None = None,
    chunk: int | None = None,
    progress: bool | Progress = True,
) -> SweepResult:
    """Train a model for every size, strength, noise level and seed, side by side.

    All runs of a chunk are trained by one compiled program (on a CPU, by a call of it for each
    core), and all chunks share its compilation. A seed decides the initial parameters, the batches,
    the corruption and what penalties draw, so runs of one seed can be compared in pairs. Run by
    run, and but for rounding, the result is that of :func:`fit`::

        model_key, fit_key = jax.random.split(jax.random.key(seed))
        fit(make_model(nnx.Rngs(model_key), latent=2), x, loss, ..., key=fit_key)

    Models of several sizes are trained as the largest with zeros in place of what a smaller one
    lacks. That is the same function, and its zeros are kept, so the result is that of the small
    model; it costs what the largest costs. A run whose patience has run out keeps its best
    parameters while the others go on.

    Args:
        make_model: makes a model from an ``nnx.Rngs`` and, by keyword, one value of each of
            ``sizes``; but for its sizes the same every time.
        x: [n, ...], or [seeds, n, ...] with ``per_run_data``.
        loss: a likelihood, of which every run trains a copy, or a callable; see :func:`fit`.
        seeds: the seeds.
        sizes: keyword of ``make_model`` -> its values, such as ``{"latent": (1, 2, 4)}``; one of
            the models must be the largest in everything.
        per_run_data: whether ``x``, ``mask``, ``weights``, ``exposure`` and ``validation`` have a
            leading axis of seeds, as for a different split of the data with every seed.
        penalties: see :func:`fit`; a strength may be a sequence of them.
        corruption: see :func:`fit`; with ``noise`` it is called as ``corruption(key, x, level)``.
        noise: levels that ``corruption`` is handed, one in each run.
        mask: see :func:`fit`.
        weights: see :func:`fit`.
        exposure: see :func:`fit`.
        optimizer: see :func:`fit`.
        batch_size: see :func:`fit`.
        steps: see :func:`fit`.
        validation: see :func:`fit`.
        patience: see :func:`fit`; training ends when it has run out in every run of a chunk.
        tick_every: see :func:`fit`.
        chunk: how many runs are trained at the same time, which bounds the memory; None for all.
        progress: see :func:`fit`; it shows means over the runs of a chunk.

    Returns:
        SweepResult: ``models``, ``likelihoods``, ``history`` and a ``table`` with a row for each
        run, seeds innermost.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective of a run is not finite at some step; it says which run,
            and its ``result`` has the chunks that were finished.
        TrainingInterrupted: on Ctrl-C, which it is; its ``result`` has the chunks that were
            finished, or, if none was, the first as far as it came.

    >>> import jax, jax.numpy as jnp
    >>> import aelib
    >>> x = jax.random.normal(jax.random.key(0), (64, 4))
    >>> half_squares = lambda outputs, x: 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)
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
    _checks.check_loss(loss)
    ticks = schedule(steps, tick_every)
    members = make(make_model, loss, runs)
    model = members.largest.model
    examine = functools.partial(
        _examples,
        seeds=len({run.seed for run in runs}) if per_run_data else None,
        model=model,
        loss=loss,
        dtype=_checks.model_dtype(model),
    )
    data = examine("", {"x": x, "mask": mask, "weights": weights, "exposure": exposure})
    checked = None
    if validation is not None:
        checked = examine("validation", validation_fields(validation))
    _checks.check_same_exposure(data, checked)
    prepared = prepare(
        model,
        loss,
        n=data.x.shape[1 if per_run_data else 0],
        penalties=first_of_each(penalties),
        corruption=corruption,
        optimizer=optimizer,
        batch_size=batch_size,
        patience=check_patience(patience, validation),
        mesh=None,
    )
    if len(members.of_each_size) > 1:
        few = data.x[0, :8] if per_run_data else data.x[:8]
        members.check_padding(few, penalised=bool(penalties))
    together = len(runs) if chunk is None else min(check_count("chunk", chunk), len(runs))
    train = Trainer(prepared, members, runs, data, checked, per_run_data, ticks)
    return in_chunks(train, together, loss, choose(progress))


def _examples(
    argument: str, given: Mapping[str, Any], *, seeds: int | None, **options: Any
) -> Examples:
    """Checked examples; with a leading axis of seeds if there is to be one."""
    if seeds is None:
        return _checks.check_examples(argument, given, **options)
    present = {name: np.asarray(value) for name, value in given.items() if value is not None}
    for name, value in present.items():
        if value.ndim < 1 or len(value) != seeds:
            where = f"{argument}: {name}" if argument else name
            raise ValueError(
                f"{where}: expected [{seeds}, ...], one entry for each seed; "
                f"got shape {value.shape}"
            )
    checked = [
        _checks.check_examples(
            argument, {name: value[index] for name, value in present.items()}, **options
        )
        for index in range(seeds)
    ]
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *checked)

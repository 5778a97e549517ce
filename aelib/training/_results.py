"""What training returns: models, what happened on the way, and for a sweep a table."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float, Int, PyTree

from aelib import _storage
from aelib._compile import compiled
from aelib.training import _keep, _padding
from aelib.training._settings import Loss, Settings
from aelib.training._tick import Tick

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class History:
    """What was measured during training, of one run or of several; one entry for each tick.

    Training values are means over the steps since the tick before, in nats per example, each taken
    before its step's update. In the history of a sweep all but ``step`` have a leading axis of
    runs.

    Attributes:
        step: steps taken by the end of each tick.
        loss: the objective: ``nats`` + Σ strength · penalty.
        nats: its likelihood part (or the plain loss).
        penalties: by name, each penalty before its strength.
        validation: mean nats per validation example at the end of each tick, without corruption or
            penalties, or None.
        best_step: the number of steps after which the returned parameters were found (an array
            [runs] in a sweep): the last, or the best by validation with early stopping.

    Example:
        >>> import numpy as np
        >>> ticks = np.array([3.0, 1.5])
        >>> history = History(
        ...     step=np.array([10, 20]), loss=ticks, nats=ticks, penalties={}, validation=None,
        ...     best_step=20,
        ... )
        >>> history
        History(20 steps, 2 ticks: loss 3 -> 1.5)
    """

    step: Int[np.ndarray, " ticks"]
    loss: Float[np.ndarray, "*runs ticks"]
    nats: Float[np.ndarray, "*runs ticks"]
    penalties: dict[str, Float[np.ndarray, "*runs ticks"]]
    validation: Float[np.ndarray, "*runs ticks"] | None
    best_step: int | Int[np.ndarray, " runs"]

    @property
    def steps(self) -> int:
        """How many steps it covers."""
        return int(self.step[-1]) if len(self.step) else 0

    def __repr__(self) -> str:
        if not self.steps:
            return "History(no steps)"
        shown = f"loss {_range(self.loss)}"
        if self.validation is not None:
            shown += f", validation {_range(self.validation)}"
        return f"History({self.steps} steps, {len(self.step)} ticks: {shown})"


@dataclasses.dataclass(frozen=True)
class FitResult:
    """What :func:`fit` returns.

    Attributes:
        model: the trained model, a new object.
        likelihood: the likelihood with its trained parameters, a new object; a plain callable loss
            is returned as it was.
        history: what was measured during training.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import likelihoods, models, training
        >>> result = training.fit(
        ...     models.linear(3, 1, rngs=nnx.Rngs(0)), jnp.ones((4, 3)),
        ...     likelihoods.Gaussian("shared"), steps=2, batch_size=4, progress=False,
        ...     key=jax.random.key(0),
        ... )
        >>> result.model.encode(jnp.ones((4, 3))).shape, result.history.steps
        ((4, 1), 2)
    """

    model: Any
    likelihood: Loss
    history: History

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model, the likelihood and the history to one safetensors file.

        It is written under a temporary name and then renamed, so that ``path`` holds either what it
        held before or all of it. :func:`aelib.training.load` reads it back.

        Args:
            path: where; an existing file is replaced.

        Raises:
            ValueError: if the model was not made by a builder of :mod:`aelib.models`, the
                likelihood is none of :mod:`aelib.likelihoods`, or one of them was changed since it
                was made, other than by training.
        """
        about, tensors = _keep.describe(self.model, self.likelihood)
        told = self.history
        ticks = {"step": told.step, "loss": told.loss, "nats": told.nats}
        ticks |= {f"penalties.{name}": values for name, values in told.penalties.items()}
        if told.validation is not None:
            ticks["validation"] = told.validation
        tensors |= {f"history.{name}": np.asarray(values) for name, values in ticks.items()}
        about |= {"penalties": list(told.penalties), "best_step": int(told.best_step)}
        _storage.write(path, "fit", about, tensors)


@dataclasses.dataclass(frozen=True)
class SweepResult:
    """What :func:`sweep` returns; everything is in the order of the runs, seeds innermost.

    Attributes:
        seeds: the seed of each run.
        models: the trained models, each of its own size.
        likelihoods: their likelihoods (the plain callable loss, once per run, if there is none).
        history: what was measured during training, with a leading axis of runs. Where chunks
            stopped early at different ticks, those that a chunk no longer took are NaN.
        settings: for each run what sets it apart, by the name of the column in :attr:`table`.

    Example:
        >>> import jax.numpy as jnp
        >>> from aelib import likelihoods, models, training
        >>> result = training.sweep(
        ...     lambda rngs: models.linear(3, 1, rngs=rngs), jnp.ones((4, 3)),
        ...     likelihoods.Gaussian(), seeds=(0, 1), steps=2, batch_size=4, progress=False,
        ... )
        >>> result.map(lambda model, scale: model(scale * jnp.ones((4, 3))), jnp.ones(2)).shape
        (2, 4, 3)
    """

    seeds: tuple[int, ...]
    models: tuple[Any, ...]
    likelihoods: tuple[Loss, ...]
    history: History
    settings: tuple[Mapping[str, Any], ...]

    @property
    def table(self) -> pd.DataFrame:
        """A tidy table with a row for each run, its settings and how it ended.

        Columns: each size by its name, ``<penalty>_strength``, ``noise``, ``seed``; then ``steps``
        (after which the parameters were found), and as of the tick that ended with them ``loss``
        (the objective), ``nats``, each penalty by its name, and ``validation`` if there is any.

        Raises:
            ModuleNotFoundError: if pandas, of the extra ``data``, is not installed.
        """
        import pandas as pd

        rows = []
        best = np.broadcast_to(self.history.best_step, len(self.models))
        for index, settings in enumerate(self.settings):
            at = int(np.searchsorted(self.history.step, best[index]))
            row = {**settings, "steps": int(best[index])}
            for name, values in self._measured().items():
                row[name] = float(values[index, at]) if values.size else np.nan
            rows.append(row)
        return pd.DataFrame(rows)

    def _measured(self) -> dict[str, np.ndarray]:
        history = self.history
        named = {"loss": history.loss, "nats": history.nats, **history.penalties}
        if history.validation is not None:
            named["validation"] = history.validation
        return named

    def map(self, function: Callable[..., PyTree], *per_run: PyTree) -> PyTree:
        """Apply ``function(model, *values)`` to every trained model in one compiled call.

        Models of several sizes are padded with zeros to the largest: the same outputs, and codes as
        long as the longest.

        Args:
            function: pure, of a model and of one entry of each of ``per_run``.
            *per_run: arrays, or trees of them, with a leading axis of runs.

        Returns:
            Its results, with a leading axis of runs.
        """
        parts = [nnx.split(model) for model in self.models]
        states = [nnx.as_pure(state) for _, state in parts]
        largest = _padding.largest(states)
        graphdef = parts[largest][0]

        def one(state: PyTree, values: tuple[PyTree, ...]) -> PyTree:
            return function(nnx.merge(graphdef, state), *values)

        given = _padding.stack(states, states[largest]), jax.tree.map(jnp.asarray, per_run)
        return compiled(jax.vmap(one), *given)(*given)

    def __repr__(self) -> str:
        return f"SweepResult({len(self.seeds)} x {self.models[0]!r}, {self.history!r})"


def collect(
    steps: Sequence[int],
    ticks: Sequence[Tick],
    settings: Settings,
    best_step: int | np.ndarray | None = None,
) -> History:
    """Stack the ticks of a run, or of several, along a last axis.

    Args:
        steps: the step that each tick ended with.
        ticks: the ticks.
        settings: of the training.
        best_step: see :class:`History`; None for the last step.
    """
    if not ticks:
        empty = np.zeros(0)
        penalties = dict.fromkeys(settings.names, empty)
        return History(np.zeros(0, int), empty, empty, penalties, None, 0)
    last: int | np.ndarray = steps[-1]
    if np.ndim(ticks[0].loss):
        last = np.full(np.shape(ticks[0].loss), last)
    if best_step is not None:
        last = best_step if np.ndim(best_step) else int(best_step)
    along = jax.tree.map(lambda *leaves: np.stack(leaves, axis=-1), *ticks)
    return History(
        step=np.asarray(steps, dtype=int),
        loss=along.loss,
        nats=along.nats,
        penalties={
            name: along.penalties[..., index, :] for index, name in enumerate(settings.names)
        },
        validation=along.validation,
        best_step=last,
    )


def join_histories(histories: Sequence[History]) -> History:
    """The histories of chunks as one, along the axis of runs."""
    longest = max(histories, key=lambda history: len(history.step))
    ticks = len(longest.step)

    def along(parts: Sequence[np.ndarray]) -> np.ndarray:
        padded = [
            np.pad(part, ((0, 0), (0, ticks - part.shape[1])), constant_values=np.nan)
            for part in parts
        ]
        return np.concatenate(padded)

    validation = [history.validation for history in histories]
    return History(
        step=longest.step,
        loss=along([history.loss for history in histories]),
        nats=along([history.nats for history in histories]),
        penalties={
            name: along([history.penalties[name] for history in histories])
            for name in longest.penalties
        },
        validation=None if validation[0] is None else along(validation),  # type: ignore[arg-type]
        best_step=np.concatenate([np.atleast_1d(history.best_step) for history in histories]),
    )


def first_runs(history: History, runs: int) -> History:
    """The history of the first runs of a chunk; the others only filled it up."""
    if not len(history.step):
        return history
    return dataclasses.replace(
        history,
        loss=history.loss[:runs],
        nats=history.nats[:runs],
        penalties={name: values[:runs] for name, values in history.penalties.items()},
        validation=None if history.validation is None else history.validation[:runs],
        best_step=np.asarray(history.best_step)[:runs],
    )


def _range(values: np.ndarray) -> str:
    """First and last value, averaged over runs."""
    first, last = (float(np.mean(values[..., tick])) for tick in (0, -1))
    return f"{first:.4g} -> {last:.4g}"

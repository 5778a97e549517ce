"""What a sweep returns: models, their course, and a table with a row for each run."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from flax import nnx

from aelib.training import _padding
from aelib.training._fingerprint import Static
from aelib.training._history import History

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class SweepResult:
    """What :func:`sweep` returns; everything is in the order of the runs, seeds innermost.

    Attributes:
        seeds: the seed of each run.
        models: the trained models, each of its own size.
        likelihoods: their likelihoods (the plain callable loss, once per run, if there is none).
        history: the course of all runs, with a leading axis of runs. Where chunks stopped early at
            different ticks, those that a chunk no longer took are NaN.
        settings: for each run what sets it apart, by the name of the column in :attr:`table`.
    """

    seeds: tuple[int, ...]
    models: tuple[Any, ...]
    likelihoods: tuple[Any, ...]
    history: History
    settings: tuple[Mapping[str, Any], ...]

    @property
    def table(self) -> "pd.DataFrame":
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

    def map(self, function: Callable[..., Any], *per_run: Any) -> Any:
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
        stacked = _padding.stack(states, states[largest])
        return _map(parts[largest][0], Static(function), stacked, per_run)

    def __repr__(self) -> str:
        return f"SweepResult({len(self.seeds)} x {self.models[0]!r}, {self.history!r})"


@functools.partial(jax.jit, static_argnums=(0, 1))
def _map(graphdef: Any, function: Any, states: Any, per_run: tuple[Any, ...]) -> Any:
    def one(state: Any, values: tuple[Any, ...]) -> Any:
        return function.value(nnx.merge(graphdef, state), *values)

    return jax.vmap(one)(states, per_run)


def join(histories: Sequence[History]) -> History:
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


def head(history: History, runs: int) -> History:
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

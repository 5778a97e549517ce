"""What happened during training, as NumPy arrays."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from aelib.training._loop import Tick


@dataclasses.dataclass(frozen=True)
class History:
    """The course of one training run, or of several side by side; one entry for each tick.

    Training values are means over the steps since the tick before, in nats per example, each taken
    before its step's update. In the history of a sweep all but ``step`` have a leading axis of
    runs.

    Attributes:
        step: [ticks] steps taken by the end of each tick.
        loss: [ticks] the objective: ``nats`` + Σ strength · penalty.
        nats: [ticks] its likelihood part (or the plain loss).
        penalties: name -> [ticks], each penalty before its strength.
        validation: [ticks] mean nats per validation example at the end of each tick, without
            corruption or penalties, or None.
        best_step: the number of steps after which the returned parameters were found (an array
            [runs] in a sweep): the last, or the best by validation with early stopping.
    """

    step: np.ndarray
    loss: np.ndarray
    nats: np.ndarray
    penalties: dict[str, np.ndarray]
    validation: np.ndarray | None
    best_step: int | np.ndarray

    def __repr__(self) -> str:
        if not len(self.step):
            return "History(no steps)"
        shown = f"loss {_range(self.loss)}"
        if self.validation is not None:
            shown += f", validation {_range(self.validation)}"
        return f"History({int(self.step[-1])} steps, {len(self.step)} ticks: {shown})"


def _range(values: np.ndarray) -> str:
    """First and last value, averaged over runs."""
    first, last = (float(np.mean(values[..., tick])) for tick in (0, -1))
    return f"{first:.4g} -> {last:.4g}"


def collect(
    steps: Sequence[int],
    ticks: Sequence[Tick],
    names: Sequence[str],
    best_step: int | np.ndarray,
) -> History:
    """Stack the ticks of a run along a last axis."""
    values = jax.tree.map(lambda *leaves: np.stack(leaves, axis=0), *ticks) if ticks else None
    if values is None:
        empty = np.zeros(0)
        return History(np.zeros(0, int), empty, empty, dict.fromkeys(names, empty), None, 0)
    last = jax.tree.map(lambda leaf: np.moveaxis(leaf, 0, -1), values._replace(penalties=None))
    penalties = np.moveaxis(values.penalties, 0, -1)  # [..., num_penalties, ticks]
    return History(
        step=np.asarray(steps, dtype=int),
        loss=last.loss,
        nats=last.nats,
        penalties={name: penalties[..., index, :] for index, name in enumerate(names)},
        validation=last.validation,
        best_step=best_step,
    )

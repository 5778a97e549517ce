"""How training ends when it does not end well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from aelib.training._kernel import Failure
from aelib.training._results import FitResult, History, SweepResult
from aelib.training._tick import Tick


class TrainingDiverged(FloatingPointError):  # noqa: N818  (says what happened)
    """The objective was no longer a finite number. The model that was given is as it was.

    Attributes:
        step: the step (counted from 1) whose objective was not finite, or whose update broke the
            parameters; 0 if the model came that way.
        part: where it came from: ``"parameters"``, ``"outputs"``, ``"likelihood"``, ``"loss"``,
            ``"validation"`` or the name of a penalty.
        last_finite_loss: the last objective that was finite, or None if there was none.
        history: the ticks before, for a look at what led there.
        result: of a sweep in chunks, the :class:`SweepResult` of those finished before, or None.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import models, training
        >>> try:
        ...     training.fit(
        ...         models.linear(3, 1, rngs=nnx.Rngs(0)), jnp.ones((4, 3)),
        ...         lambda outputs, x: jnp.log(-outputs.sum(axis=-1) ** 2), steps=2, batch_size=4,
        ...         progress=False, key=jax.random.key(0),
        ...     )
        ... except TrainingDiverged as error:
        ...     print(error.step, error.part)
        1 likelihood
    """

    result: SweepResult | None = None

    def __init__(
        self,
        message: str,
        *,
        step: int,
        part: str,
        last_finite_loss: float | None,
        history: History,
    ) -> None:
        super().__init__(message)
        self.step = step
        self.part = part
        self.last_finite_loss = last_finite_loss
        self.history = history

    def __reduce__(self) -> Any:
        # By default an exception is made anew of its message alone, and a worker process that
        # could not hand it on would take its pool with it.
        state = {name: value for name, value in vars(self).items() if name != "__notes__"}
        return _remake, (type(self), str(self), state)


class TrainingInterrupted(KeyboardInterrupt):
    """Training was interrupted from the keyboard; what was trained so far is kept.

    It is a ``KeyboardInterrupt``, so that a script ends and the later cells of a notebook do not
    run on a half-trained model. To go on with it all the same, take ``result``: in a notebook,
    ``import sys; sys.last_value.result``.

    Attributes:
        result: the :class:`FitResult` as of the last finished tick; the :class:`SweepResult` of the
            finished chunks, or of the first as of its last finished tick.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import models, training
        >>> class Impatient(training.NoProgress):
        ...     def update(self, step, values):
        ...         raise KeyboardInterrupt
        >>> try:
        ...     training.fit(
        ...         models.linear(3, 1, rngs=nnx.Rngs(0)), jnp.ones((4, 3)),
        ...         lambda outputs, x: ((x - outputs) ** 2).sum(axis=-1), steps=20, batch_size=4,
        ...         tick_every=5, progress=Impatient(), key=jax.random.key(0),
        ...     )
        ... except TrainingInterrupted as error:
        ...     print(error.result.history.steps)
        5
    """

    def __init__(self, message: str, *, result: FitResult | SweepResult) -> None:
        super().__init__(message)
        self.result = result

    def __reduce__(self) -> Any:
        return _remake, (type(self), str(self), {"result": self.result})


def _remake(kind: type[BaseException], message: str, state: dict[str, Any]) -> BaseException:
    """An exception that was pickled."""
    error = BaseException.__new__(kind, message)
    vars(error).update(state)
    return error


def failed(failure: Failure, labels: Sequence[str]) -> bool:
    """Whether a step failed: of the one run there is, or of those that have labels."""
    step = np.asarray(failure.step)
    return bool(np.any((step[: len(labels)] if step.ndim else step) >= 0))


def diverged(
    failure: Failure, names: Sequence[str], history: History, labels: Sequence[str]
) -> TrainingDiverged:
    """The error for a step that failed; in a sweep, for the first run to fail."""
    failure = jax.tree.map(np.asarray, failure)
    run = ""
    if failure.step.ndim:
        bad = np.flatnonzero(failure.step[: len(labels)] >= 0)
        index = int(bad[np.argmin(failure.step[bad])])
        failure = jax.tree.map(lambda leaf: leaf[index], failure)
        run = f" in run {labels[index]}, one of {bad.size} that failed"
    part, what = _blame(failure, names)
    # Parameters that are not finite when a step begins are the work of the step before.
    step = int(failure.step) + (part != "parameters")
    last = float(failure.last_loss)
    before = (
        "no loss was finite" if not np.isfinite(last) else f"the last finite loss was {last:.6g}"
    )
    return TrainingDiverged(
        f"training stopped at step {step}{run}: {what}; {before}.",
        step=step,
        part=part,
        last_finite_loss=last if np.isfinite(last) else None,
        history=history,
    )


def validation_failed(tick: Tick, step: int, history: History) -> TrainingDiverged:
    """The error for a validation loss that is not a number."""
    last_loss = float(np.mean(tick.loss))
    return TrainingDiverged(
        f"training stopped after step {step}: the validation loss is nan, though that of training "
        f"is {last_loss:.6g}.",
        step=step,
        part="validation",
        last_finite_loss=last_loss,
        history=history,
    )


def require_finite_losses(losses: ArrayLike) -> None:
    """Raise an error if a loss is not finite, of what was trained step by step without a report.

    Args:
        losses: [..., steps].

    Raises:
        TrainingDiverged: naming the first step at which one was not.
    """
    values = np.asarray(losses)
    fine = np.isfinite(values.reshape(-1, values.shape[-1]))
    if fine.all():
        return
    run, step = (int(i) for i in np.argwhere(~fine)[0])
    of = values.reshape(-1, values.shape[-1])[run]
    where = f" in run {run}" if len(fine) > 1 else ""
    before = of[:step][np.isfinite(of[:step])]
    steps = np.arange(1, step + 1)
    raise TrainingDiverged(
        f"training stopped at step {step + 1}{where}: the loss is {of[step]}; a smaller learning "
        "rate may help.",
        step=step + 1,
        part="loss",
        last_finite_loss=float(before[-1]) if before.size else None,
        history=History(steps, of[:step], of[:step], {}, None, step),
    )


def _blame(failure: Failure, names: Sequence[str]) -> tuple[str, str]:
    """The part that failed and a sentence about it; causes come before what they cause."""
    if not failure.finite_parameters:
        return "parameters", (
            "its update made the parameters not finite: the gradient was not, or the step was too "
            "large (a smaller learning rate or gradient clipping may help)"
            if failure.step
            else "the parameters given are not finite"
        )
    if not failure.report.finite_outputs:
        return "outputs", "the model's raw outputs are not finite, though its parameters are"
    if not np.isfinite(failure.report.nats):
        nats = float(failure.report.nats)
        return "likelihood", (
            f"the likelihood is {nats} for finite raw outputs (is x in its support?)"
        )
    for name, value in zip(names, failure.report.penalties, strict=True):
        if not np.isfinite(value):
            return name, f"the penalty {name!r} is {float(value)}"
    return "loss", "the likelihood and the penalties are finite but their sum is not"

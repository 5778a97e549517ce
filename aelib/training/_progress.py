"""Progress shown while training, as an object that can be replaced or left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """What ``fit`` and ``sweep`` tell whoever shows their progress.

    Example:
        >>> class Printed:
        ...     def start(self, steps):
        ...         print(f"0 of {steps}")
        ...     def update(self, step, values):
        ...         print(f"{step}: {values['loss']:.2f}")
        ...     def close(self):
        ...         print("done")
        >>> isinstance(Printed(), Progress)
        True
    """

    def start(self, steps: int) -> None:
        """Training of ``steps`` steps begins."""

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """``step`` steps are done; ``values`` has the means since the last call."""

    def close(self) -> None:
        """Training is over, for whatever reason."""


class NoProgress:
    """Shows nothing.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import models, training
        >>> result = training.fit(
        ...     models.linear(3, 1, rngs=nnx.Rngs(0)), jnp.ones((4, 3)),
        ...     lambda outputs, x: ((x - outputs) ** 2).sum(axis=-1), steps=2, batch_size=4,
        ...     progress=NoProgress(), key=jax.random.key(0),  # as progress=False
        ... )
        >>> result.history.steps
        2
    """

    def start(self, steps: int) -> None:
        """Nothing."""

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class ProgressBar:
    """A text bar on standard error, with the loss.

    Args:
        **options: passed on to ``tqdm``.

    Example:
        >>> import io
        >>> shown = io.StringIO()
        >>> bar = ProgressBar(file=shown, desc="fit")  # as ``progress`` of ``fit``
        >>> bar.start(4)
        >>> bar.update(4, {"loss": 0.5})
        >>> bar.close()
        >>> "fit: 100%" in shown.getvalue(), "loss=0.5" in shown.getvalue()
        (True, True)
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"unit": "step", "dynamic_ncols": True, **options}
        self._bar: Any = None

    def start(self, steps: int) -> None:
        """Draw an empty bar."""
        from tqdm.std import tqdm  # only now: it would be a tenth of the time of importing us

        self._bar = tqdm(total=steps, **self._options)

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """Move the bar to ``step``."""
        shown = {name: f"{value:.4g}" for name, value in values.items()}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update(step - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


class InChunks:
    """One bar for runs that are trained one chunk after the other.

    Args:
        progress: what shows all of it.
        chunks: number of chunks, each of as many steps.
    """

    def __init__(self, progress: Progress, chunks: int) -> None:
        self._progress = progress
        self._chunks = chunks
        self._begun = 0
        self._steps = 0

    def start(self, steps: int) -> None:
        """The next chunk begins."""
        if not self._begun:
            self._progress.start(steps * self._chunks)
        self._begun += 1
        self._steps = steps

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """``step`` steps of this chunk are done."""
        self._progress.update((self._begun - 1) * self._steps + step, values)

    def close(self) -> None:
        """A chunk is over, which is not yet the end."""


def choose(progress: bool | Progress) -> Progress:
    """True is a bar, False nothing, anything else speaks for itself.

    Raises:
        TypeError: if it is neither a bool nor has the methods of :class:`Progress`.
    """
    if isinstance(progress, bool):
        return ProgressBar() if progress else NoProgress()
    if not isinstance(progress, Progress):
        raise TypeError(
            f"progress: expected True, False or an object with start, update and close; "
            f"got {progress!r}"
        )
    return progress

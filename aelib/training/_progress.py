"""Progress shown while training, as an object that can be replaced or left out."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from tqdm.std import tqdm


@runtime_checkable
class Progress(Protocol):
    """What ``fit`` and ``sweep`` tell whoever shows their progress."""

    def start(self, steps: int) -> None:
        """Training of ``steps`` steps begins."""

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """``step`` steps are done; ``values`` has the means since the last call."""

    def close(self) -> None:
        """Training is over, for whatever reason."""


class NoProgress:
    """Shows nothing."""

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
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"unit": "step", "dynamic_ncols": True, **options}
        self._bar: Any = None

    def start(self, steps: int) -> None:
        """Draw an empty bar."""
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

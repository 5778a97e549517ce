"""The layers of VGG16 in order, and their names by block, in timm and in torchvision."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

CONVOLUTIONS_IN_BLOCK = (2, 2, 3, 3, 3)


class Step(NamedTuple):
    """One step of the network.

    Attributes:
        kind: ``"conv"``, ``"relu"`` or ``"pool"``; the fully connected layers are convolutions.
        names: its name by block (``"relu1_2"``), in timm and in torchvision.
    """

    kind: str
    names: tuple[str, str, str]

    @property
    def block(self) -> str:
        """Its name by block."""
        return self.names[0]


def _steps() -> tuple[Step, ...]:
    steps: list[Step] = []

    def add(kind: str, block: str) -> None:
        torch = f"features.{len(steps)}"
        steps.append(Step(kind, (block, torch, torch)))

    for block, convolutions in enumerate(CONVOLUTIONS_IN_BLOCK, start=1):
        for number in range(1, convolutions + 1):
            add("conv", f"conv{block}_{number}")
            add("relu", f"relu{block}_{number}")
        add("pool", f"pool{block}")
    head = [
        Step("conv", ("fc6", "pre_logits.fc1", "classifier.0")),
        Step("relu", ("relu6", "pre_logits.act1", "classifier.1")),
        Step("conv", ("fc7", "pre_logits.fc2", "classifier.3")),
        Step("relu", ("relu7", "pre_logits.act2", "classifier.4")),
        Step("conv", ("fc8", "head.fc", "classifier.6")),
    ]
    return (*steps, *head)


#: All steps: 31 of the convolutional part, then 5 of the classifier's head.
STEPS = _steps()
#: How many of them belong to the convolutional part.
CONVOLUTIONAL = 31
_POSITION = {name: index for index, step in enumerate(STEPS) for name in step.names}


def positions(taps: Iterable[str], *, head: bool) -> tuple[int, ...]:
    """Where in :data:`STEPS` the named taps are.

    Raises:
        ValueError: if there is none, one is unknown, or one is in a head that is not there.
    """
    if isinstance(taps, str):
        raise ValueError(f"taps: expected a sequence of names, got the text {taps!r}")
    names = tuple(taps)
    if not names:
        raise ValueError("taps: expected at least one name, got none")
    found = []
    for index, name in enumerate(names):
        if name not in _POSITION:
            close = difflib.get_close_matches(str(name), _POSITION, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise ValueError(
                f"taps[{index}]: expected conv1_1, relu1_1, ..., pool5, fc6, ..., fc8, or a name "
                f"of timm's or torchvision's such as features.3; got {name!r}{hint}"
            )
        if _POSITION[name] >= CONVOLUTIONAL and not head:
            raise ValueError(f"taps[{index}]: {name!r} is in the head; pass head=True to have it")
        found.append(_POSITION[name])
    return tuple(found)


def check_taps(taps: Iterable[str], *, head: bool) -> tuple[str, ...]:
    """The names of some taps, all of which are there.

    Raises:
        ValueError: if one is not; see :func:`positions`.
    """
    names = taps if isinstance(taps, str) else tuple(taps)
    positions(names, head=head)
    return tuple(names)

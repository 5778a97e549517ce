"""The runs of a sweep: the product of its settings and its seeds."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aelib._checks import check_count
from aelib.training import _checks


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        sizes: what ``make_model`` is told besides ``rngs``.
        strengths: the strength of each penalty.
        noise: the level ``corruption`` is handed, or None.
        seed: its seed.
        place: where its seed stands among the seeds; data of each seed are looked up there.
    """

    sizes: Mapping[str, Any]
    strengths: tuple[float, ...]
    noise: float | None
    seed: int
    place: int

    def settings(self, names: Sequence[str]) -> dict[str, Any]:
        """What sets this run apart, by column name; ``names`` are those of the penalties."""
        columns = dict(self.sizes)
        columns |= {
            f"{name}_strength": strength
            for name, strength in zip(names, self.strengths, strict=True)
        }
        if self.noise is not None:
            columns["noise"] = self.noise
        return {**columns, "seed": self.seed}


def grid(seeds: Any, sizes: Any, penalties: Any, noise: Any, corruption: Any) -> tuple[Run, ...]:
    """Every combination, seeds innermost.

    Raises:
        ValueError: if an argument has no values, or the same one twice, or one it cannot have.
        TypeError: if an argument is of the wrong kind.
    """
    seeds = _seeds(seeds)
    levels = _noise(noise, corruption)
    combinations = itertools.product(
        _sizes(sizes), itertools.product(*map(_strengths, *_numbered(penalties))), levels
    )
    return tuple(
        Run(size, strengths, level, seed, place)
        for size, strengths, level in combinations
        for place, seed in enumerate(seeds)
    )


def first_of_each(penalties: Iterable[Any]) -> list[Any]:
    """The penalties with one strength each, as ``fit`` takes them."""
    firsts = []
    for entry in penalties:
        several = isinstance(entry, Sequence) and len(entry) == 2 and np.ndim(entry[0])
        firsts.append((entry[0][0], entry[1]) if several else entry)
    return firsts


def _seeds(seeds: Any) -> tuple[int, ...]:
    checked = tuple(check_count("seeds", seed, at_least=0) for seed in seeds)
    return _different("seeds", checked)


def _sizes(sizes: Any) -> list[dict[str, Any]]:
    if sizes is None:
        return [{}]
    if not isinstance(sizes, Mapping):
        raise TypeError(f"sizes: expected a mapping such as {{'latent': (1, 2, 4)}}; got {sizes!r}")
    values = [_different(f"sizes[{name!r}]", tuple(given)) for name, given in sizes.items()]
    return [dict(zip(sizes, chosen, strict=True)) for chosen in itertools.product(*values)]


def _numbered(penalties: Any) -> tuple[range, list[Any]]:
    listed = list(penalties)
    return range(len(listed)), listed


def _strengths(index: int, entry: Any) -> tuple[float, ...]:
    if not (isinstance(entry, Sequence) and len(entry) == 2) or not np.ndim(entry[0]):
        return tuple(_checks.check_penalties([entry])[0].tolist())
    if np.ndim(entry[0]) > 1:
        raise ValueError(f"penalties[{index}]: expected a strength or a list of them")
    checked = [_checks.check_penalties([(level, entry[1])])[0].item() for level in entry[0]]
    return _different(f"penalties[{index}]: strengths", tuple(checked))


def _noise(noise: Any, corruption: Any) -> tuple[float | None, ...]:
    if noise is None:
        return (None,)
    if corruption is None:
        raise ValueError("noise: expected also a corruption(key, x, level) to hand the levels to")
    levels = tuple(float(level) for level in np.atleast_1d(noise))
    if not np.isfinite(levels).all():
        raise ValueError(f"noise: expected finite levels, got {levels}")
    return _different("noise", levels)


def _different(argument: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values or len(set(values)) < len(values):
        kind = "seeds" if argument == "seeds" else "values"
        raise ValueError(f"{argument}: expected one or more different {kind}, got {values}")
    return values

"""The runs of a sweep: every combination of settings and seeds, and the model of each."""

import dataclasses
import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import nnx
from jaxtyping import PyTree

from aelib._checks import check_array, check_counts
from aelib.training import _padding
from aelib.training._settings import (
    COLUMNS,
    Loss,
    Parts,
    Penalties,
    Settings,
    check_penalties,
    merge,
    split,
)

#: Pairs (strength, penalty), or (strengths, penalty).
PenaltyGrid = Sequence[tuple[Any, Callable[..., jax.Array]]]


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        sizes: what ``make_model`` is given besides ``rngs``.
        strengths: the strength of each penalty.
        noise: the level passed to ``corruption``, or None.
        seed: its seed.
        seed_index: where its seed stands among the seeds; data of each seed are looked up there.
    """

    sizes: Mapping[str, Any]
    strengths: tuple[float, ...]
    noise: float | None
    seed: int
    seed_index: int

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


def grid(
    seeds: Iterable[int],
    sizes: Mapping[str, Iterable[Any]] | None,
    penalties: PenaltyGrid,
    noise: float | Sequence[float] | None,
    corruption: Callable[..., Any] | None,
) -> tuple[Run, ...]:
    """Every combination, seeds innermost.

    Raises:
        ValueError: if an argument has no values, or the same one twice, or one it cannot have.
        TypeError: if an argument is of the wrong kind.
    """
    seeds = _seeds(seeds)
    levels = _noise(noise, corruption)
    strengths = list(map(_strengths, *_numbered(penalties)))
    _check_names(sizes, penalties)
    combinations = itertools.product(_sizes(sizes), itertools.product(*strengths), levels)
    return tuple(
        Run(size, strengths, level, seed, seed_index)
        for size, strengths, level in combinations
        for seed_index, seed in enumerate(seeds)
    )


def first_of_each(penalties: PenaltyGrid) -> Penalties:
    """The penalties with one strength each, as ``fit`` takes them."""
    firsts = []
    for entry in penalties:
        several = isinstance(entry, Sequence) and len(entry) == 2 and np.ndim(entry[0])
        firsts.append((entry[0][0], entry[1]) if several else entry)
    return firsts


class Member(NamedTuple):
    """One model and its likelihood before training.

    Attributes:
        model: the model.
        parts: model and likelihood, taken apart.
    """

    model: nnx.Module
    parts: Parts


class Members(NamedTuple):
    """The models of all runs.

    Attributes:
        each: one for each run; runs that differ in strength or noise share theirs.
        largest: the one that all others fit into.
        one_per_size: one of each size, in order.
    """

    each: tuple[Member, ...]
    largest: Member
    one_per_size: tuple[Member, ...]

    def stack(self, rows: Sequence[int]) -> tuple[PyTree, PyTree, PyTree]:
        """Of some runs: parameters, other variables, and which parameters are no padding.

        The last is None if all models have one size.
        """
        chosen = [self.each[row] for row in rows]
        parameters = _padding.stack(
            [member.parts.parameters for member in chosen], self.largest.parts.parameters
        )
        fixed = _padding.stack([member.parts.fixed for member in chosen], self.largest.parts.fixed)
        present = None
        if len(self.one_per_size) > 1:
            own = [member.parts.parameters for member in chosen]
            present = _padding.present(own, self.largest.parts.parameters)
        return parameters, fixed, present

    def merge(self, row: int, parameters: PyTree, loss: Loss) -> tuple[Any, Loss]:
        """The trained model and likelihood of a run, from parameters of the largest size."""
        own = self.each[row].parts
        own = own._replace(parameters=_padding.cut(parameters, own.parameters))
        return merge(Parts(own.graphdef, *jax.device_put(own[1:])), loss)

    def check_padding(self, x: jax.Array, settings: Settings) -> None:
        """Compare models of every size with what they are when padded, on a few examples.

        Raises:
            ValueError: if they do not compute the same, or penalties or the optimizer, of which
                some see the size of a model, do not.
        """
        models = [member.model for member in self.one_per_size]
        largest = next(i for i, model in enumerate(models) if model is self.largest.model)
        _padding.check_same_function(models, largest, x, settings.penalties)
        parameters = [member.parts.parameters for member in self.one_per_size]
        _padding.check_same_updates(parameters, largest, settings.optimizer)


def make_members(make_model: Callable[..., nnx.Module], loss: Loss, runs: Sequence[Run]) -> Members:
    """The models of all runs.

    Raises:
        ValueError: if those of one size differ in structure, or those of several in more than size.
    """
    members: dict[Hashable, Member] = {}
    keys = []
    for run in runs:
        key = (tuple(run.sizes.items()), run.seed)
        keys.append(key)
        if key not in members:
            model_key, _ = jax.random.split(jax.random.key(run.seed))
            model = make_model(nnx.Rngs(model_key), **run.sizes)
            members[key] = Member(model, split(model, loss))
    one_per_size: dict[Hashable, Member] = {}
    for index, (size, seed) in enumerate(keys):
        member = members[size, seed]
        first = one_per_size.setdefault(size, member)
        if member.parts.graphdef != first.parts.graphdef:
            raise ValueError(
                f"make_model: expected the same structure for every seed; that of run {index} "
                f"differs from the first: {member.model!r} against {first.model!r}"
            )
    firsts = tuple(one_per_size.values())
    largest = _padding.largest([(member.parts.parameters, member.parts.fixed) for member in firsts])
    return Members(tuple(members[key] for key in keys), firsts[largest], firsts)


def _seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    # Of a larger seed JAX would take the lower 32 bits.
    checked = check_counts("seeds", seeds, at_least=0, at_most=2**32 - 1)
    return _different("seeds", checked)


def _sizes(sizes: Mapping[str, Iterable[Any]] | None) -> list[dict[str, Any]]:
    if sizes is None:
        return [{}]
    if not isinstance(sizes, Mapping):
        raise TypeError(f"sizes: expected a mapping such as {{'latent': (1, 2, 4)}}; got {sizes!r}")
    for name, given in sizes.items():
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f"sizes[{name!r}]: expected a sequence of values, got {given!r}")
    values = [_different(f"sizes[{name!r}]", tuple(given)) for name, given in sizes.items()]
    return [dict(zip(sizes, chosen, strict=True)) for chosen in itertools.product(*values)]


def _check_names(sizes: Mapping[str, Iterable[Any]] | None, penalties: PenaltyGrid) -> None:
    """Raise a ValueError if a size has the name of another column of the table."""
    names = check_penalties(first_of_each(penalties))[2] if penalties else ()
    taken = {*COLUMNS, *names, *(f"{name}_strength" for name in names)}
    for name in sizes or ():
        if name in taken:
            raise ValueError(
                f"sizes: expected other names than those of the table's columns, "
                f"{', '.join(sorted(taken))}; got {name!r}"
            )


def _numbered(penalties: PenaltyGrid) -> tuple[range, PenaltyGrid]:
    if isinstance(penalties, str) or not isinstance(penalties, Iterable):
        raise TypeError(f"penalties: expected a sequence of (strength, penalty), got {penalties!r}")
    listed = list(penalties)
    return range(len(listed)), listed


def _strengths(index: int, entry: tuple[Any, Callable[..., jax.Array]]) -> tuple[float, ...]:
    if not (isinstance(entry, Sequence) and len(entry) == 2) or not np.ndim(entry[0]):
        return tuple(check_penalties([entry])[0].tolist())
    if np.ndim(entry[0]) > 1:
        raise ValueError(f"penalties[{index}]: expected a strength or a list of them")
    checked = [check_penalties([(level, entry[1])])[0].item() for level in entry[0]]
    return _different(f"penalties[{index}]: strengths", tuple(checked))


def _noise(noise: float | Sequence[float] | None, corruption: object) -> tuple[float | None, ...]:
    if noise is None:
        return (None,)
    if corruption is None:
        raise ValueError("noise: expected also a corruption(key, x, level) that takes the levels")
    levels = tuple(check_array("noise", noise).astype(np.float64).ravel().tolist())
    return _different("noise", levels)


def _different(argument: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values or len(set(values)) < len(values):
        kind = "seeds" if argument == "seeds" else "values"
        raise ValueError(f"{argument}: expected one or more different {kind}, got {values}")
    return values

"""The models of a sweep: made, padded to one size, and taken apart again after training."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from flax import nnx

from aelib.training import _padding
from aelib.training._grid import Run
from aelib.training._prepare import split


class Member(NamedTuple):
    """One model and its likelihood before training.

    Attributes:
        model: the model.
        graphdef: structure of (model, likelihood or None).
        trained: their parameters.
        fixed: their other variables.
    """

    model: Any
    graphdef: nnx.GraphDef[Any]
    trained: Any
    fixed: Any


class Members(NamedTuple):
    """The models of all runs.

    Attributes:
        each: one for each run; runs that differ in strength or noise share theirs.
        largest: the one that all others fit into.
        of_each_size: one of each size, in order.
    """

    each: tuple[Member, ...]
    largest: Member
    of_each_size: tuple[Member, ...]

    def stack(self, rows: Sequence[int]) -> tuple[Any, Any, Any]:
        """Of some runs: parameters, other variables, and which parameters are no padding.

        The last is None if all models have one size.
        """
        chosen = [self.each[row] for row in rows]
        trained = _padding.stack([member.trained for member in chosen], self.largest.trained)
        fixed = _padding.stack([member.fixed for member in chosen], self.largest.fixed)
        present = None
        if len(self.of_each_size) > 1:
            own = [member.trained for member in chosen]
            present = _padding.present(own, self.largest.trained)
        return trained, fixed, present

    def merge(self, row: int, trained: Any, fixed: Any) -> tuple[Any, Any]:
        """The model and likelihood (or None) of a run, from variables of the largest size."""
        member = self.each[row]
        own = (_padding.cut(trained, member.trained), _padding.cut(fixed, member.fixed))
        return nnx.merge(member.graphdef, *jax.device_put(own))

    def check_padding(self, x: jax.Array, *, penalised: bool) -> None:
        """Compare models of every size with what they are when padded, on a few items.

        Raises:
            ValueError: if they do not compute the same.
        """
        models = [member.model for member in self.of_each_size]
        largest = next(i for i, model in enumerate(models) if model is self.largest.model)
        _padding.check_same_function(models, largest, x, penalised)


def make(make_model: Callable[..., Any], loss: Any, runs: Sequence[Run]) -> Members:
    """The models of all runs.

    Raises:
        ValueError: if those of one size differ in structure, or those of several in more than size.
    """
    members: dict[Any, Member] = {}
    keys = []
    for run in runs:
        key = (tuple(run.sizes.items()), run.seed)
        keys.append(key)
        if key not in members:
            model_key, _ = jax.random.split(jax.random.key(run.seed))
            model = make_model(nnx.Rngs(model_key), **run.sizes)
            members[key] = Member(model, *split(model, loss))
    of_each_size: dict[Any, Member] = {}
    for index, (size, seed) in enumerate(keys):
        member = members[size, seed]
        first = of_each_size.setdefault(size, member)
        if member.graphdef != first.graphdef:
            raise ValueError(
                f"make_model: expected the same structure for every seed; that of run {index} "
                f"differs from the first: {member.model!r} against {first.model!r}"
            )
    firsts = tuple(of_each_size.values())
    largest = _padding.largest([(member.trained, member.fixed) for member in firsts])
    return Members(tuple(members[key] for key in keys), firsts[largest], firsts)

"""Networks of several sizes as one: parameters padded with zeros to those of the largest.

A unit whose weights are zero on both sides changes no output, so a small network and its padded
copy compute the same function. The gradient of a padded entry need not be zero (where
``activation(0)`` is not, a unit that is not there would learn to be), so training also masks
parameters; see :func:`aelib.training._objective.objective`.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, PyTree, Shaped

from aelib._compile import compiled
from aelib.training._kernel import update


def stack(trees: Sequence[PyTree], like: PyTree) -> PyTree:
    """Trees of arrays, padded to the shapes of ``like`` and stacked along a new first axis.

    On the host: stacking many small arrays would compile something for each of their shapes.
    """

    def stacked(bound: ArrayLike, *leaves: ArrayLike) -> np.ndarray:
        arrays = [np.asarray(leaf) for leaf in leaves]
        out = np.zeros((len(arrays), *np.shape(bound)), arrays[0].dtype)
        for index, array in enumerate(arrays):
            out[index, ...][_corner(array)] = array  # the ellipsis makes a number a view as well
        return out

    return jax.device_put(jax.tree.map(stacked, like, *trees))


def present(trees: Sequence[PyTree], like: PyTree) -> PyTree:
    """[len(trees), ...] which entries of :func:`stack` are not padding."""
    ones = [jax.tree.map(lambda leaf: np.ones(np.shape(leaf), bool), tree) for tree in trees]
    return stack(ones, like)


def cut(tree: PyTree, like: PyTree) -> PyTree:
    """The corner of each array that has the shape of its counterpart in ``like``."""
    return jax.tree.map(lambda leaf, own: leaf[_corner(own)], tree, like)


def largest(trees: Sequence[PyTree]) -> int:
    """Index of the tree that all others fit into.

    Raises:
        ValueError: if the trees differ in more than sizes, or none of them is the largest.
    """
    structure: Hashable = jax.tree.structure(trees[0])
    shapes = []
    for index, tree in enumerate(trees):
        leaves = jax.tree.leaves(tree)
        shapes.append([np.shape(leaf) for leaf in leaves])
        ranks = [len(shape) for shape in shapes[-1]]
        if jax.tree.structure(tree) != structure or ranks != [len(s) for s in shapes[0]]:
            raise ValueError(
                "make_model: expected models that differ in sizes only; that of run "
                f"{index} has other parameters than the first"
            )
    bounds = [tuple(np.max(lengths, axis=0)) for lengths in zip(*shapes, strict=True)]
    for index, own in enumerate(shapes):
        if all(tuple(a) == tuple(b) for a, b in zip(own, bounds, strict=True)):
            return index
    raise ValueError("sizes: expected one model that is the largest in every size")


def check_same_function(
    models: Sequence[nnx.Module],
    largest: int,
    x: Shaped[Array, "few ..."],
    penalties: Sequence[Callable[..., jax.Array]],
) -> None:
    """Compare each model with its padded copy on a few examples.

    Args:
        models: models of different sizes.
        largest: which of them all others fit into.
        x: a few examples.
        penalties: functions (model, x, codes, key) of each.

    Raises:
        ValueError: if outputs or penalties differ, or if padded codes are not zero though penalties
            see them.
    """
    parts = [nnx.split(model) for model in models]
    states = [nnx.as_pure(state) for _, state in parts]
    graphdefs = tuple(graphdef for graphdef, _ in parts)

    def each(states: Sequence[PyTree], x: jax.Array) -> list[PyTree]:
        pairs = zip(graphdefs, states, strict=True)
        return [_computed(nnx.merge(*pair), x, penalties) for pair in pairs]

    def padded(state: PyTree, x: jax.Array) -> PyTree:
        return _computed(nnx.merge(graphdefs[largest], state), x, penalties)

    own = jax.tree.map(np.asarray, compiled(each, states, x)(states, x))
    given = stack(states, states[largest]), x
    all_padded = compiled(jax.vmap(padded, in_axes=(0, None)), *given)(*given)
    codes, outputs, penalized = jax.tree.map(np.asarray, all_padded)
    for index, (own_codes, own_outputs, own_penalized) in enumerate(own):
        latent = own_codes.shape[-1]
        pairs = [(own_codes, codes[index][..., :latent])]
        padded_outputs = [leaf[index] for leaf in jax.tree.leaves(outputs)]
        pairs += zip(jax.tree.leaves(own_outputs), padded_outputs, strict=True)
        if not all(_close(*pair) for pair in pairs):
            raise ValueError(
                f"sizes: {_first_line(models[index])} is not what the largest model is with zeros "
                "in place of what the smaller one lacks; make models that differ in sizes only, or "
                "sweep each size by itself"
            )
        if penalties and np.any(codes[index][..., latent:]):
            raise ValueError(
                "penalties: codes of the smaller models, padded to the largest, are not 0 there "
                "(their activation is not 0 at 0), so a penalty on codes would count units that "
                "are not there; sweep each size by itself"
            )
        for number, (exact, value) in enumerate(zip(own_penalized, penalized, strict=True)):
            if not _close(exact, value[index]):
                raise ValueError(
                    f"penalties[{number}]: expected the same for {_first_line(models[index])} and "
                    "for its copy with zeros in place of what the largest model has more, got "
                    "others: it counts units that are not there, as a mean over codes does; sweep "
                    "each size by itself"
                )


def check_same_updates(parameters: Sequence[Any], largest: int, optimizer: Any) -> None:
    """Compare two updates of the optimizer with what they are for padded parameters.

    Args:
        parameters: those of models of different sizes.
        largest: which of them all others fit into.
        optimizer: any optax optimizer; it is given a quadratic function to minimize.

    Raises:
        ValueError: if they differ, as where an optimizer looks at the shape of a parameter.
    """

    def moved(start: Any, aims: Any) -> Any:
        def loss(point: Any) -> Array:
            terms = jax.tree.map(lambda a, b: 0.15 * jnp.sum(jnp.square(a - b)), point, aims)
            return jnp.sum(jnp.stack(jax.tree.leaves(terms)))

        state, now = optimizer.init(start), start
        for _ in range(2):
            value, gradient = jax.value_and_grad(loss)(now)
            extra = {"value": value, "grad": gradient, "value_fn": loss}
            updates, state = update(optimizer, gradient, state, now, extra)
            now = optax.apply_updates(now, updates)
        return jax.tree.map(lambda new, old: new - old, now, start)

    rng = np.random.default_rng(0)
    aims = [
        jax.tree.map(lambda leaf: rng.normal(size=np.shape(leaf)).astype(leaf.dtype), tree)
        for tree in parameters
    ]

    def each(starts: Sequence[Any], aims: Sequence[Any]) -> list[Any]:
        return [moved(*pair) for pair in zip(starts, aims, strict=True)]

    given = list(parameters), aims
    own = jax.tree.map(np.asarray, compiled(each, *given)(*given))
    like = parameters[largest]
    padded = stack(parameters, like), stack(aims, like)
    together = jax.tree.map(np.asarray, compiled(jax.vmap(moved), *padded)(*padded))
    for index, exact in enumerate(own):
        corner = cut(jax.tree.map(lambda leaf, index=index: leaf[index], together), exact)
        for ours, theirs in zip(jax.tree.leaves(exact), jax.tree.leaves(corner), strict=True):
            size = max(float(np.abs(ours).max(initial=0)), float(jnp.finfo(ours.dtype).tiny))
            if not _close(ours / size, theirs / size):
                raise ValueError(
                    "optimizer: expected one that treats entries of a parameter one by one, so "
                    "that zeros in place of what a smaller model lacks change nothing, got one "
                    "that does not (adafactor, muon and adaptive clipping look at whole "
                    "parameters); sweep each size by itself"
                )


def _close(exact: np.ndarray, padded: np.ndarray) -> bool:
    # Half the digits of the type: another order of summation changes far fewer.
    tolerance = float(jnp.finfo(exact.dtype).eps) ** 0.5 * (1 + np.abs(exact).max(initial=0))
    return padded.shape == exact.shape and bool(np.abs(padded - exact).max(initial=0) <= tolerance)


def _first_line(model: nnx.Module) -> str:
    return repr(model).partition("\n")[0]


def _corner(array: ArrayLike) -> tuple[slice, ...]:
    return tuple(slice(length) for length in np.shape(array))


def _computed(
    model: Any, x: jax.Array, penalties: Sequence[Callable[..., jax.Array]]
) -> tuple[jax.Array, PyTree, list[jax.Array]]:
    """Codes, outputs and penalties."""
    codes = model.encode(x)
    key = jax.random.key(0)
    return codes, model.decode(codes), [each(model, x, codes, key) for each in penalties]

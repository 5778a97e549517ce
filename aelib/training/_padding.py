"""Networks of several sizes as one: parameters padded with zeros to those of the largest.

A unit whose weights are zero on both sides changes no output, so a small network and its padded
copy compute the same function. The gradient of a padded entry need not be zero (where
``activation(0)`` is not, a unit that is not there would learn to be), so training also masks
parameters; see :func:`aelib.training._objective.objective`.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, PyTree, Shaped

from aelib.training._compile import compiled


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
    models: Sequence[nnx.Module], largest: int, x: Shaped[Array, "few ..."], penalized: bool
) -> None:
    """Compare each model with its padded copy on a few examples.

    Args:
        models: models of different sizes.
        largest: which of them all others fit into.
        x: a few examples.
        penalized: whether penalties look at the codes.

    Raises:
        ValueError: if outputs differ, or if padded codes are not zero though penalties see them.
    """
    parts = [nnx.split(model) for model in models]
    states = [nnx.as_pure(state) for _, state in parts]
    graphdefs = tuple(graphdef for graphdef, _ in parts)

    def each(states: Sequence[PyTree], x: jax.Array) -> list[PyTree]:
        pairs = zip(graphdefs, states, strict=True)
        return [_codes_and_outputs(nnx.merge(*pair), x) for pair in pairs]

    def padded(state: PyTree, x: jax.Array) -> PyTree:
        return _codes_and_outputs(nnx.merge(graphdefs[largest], state), x)

    own = jax.tree.map(np.asarray, compiled(each, states, x)(states, x))
    given = stack(states, states[largest]), x
    all_padded = compiled(jax.vmap(padded, in_axes=(0, None)), *given)(*given)
    codes, outputs = jax.tree.map(np.asarray, all_padded)
    for index, (own_codes, own_outputs) in enumerate(own):
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
        if penalized and np.any(codes[index][..., latent:]):
            raise ValueError(
                "penalties: codes of the smaller models, padded to the largest, are not 0 there "
                "(their activation is not 0 at 0), so a penalty on codes would count units that "
                "are not there; sweep each size by itself"
            )


def _close(exact: np.ndarray, padded: np.ndarray) -> bool:
    # Half the digits of the type: another order of summation changes far fewer.
    tolerance = float(jnp.finfo(exact.dtype).eps) ** 0.5 * (1 + np.abs(exact).max(initial=0))
    return padded.shape == exact.shape and bool(np.abs(padded - exact).max(initial=0) <= tolerance)


def _first_line(model: nnx.Module) -> str:
    return repr(model).partition("\n")[0]


def _corner(array: ArrayLike) -> tuple[slice, ...]:
    return tuple(slice(length) for length in np.shape(array))


def _codes_and_outputs(model: Any, x: jax.Array) -> tuple[jax.Array, PyTree]:
    codes = model.encode(x)
    return codes, model.decode(codes)

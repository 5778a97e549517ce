"""Apply a model to many examples: one compilation, bounded memory."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import PyTree, Shaped

from aelib._arrays import as_real
from aelib._checks import check_array, check_cast, check_choice, check_count

METHODS = {"outputs": "__call__", "codes": "encode"}


@functools.partial(jax.jit, static_argnums=(0, 1))
def _apply(
    graphdef: nnx.GraphDef, method: str, state: PyTree, x: jax.Array, extra: dict[str, jax.Array]
) -> PyTree:
    model = nnx.merge(graphdef, state)
    return getattr(model, METHODS[method])(x, **extra)


def apply_in_batches(
    model: nnx.Module,
    x: Shaped[ArrayLike, "n ..."],
    *,
    batch_size: int,
    method: str,
    **extra: ArrayLike,
) -> PyTree:
    """``model(x)`` or ``model.encode(x)``, some examples at a time; see ``Autoencoder.predict``.

    What else the method takes, such as a mask, is divided into batches like ``x``.
    """
    check_choice("method", method, METHODS)
    batch_size = check_count("batch_size", batch_size)
    array = as_real("x", x)
    if not isinstance(array, jax.Array):
        array = check_cast("x", array, jax.dtypes.canonicalize_dtype(array.dtype))
    n = array.shape[0] if array.ndim else 0
    if n == 0:
        raise ValueError(f"x: expected [n, ...] with n of at least 1, got shape {array.shape}")
    others = {name: check_array(name, value, finite=False) for name, value in extra.items()}
    for name, value in others.items():
        if value.shape[:1] != (n,):
            raise ValueError(f"{name}: expected [{n}, ...] as x has examples, got {value.shape}")
    graphdef, state = nnx.split(model)
    apply = functools.partial(_apply, graphdef, method, nnx.as_pure(state))
    if n <= batch_size:
        return apply(
            jnp.asarray(array), {name: jnp.asarray(value) for name, value in others.items()}
        )
    # The last batch is filled up with repeats of the last example, so that every batch has one
    # shape.
    parts = []
    for start in range(0, n, batch_size):
        rows = np.minimum(np.arange(start, start + batch_size), n - 1)
        batch = {name: jnp.asarray(value[rows]) for name, value in others.items()}
        parts.append(apply(jnp.asarray(array[rows]), batch))
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves)[:n], *parts)

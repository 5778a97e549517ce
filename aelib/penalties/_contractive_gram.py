r"""``||W M||²`` for many M and one W, at a cost that does not grow with the rows of W.

.. math:: \lVert W M\rVert_F^2 = \langle M, G M\rangle, \qquad G = W^\top W,

and G is shared by all M. Where G has lost the digits of the answer, W M itself is computed.
"""

import jax
import jax.numpy as jnp

# How far float32 may be off, relative to the value; float64 may be off by as many roundings.
_TOLERANCE = 1e-5 / float(jnp.finfo(jnp.float32).eps)
_ROUNDINGS = 8.0  # see _through_gram


def squared_norm(weight: jax.Array, columns: jax.Array) -> jax.Array:
    """||weight @ columns||² for each example.

    Args:
        weight: [inputs, units].
        columns: [units, batch, latent].

    Returns:
        [batch].
    """
    (inputs, units), across = weight.shape, columns.shape[1] * columns.shape[2]
    # Multiplications for value and gradient, over `units`: without G and with it.
    if 3 * inputs * across <= 2 * units * (inputs + across):
        return _sum(jnp.square(multiply(weight, columns)))
    return _norm_and_product(weight, columns)[0]


def multiply(matrix: jax.Array, columns: jax.Array) -> jax.Array:
    """[..., i] times [i, ...] in full precision (no TF32), as one product of two matrices."""
    flat = columns.reshape(columns.shape[0], -1)
    flat = jnp.matmul(matrix, flat, precision=jax.lax.Precision.HIGHEST)
    return flat.reshape(*matrix.shape[:-1], *columns.shape[1:])


@jax.custom_jvp
def _norm_and_product(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    r"""``||weight @ columns||²``, [batch], and ``weight.T @ weight @ columns``.

    The derivative is written by hand because :math:`G M` is half the gradient of the value with
    respect to M, and because the one with respect to W, :math:`2 W \sum_b M_b M_b^\top`, needs
    nothing of the size of a Jacobian either.
    """
    return _choose(weight, columns)


@_norm_and_product.defjvp
def _norm_and_product_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    (weight, columns), (weight_dot, columns_dot) = primals, tangents
    value, product = _norm_and_product(weight, columns)
    half = multiply(weight.T, weight_dot)
    value_dot = 2 * _sum(product * columns_dot + columns * multiply(half, columns))
    # Only second derivatives need this one; what is not needed is not computed.
    product_dot = multiply(half + half.T, columns)
    product_dot += multiply(weight.T, multiply(weight, columns_dot))
    return (value, product), (value_dot, product_dot)


@jax.custom_batching.custom_vmap
def _choose(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    value, product, lost = _through_gram(weight, columns)
    return jax.lax.cond(jnp.any(lost), _direct, lambda *_: (value, product), weight, columns)


@_choose.def_vmap
def _choose_for_all(
    axis_size: int, in_batched: list[bool], weight: jax.Array, columns: jax.Array
) -> tuple[tuple[jax.Array, jax.Array], tuple[bool, bool]]:
    """One choice for all: ``vmap`` of a choice for each would compute both sides for each."""
    del axis_size
    axes = tuple(0 if batched else None for batched in in_batched)
    value, product, lost = jax.vmap(_through_gram, axes)(weight, columns)
    chosen = jax.lax.cond(
        jnp.any(lost),
        jax.vmap(_direct, axes),
        lambda *_: (value, product),
        weight,
        columns,
    )
    return chosen, (True, True)


def _through_gram(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    gram = multiply(weight.T, weight)
    product = multiply(gram, columns)
    value = _sum(columns * product)
    size = _sum(jnp.square(columns) * jnp.diag(gram)[:, None, None])
    return value, product, value * _TOLERANCE < _ROUNDINGS * size


def _direct(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One latent unit at a time, so that no more than [inputs, batch] is held."""

    def add(value: jax.Array, column: jax.Array) -> tuple[jax.Array, jax.Array]:
        image = multiply(weight, column)
        return value + jnp.sum(jnp.square(image), axis=0), multiply(weight.T, image)

    start = jnp.zeros(columns.shape[1], columns.dtype)
    value, product = jax.lax.scan(add, start, jnp.moveaxis(columns, 2, 0))
    return value, jnp.moveaxis(product, 0, 2)


def _sum(terms: jax.Array) -> jax.Array:
    return jnp.sum(terms, axis=(0, 2))

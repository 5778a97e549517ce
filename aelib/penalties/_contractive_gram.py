r"""``||W M||²`` for many M and one W, at a cost that hardly grows with the rows of W.

.. math:: \lVert W M\rVert_F^2 = \langle M, G M\rangle, \qquad G = W^\top W,

and G is shared by all M. Where G has lost the digits of the answer, W M itself is computed.

How many digits are lost: let :math:`S = \sum_i G_{ii} \lVert M_i\rVert^2`, the value if the columns
:math:`w_i` of W were orthogonal. Rounding changes :math:`G_{ij}` by at most :math:`\gamma \lVert
w_i\rVert \lVert w_j\rVert` (Cauchy-Schwarz; :math:`\gamma` grows with the length of the sums), so
the value by at most :math:`\gamma (\sum_i \lVert w_i\rVert \lVert M_i\rVert)^2 \le \gamma h S` for
h units, and likewise in the products that follow. That bound is proven, but so wide that it would
reject every network of hundreds of units. Errors that are independent of each other add up in
squares (Higham and Mary 2019): then :math:`(\sum_{ij} \lVert w_i\rVert^2 \lVert w_j\rVert^2
\langle M_i, M_j\rangle^2)^{1/2} \le S` takes the place of h S, besides a few roundings of the
value itself. So the rule here is an error of :math:`c\,\varepsilon S`: what is likely, not what is
proven. :data:`_ROUNDINGS` is c.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# How far float32 may be off, relative to the value; float64 may be off by as many roundings.
_TOLERANCE = 1e-5 / float(jnp.finfo(jnp.float32).eps)
# In 280 random cases (400 or 784 inputs, 64 to 512 units; normal, positive, nearly equal, low-rank
# and ill-conditioned columns of W; float32 on a CPU) the error was at most 8.3 times epsilon S.
_ROUNDINGS = 12.0


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
    # XLA would make the columns anew for each of their uses.
    return _norm_and_product(weight, jax.lax.optimization_barrier(columns))[0]


@jax.custom_jvp
def multiply(matrix: jax.Array, columns: jax.Array) -> jax.Array:
    """[h, i] times [i, ...] in full precision (no TF32), as one product of two matrices.

    XLA's product with a transposed first factor takes twice as long on a CPU as transposing it
    first, which is what the way back does here.
    """
    return _multiply(matrix, columns)


@multiply.defjvp
def _multiply_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (matrix, columns), (matrix_dot, columns_dot) = primals, tangents
    # The transpose of this product with a transpose is one without.
    carried = jax.lax.dot_general(
        _transposed(matrix),
        columns_dot.reshape(columns.shape[0], -1),
        (((0,), (0,)), ((), ())),
        precision=jax.lax.Precision.HIGHEST,
    )
    image = multiply(matrix, columns)
    return image, carried.reshape(image.shape) + _multiply(matrix_dot, columns)


@jax.custom_jvp
def _norm_and_product(
    weight: jax.Array, columns: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    r"""``||weight @ columns||²``, [batch], and ``weight.T @ weight @ columns``; see `_choose`.

    The derivative is written by hand because :math:`G M` is half the gradient of the value with
    respect to M, and because the one with respect to W, :math:`2 W \sum_b M_b M_b^\top`, needs
    nothing of the size of a Jacobian either. Where digits are lost it is
    :math:`2 \sum_b (W M_b) M_b^\top`, a column at a time: the sum of outer products would lose
    them again.
    """
    return _choose(weight, columns)


@_norm_and_product.defjvp
def _norm_and_product_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[tuple[jax.Array, jax.Array, jax.Array], tuple[jax.Array, jax.Array, Any]]:
    (weight, columns), (weight_dot, columns_dot) = primals, tangents
    value, product, lost = _norm_and_product(weight, columns)
    by_weight = jax.lax.cond(lost, _turned_direct, _turned, weight, columns, weight_dot)
    value_dot = 2 * _sum(product * columns_dot) + by_weight
    # Only second derivatives need this one; what is not needed is not computed.
    product_dot = _multiply(_gram_dot(weight, weight_dot), columns)
    product_dot += _multiply(weight.T, _multiply(weight, columns_dot))
    no_tangent = np.zeros(lost.shape, jax.dtypes.float0)
    return (value, product, lost), (value_dot, product_dot, no_tangent)


@jax.checkpoint
def _turned(weight: jax.Array, columns: jax.Array, weight_dot: jax.Array) -> jax.Array:
    """2 <weight @ columns, weight_dot @ columns> for each example, through weight.T."""
    return _quadratic_form(_gram_dot(weight, weight_dot), columns)


def _turned_direct(weight: jax.Array, columns: jax.Array, weight_dot: jax.Array) -> jax.Array:
    """The same with weight @ columns itself, one latent unit at a time, on the way back as well."""

    @jax.checkpoint
    def add(total: jax.Array, unit: jax.Array) -> tuple[jax.Array, None]:
        column = jax.lax.dynamic_index_in_dim(columns, unit, 2, keepdims=False)
        part = _multiply(weight, column) * _multiply(weight_dot, column)
        return total + 2 * jnp.sum(part, axis=0), None

    start = jnp.zeros(columns.shape[1], columns.dtype)
    return jax.lax.scan(add, start, jnp.arange(columns.shape[2]))[0]


def _gram_dot(weight: jax.Array, weight_dot: jax.Array) -> jax.Array:
    half = _multiply(weight.T, weight_dot)
    return half + half.T


def _quadratic_form(symmetric: jax.Array, columns: jax.Array) -> jax.Array:
    """<columns, symmetric @ columns>; of the blocks off the diagonal, one is enough."""
    middle = symmetric.shape[0] // 2
    upper, lower = columns[:middle], columns[middle:]
    above = _multiply(symmetric[:middle, :middle], upper)
    above += 2 * _multiply(symmetric[:middle, middle:], lower)
    return _sum(upper * above) + _sum(lower * _multiply(symmetric[middle:, middle:], lower))


@jax.custom_batching.custom_vmap
def _choose(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Value, product, and whether digits are lost for any example: a choice for all of them."""
    value, product, lost = _through_gram(weight, columns)
    any_lost = jnp.any(lost)
    return *_either(any_lost, _direct, (value, product), weight, columns), any_lost


@_choose.def_vmap
def _choose_for_all(
    axis_size: int, in_batched: list[bool], weight: jax.Array, columns: jax.Array
) -> tuple[tuple[jax.Array, jax.Array, jax.Array], tuple[bool, bool, bool]]:
    """One choice for all runs: ``vmap`` of a choice for each would compute both sides for each."""
    del axis_size
    axes = tuple(0 if batched else None for batched in in_batched)
    value, product, lost = jax.vmap(_through_gram, axes)(weight, columns)
    any_lost, direct = jnp.any(lost), jax.vmap(_direct, axes)
    chosen = _either(any_lost, direct, (value, product), weight, columns)
    return (*chosen, any_lost), (True, True, False)


def _either(
    lost: jax.Array,
    direct: Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]],
    through_gram: tuple[jax.Array, jax.Array],
    weight: jax.Array,
    columns: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    return jax.lax.cond(lost, direct, lambda *_: through_gram, weight, columns)


def _through_gram(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Value and product, and for which examples the digits are lost."""
    gram = _multiply(_transposed(weight), weight)
    product = _multiply(gram, columns)
    value = _sum(columns * product)
    orthogonal = _sum(jnp.square(columns) * jnp.diag(gram)[:, None, None])
    return value, product, value * _TOLERANCE < _ROUNDINGS * orthogonal


def _direct(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One latent unit at a time, so that no more than [inputs, batch] is held."""

    def add(unit: jax.Array, sums: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        value, product = sums
        image = _multiply(weight, jax.lax.dynamic_index_in_dim(columns, unit, 2, keepdims=False))
        part = _multiply(_transposed(weight), image)
        product = jax.lax.dynamic_update_index_in_dim(product, part, unit, 2)
        return value + jnp.sum(jnp.square(image), axis=0), product

    start = jnp.zeros(columns.shape[1], columns.dtype), jnp.zeros_like(columns)
    return jax.lax.fori_loop(0, columns.shape[2], add, start)


def _multiply(matrix: jax.Array, columns: jax.Array) -> jax.Array:
    flat = columns.reshape(columns.shape[0], -1)
    flat = jnp.matmul(matrix, flat, precision=jax.lax.Precision.HIGHEST)
    return flat.reshape(matrix.shape[0], *columns.shape[1:])


def _transposed(matrix: jax.Array) -> jax.Array:
    return jax.lax.optimization_barrier(matrix.T)


def _sum(terms: jax.Array) -> jax.Array:
    return jnp.sum(terms, axis=(0, 2))

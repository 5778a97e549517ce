r"""``||W M||²`` for many M and one W, at a cost that hardly grows with the rows of W.

.. math:: \lVert W M\rVert_F^2 = \langle M, G M\rangle, \qquad G = W^\top W,

and G is shared by all M. Where G has lost the digits of the answer, W M itself is computed.

How many digits are lost: let :math:`S = \sum_i G_{ii} \lVert M_i\rVert^2`, the value if the columns
:math:`w_i` of W were orthogonal. Rounding changes :math:`G_{ij}` by at most :math:`\gamma \lVert
w_i\rVert \lVert w_j\rVert` (Cauchy-Schwarz; :math:`\gamma` grows with the length of the sums), so
the value by at most :math:`\gamma (\sum_i \lVert w_i\rVert \lVert M_i\rVert)^2 \le \gamma h S` for
h units, and likewise in the products that follow. That is proven, and of no use: it would reject
every network of hundreds of units. Errors that are independent of each other add up in squares
(Higham and Mary 2019): then :math:`(\sum_{ij} \lVert w_i\rVert^2 \lVert w_j\rVert^2 \langle M_i,
M_j\rangle^2)^{1/2} \le S` takes the place of h S, besides a few roundings of the value itself. So
the rule here is an error of :math:`c\,\varepsilon S`, which is statistics and not proof. Where the
value is below S, with 400 to 12,288 inputs, 64 or 512 units and positive, low-rank or
ill-conditioned weights, c was measured to be at most 3.9; 8 is assumed.
"""

import jax
import jax.numpy as jnp

# How far float32 may be off, relative to the value; float64 may be off by as many roundings.
_TOLERANCE = 1e-5 / float(jnp.finfo(jnp.float32).eps)
_ROUNDINGS = 8.0


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
    carried = jax.custom_derivatives.linear_call(
        _multiply,
        lambda matrix, image: _multiply(_transposed(matrix), image),
        matrix,
        columns_dot,
    )
    return multiply(matrix, columns), carried + _multiply(matrix_dot, columns)


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
    half = _multiply(weight.T, weight_dot)
    gram_dot = half + half.T
    value_dot = 2 * _sum(product * columns_dot) + _quadratic_form(gram_dot, columns)
    # Only second derivatives need this one; what is not needed is not computed.
    product_dot = _multiply(gram_dot, columns)
    product_dot += _multiply(weight.T, _multiply(weight, columns_dot))
    return (value, product), (value_dot, product_dot)


def _quadratic_form(symmetric: jax.Array, columns: jax.Array) -> jax.Array:
    """<columns, symmetric @ columns>; of the blocks off the diagonal, one is enough."""
    middle = symmetric.shape[0] // 2
    upper, lower = columns[:middle], columns[middle:]
    above = _multiply(symmetric[:middle, :middle], upper)
    above += 2 * _multiply(symmetric[:middle, middle:], lower)
    return _sum(upper * above) + _sum(lower * _multiply(symmetric[middle:, middle:], lower))


@jax.custom_batching.custom_vmap
def _choose(weight: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    value, product, lost = _through_gram(weight, columns)
    return jax.lax.cond(jnp.any(lost), _direct, lambda *_: (value, product), weight, columns)


@_choose.def_vmap
def _choose_for_all(
    axis_size: int, in_batched: list[bool], weight: jax.Array, columns: jax.Array
) -> tuple[tuple[jax.Array, jax.Array], tuple[bool, bool]]:
    """One choice for all runs: ``vmap`` of a choice for each would compute both sides for each."""
    del axis_size
    axes = tuple(0 if batched else None for batched in in_batched)
    value, product, lost = jax.vmap(_through_gram, axes)(weight, columns)
    direct = jax.vmap(_direct, axes)
    chosen = jax.lax.cond(jnp.any(lost), direct, lambda *_: (value, product), weight, columns)
    return chosen, (True, True)


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

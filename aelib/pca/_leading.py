r"""The first k principal axes, computed to 1e-4 at the least cost.

With at most a thousand rows or columns, the matrix of the products between them is formed and its
first eigenvectors are taken; otherwise a block Krylov iteration finds them from products of the
data with a few vectors. Both first multiply in float32. How far its rounding has turned the axes is
then estimated by doing a sample of it in float64, and only if that is too far, all is done again in
float64. Eigenvalues of a product lose what is below :math:`10^{-9}` of the largest; axes of so
little variance are found in what is left of the data when the others have been removed from it.

The rows are shifted by the mean of a sample, so that no digits are lost to a mean far from zero;
what is left of the mean is removed from the products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aelib.pca._krylov import Eigenpairs, largest

Matrix = NDArray[np.float64]

_TOLERANCE = 1e-4  # radians of the subspace, and parts of each variance
_RESOLVED = 1e-9  # of the largest variance: the rounding of a product is a millionth of it
_NOTHING = 1e-28  # of the largest variance: the rounding of float64 data
_SIDE = 1000  # of a matrix of products that is formed without a second thought
_FEW = 2e9  # multiplications take less time in float64 than anything else does
_ROWS = {"float32": 2048, "float64": 8192}  # of a block of a product
_LARGEST = {"float32": 1e12, "float64": 1e120}  # values, and their inverses


class Leading(NamedTuple):
    """The first principal axes of a matrix.

    Attributes:
        mean: [d].
        axes: orthonormal rows, by falling variance, [k, d].
        squares: the sum of squares of the centered data along each, [k].
        total: the sum of squares of the centered data.
    """

    mean: Matrix
    axes: Matrix
    squares: Matrix
    total: float


def leading(x: NDArray[Any], num_components: int) -> Leading | None:
    """Return the first axes of ``x``, [n, d]; None if its values are too large or not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        sample = x[:: -(-len(x) // 1000)]
        shift = sample.mean(axis=0, dtype=np.float64)
        # Rounded, so that both precisions shift by the same.
        shift = shift.astype(np.float32).astype(np.float64)
        size = np.abs(sample - shift).max()
        # So that no square of a value that matters overflows or vanishes.
        dtypes = [name for name, most in _LARGEST.items() if 1 / most < size < most]
        found = _resolved(x, shift, num_components, tuple(dtypes)) if dtypes else None
        return None if found is None else _with_quiet_axes(x, found, num_components)


def _resolved(x: NDArray[Any], shift: Matrix, k: int, dtypes: tuple[str, ...]) -> Leading | None:
    side = min(x.shape)
    found = None
    if side > _SIDE and _are_few(k, side):
        found = _by_iteration(x, shift, k, dtypes)
    return _by_products(x, shift, k, dtypes) if found is None else found


def _by_products(x: NDArray[Any], shift: Matrix, k: int, dtypes: tuple[str, ...]) -> Leading | None:
    """From the eigenvectors of the products between columns, or rows if there are fewer."""
    n, d = x.shape
    side = min(n, d)
    if x.size * side < _FEW:
        dtypes = dtypes[-1:]
    for dtype in dtypes:
        product, sums = np.zeros((side, side)), np.zeros(side)
        for piece in _pieces(x, shift, dtype):
            product += piece.T @ piece  # NumPy sees that this is symmetric: half the work
            sums += np.ones(len(piece), dtype) @ piece
        if n < d:
            product -= product.mean(axis=0)
            product -= product.mean(axis=1, keepdims=True)
        else:
            product -= np.outer(sums, sums / n)
        if not np.isfinite(product).all():
            continue
        pairs = largest_of(product, k)
        if dtype == "float64" or _is_accurate(
            _rounding(x, shift, pairs.vectors, formed=True), pairs, k
        ):
            axes = pairs.vectors[:, :k]
            axes, mean = _across(x, shift, axes) if n < d else (axes, shift + sums / n)
            return Leading(mean, axes.T, np.maximum(pairs.values[:k], 0), float(product.trace()))
    return None


def _by_iteration(
    x: NDArray[Any], shift: Matrix, k: int, dtypes: tuple[str, ...]
) -> Leading | None:
    """From products of the data with blocks of a few more than k vectors."""
    n, d = x.shape
    vectors = _start(d, k)
    size = vectors.shape[1]
    for dtype in dtypes:
        single = dtype == "float32"
        centered = _shifted(x, shift, dtype)
        sums = np.zeros(d)
        for rows in _bands(centered):
            sums += np.ones(len(rows), dtype) @ rows

        def apply(block: Matrix, centered: NDArray[Any] = centered, sums: Matrix = sums) -> Matrix:
            cast = block.astype(centered.dtype)
            total = np.outer(sums, (sums / -n) @ block)
            for rows in _bands(centered):
                total += rows.T @ (rows @ cast)
            return total

        solution = largest(
            apply,
            vectors,
            k,
            tolerance=_TOLERANCE / 10,
            floor=1e-7 if single else 1e-14,
            most=_most_iterations(n, d, size, 9e10 if single else 3e10),
        )
        if solution is None:
            return None
        pairs, angle = solution
        if not single or (
            angle < _TOLERANCE
            and _is_accurate(_rounding(x, shift, pairs.vectors, formed=False), pairs, k)
        ):
            total = sum(float(np.vdot(rows, rows)) for rows in _bands(centered, 16))
            mean = shift + sums / n
            return Leading(
                mean, pairs.vectors[:, :k].T, pairs.values[:k], total - float(sums @ sums) / n
            )
        vectors = pairs.vectors
    return None


def _most_iterations(n: int, d: int, size: int, rate: float) -> int:
    """How many products with a block take as long as all products and their eigenvectors."""
    side = min(n, d)
    return max(6, round((n * d * side / 6e10 + 8e-11 * side**3) / (4 * n * d * size / rate)))


def largest_of(product: Matrix, k: int) -> Eigenpairs:
    """The first eigenpairs of a matrix that is there, and a few more."""
    side = len(product)
    if _are_few(k, side):
        found = largest(
            lambda block: product @ block,
            _start(side, k),
            k,
            tolerance=_TOLERANCE / 10,
            floor=1e-14,
            most=10,
        )
        if found is not None:
            return found[0]
    count = min(side, k + 16)
    if count > side // 3:
        values, vectors = np.linalg.eigh(product)
    else:
        from scipy.linalg import eigh  # takes a moment to import

        wanted = (side - count, side - 1)
        values, vectors = eigh(product, subset_by_index=wanted, check_finite=False)
    return Eigenpairs(values[: -count - 1 : -1], vectors[:, : -count - 1 : -1])


def _are_few(k: int, side: int) -> bool:
    """Whether products with a few more than k vectors cost less than a decomposition of all."""
    return 24 * k < side


def _start(side: int, k: int) -> Matrix:
    """The block of vectors that an iteration starts from; what it finds does not depend on it."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(side, k + max(6, k // 5))))[0]


def _rounding(x: NDArray[Any], shift: Matrix, vectors: Matrix, *, formed: bool) -> Matrix:
    """How far float32 products with these vectors are off, estimated from a block in the middle.

    As if all blocks erred in the same direction, which is the worst they can do.

    Args:
        x: the data.
        shift: what is subtracted from it.
        vectors: [d, p]; [n, p] for products of rows.
        formed: whether the products were formed, or the data multiplied with the vectors.
    """
    across = len(vectors) != x.shape[1]
    size = 1024 if formed else _band(len(vectors))
    count = -(-x.shape[across] // size)
    middle = slice(count // 2 * size, (count // 2 + 1) * size)
    part, offset = (x[:, middle], shift[middle]) if across else (x[middle], shift)
    single, double = _shifted(part, offset, "float32"), _shifted(part, offset, "float64")
    if across:
        single, double = single.T, double.T
    if formed:
        rough = (single.T @ single) @ vectors
    else:
        rough = single.T @ (single @ vectors.astype(np.float32))
    return count * (rough - double.T @ (double @ vectors))


def _is_accurate(error: Matrix, pairs: Eigenpairs, k: int) -> bool:
    """Whether an error of the products, times the vectors, leaves the first k where they are.

    To first order: a vector is turned toward another by the error between them over the distance of
    their eigenvalues, which is at least that to the last one known for those not known.
    """
    values, vectors = pairs
    inside = vectors.T @ error[:, :k]
    if not (np.abs(inside[:k]).max(axis=0) < _TOLERANCE * values[:k]).all():
        return False
    if k == len(vectors):
        return True
    outside = np.linalg.norm(error[:, :k] - vectors @ inside, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = inside[k:] / (values[:k] - values[k:, None])
        turned_outside = outside / (values[:k] - values[-1])
    return bool((turned**2).sum() + (turned_outside**2).sum() < _TOLERANCE**2)


def _across(x: NDArray[Any], shift: Matrix, vectors: Matrix) -> tuple[Matrix, Matrix]:
    """Axes [d, k] of the columns from those of the rows, [n, k]; and the mean."""
    n = len(x)
    centered = np.concatenate([vectors - vectors.mean(axis=0), np.full((n, 1), 1 / n)], axis=1)
    images = np.concatenate([piece @ centered for piece in _pieces(x, shift, "float64")])
    axes, triangle = np.linalg.qr(images[:, :-1])
    signs = np.where(np.diagonal(triangle) < 0, -1.0, 1.0)
    return axes * signs, shift + images[:, -1]


def _pieces(x: NDArray[Any], shift: Matrix, dtype: str) -> Iterator[NDArray[Any]]:
    """The shifted data, some rows at a time; transposed, some columns, if there are more of them.

    Each is valid until the next one is asked for.
    """
    n, d = x.shape
    size = _ROWS[dtype]
    across = n < d
    buffer = np.empty((n, min(size, d)) if across else (min(size, n), d), dtype)
    for start in range(0, max(n, d), size):
        stop = start + size
        part, offset = (x[:, start:stop], shift[start:stop]) if across else (x[start:stop], shift)
        piece = _shifted(part, offset, dtype, buffer if part.shape == buffer.shape else None)
        yield piece.T if across else piece


def _shifted(
    part: NDArray[Any], shift: Matrix, dtype: str, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """``part - shift`` in the wider of the types of data and result, then cast."""
    if out is None:
        out = np.empty(part.shape, dtype)
    wider = np.result_type(part.dtype, out.dtype)
    return np.subtract(part, shift.astype(wider), out=out, dtype=wider, casting="unsafe")


def _bands(matrix: NDArray[Any], size: int | None = None) -> Iterator[NDArray[Any]]:
    """Rows of a matrix, as many at a time as stay in the cache."""
    size = size or _band(matrix.shape[1])
    for start in range(0, len(matrix), size):
        yield matrix[start : start + size]


def _band(num_columns: int) -> int:
    return max(64, 2**20 // num_columns)


def _with_quiet_axes(x: NDArray[Any], found: Leading, k: int) -> Leading:
    """Replace axes that are lost in the rounding by those of what the others leave of the data."""
    squares = found.squares
    kept = int((squares > _RESOLVED * squares[0]).sum())
    if kept == k:
        return found
    axes = found.axes[:kept]
    rest = np.subtract(x, found.mean, dtype=np.float64)
    for _ in range(2):  # the second time removes what rounding left
        rest -= (rest @ axes.T) @ axes
    quiet = _resolved(rest, np.zeros(x.shape[1]), k - kept, ("float64",)) if kept else None
    if quiet is None or quiet.squares[0] <= _NOTHING * squares[0]:  # any axes will do
        more = np.random.default_rng(0).normal(size=(k - kept, x.shape[1]))
        more = np.linalg.qr(np.concatenate([axes, more]).T)[0].T[kept:]
        rest_squares = np.zeros(k - kept)
    else:
        quiet = _with_quiet_axes(rest, quiet, k - kept)
        more, rest_squares = quiet.axes, quiet.squares
    return found._replace(
        axes=np.concatenate([axes, more]), squares=np.concatenate([squares[:kept], rest_squares])
    )

"""Principal angles between subspaces, exact for tiny angles."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Real
from numpy.typing import NDArray

from aelib._checks import check_matrix


def principal_angles(
    a: Real[ArrayLike, "d k_a"], b: Real[ArrayLike, "d k_b"]
) -> Float[np.ndarray, " k"]:
    r"""Return the principal angles between the column spaces of two matrices.

    A cosine cannot see a small angle: :math:`\cos 10^{-8}` is 1 in float64, and
    :math:`\cos 10^{-4}` is 1 in float32. So both the cosines (singular values of
    :math:`Q_a^T Q_b`) and the sines (singular values of :math:`Q_b - Q_a Q_a^T Q_b`) are
    computed, and each angle is read from the pair, where one of the two is always accurate. The
    arithmetic is float64 on the host whatever the dtype of the inputs.

    Args:
        a: matrix [d, k_a] of full column rank; its columns need not be orthonormal.
        b: matrix [d, k_b] of full column rank.

    Returns:
        Angles in radians, ascending, [min(k_a, k_b)], float64.

    Raises:
        TypeError: if a matrix does not hold real numbers.
        ValueError: if a matrix holds NaN or an infinity, is not [d, k] with k <= d, is
            rank-deficient in its own precision, or if the two differ in d.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> a = np.array([[1.0], [0.0]], np.float32)
        >>> b = np.array([[1.0], [1e-6]], np.float32)
        >>> print(f"{pca.principal_angles(a, b)[0]:.6e}")
        1.000000e-06

    References:
        Björck & Golub (1973); Knyazev & Argentati (2002).
    """
    wide, narrow = orthonormal("a", a), orthonormal("b", b)
    if wide.shape[0] != narrow.shape[0]:
        raise ValueError(
            f"b: expected {wide.shape[0]} rows, as a has shape {np.shape(a)}, "
            f"got shape {np.shape(b)}"
        )
    if wide.shape[1] < narrow.shape[1]:
        wide, narrow = narrow, wide
    overlap = wide.T @ narrow
    cosines = np.linalg.svd(overlap, compute_uv=False)
    sines = np.linalg.svd(narrow - wide @ overlap, compute_uv=False)[::-1]
    return np.arctan2(sines, cosines)


def orthonormal(name: str, matrix: ArrayLike) -> NDArray[np.float64]:
    """Return an orthonormal basis of the column space of ``matrix``, [d, k], in float64.

    The length of a column says nothing about the space it spans, so columns are scaled to unit
    length before their rank is decided, at the precision in which they were given.

    Raises:
        TypeError: if ``matrix`` does not hold real numbers.
        ValueError: if it is not a finite [d, k] with k <= d, of full column rank.
    """
    columns = check_matrix(name, matrix)
    if columns.shape[1] > columns.shape[0]:
        raise ValueError(f"{name}: expected at most d columns of d rows, got {columns.shape}")
    # The largest entry first: the square of a finite number may overflow.
    largest = np.abs(columns).max(axis=0)
    columns = columns / np.where(largest > 0, largest, 1.0)
    norms = np.linalg.norm(columns, axis=0)
    columns = columns / np.where(norms > 0, norms, 1.0)
    basis, triangular = np.linalg.qr(columns)
    singular_values = np.linalg.svd(triangular, compute_uv=False)
    threshold = max(columns.shape) * unit_roundoff(matrix) * singular_values[0]
    rank = int((singular_values > threshold).sum())
    if rank < columns.shape[1]:
        raise ValueError(
            f"{name}: expected {columns.shape[1]} linearly independent columns, got rank {rank}"
        )
    return basis


def unit_roundoff(value: ArrayLike) -> float:
    """Return the unit roundoff of the dtype of ``value``; float64's for integers."""
    dtype = np.asarray(value).dtype
    if dtype.kind == "f":
        return float(np.finfo(dtype).eps)
    if dtype.name == "bfloat16":  # an extension type, which np.finfo does not know
        return 2.0**-7
    return float(np.finfo(np.float64).eps)

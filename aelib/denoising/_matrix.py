"""Counts as a sparse matrix: what is zero, most of a table of cells, takes no memory."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib.data._count_matrix import as_csr, check_stored_counts, count_matrix, holds_counts
from aelib.denoising._checks import check_counts

Sparse: TypeAlias = Any  # a scipy.sparse.csr_array, which has no type stubs
_CHUNK = 1024


def sparse_counts(name: str, counts: Int[ArrayLike, "cells genes"] | Any) -> Sparse:
    """Counts of one matrix as a sparse one of int64, which the caller may change.

    Args:
        name: the argument's name, for the message.
        counts: what NumPy can read, AnnData, a data frame, or any SciPy sparse matrix; the last is
            never made dense.

    Raises:
        TypeError: if they are not real numbers.
        ValueError: if the shape does not fit, or a value is negative, not whole or not finite.
    """
    values = count_matrix(name, counts).values if holds_counts(counts) else counts
    if not hasattr(values, "tocsr"):
        return scipy.sparse.csr_array(check_counts(name, values, stacked=False))
    rows = as_csr(values)
    check_stored_counts(name, rows)
    if 0 in rows.shape:
        raise ValueError(f"{name}: expected shape [cells, genes], none of them 0, got {rows.shape}")
    return scipy.sparse.csr_array(
        (rows.data.astype(np.int64), rows.indices, rows.indptr), rows.shape, copy=True
    )


def exposures(matrix: Sparse) -> Float[np.ndarray, "cells 1"]:
    """Mean count per gene of each cell, as a column; a cell without any count has a total of 1."""
    total = np.asarray(matrix.sum(axis=1), np.float64)
    return np.maximum(total, 1.0)[:, None] / matrix.shape[1]


def log_counts(matrix: Sparse, exposure: Float[np.ndarray, "cells 1"]) -> Sparse:
    """The values of :func:`aelib.denoising.log_normalize`; what is zero stays so."""
    logs = matrix.astype(np.float64)
    logs.data = np.log1p(logs.data / np.repeat(exposure[:, 0], np.diff(matrix.indptr)))
    return logs


def covariances(logs: Sparse) -> Float[np.ndarray, "genes genes"]:
    """Covariances of genes times the number of cells; only some cells are dense at a time."""
    # A product of dense parts: one of sparse matrices takes many times as long.
    cells = logs.shape[0]
    mean = np.asarray(logs.mean(axis=0))
    total = -cells * np.outer(mean, mean)
    for start in range(0, cells, _CHUNK):
        part = logs[start : start + _CHUNK].toarray()
        total += part.T @ part
    return total


def leading_axes(
    covariance: Float[np.ndarray, "genes genes"], components: int
) -> Float[np.ndarray, "genes components"]:
    """Leading eigenvectors, as columns; the others are not computed."""
    import scipy.linalg

    genes = len(covariance)
    axes = scipy.linalg.eigh(covariance, subset_by_index=(genes - components, genes - 1))[1]
    return axes[:, ::-1]


def split_counts(
    matrix: Sparse, probability: float | Float[np.ndarray, " nonzeros"], rng: np.random.Generator
) -> tuple[Sparse, Sparse]:
    """Binomial thinning of every count: a first part and the rest."""
    first = scipy.sparse.csr_array(
        (rng.binomial(matrix.data, probability), matrix.indices, matrix.indptr), matrix.shape
    )
    rest = scipy.sparse.csr_array(
        (matrix.data - first.data, matrix.indices, matrix.indptr), matrix.shape
    )
    return first, rest


def halve_counts(matrix: Sparse, rng: np.random.Generator) -> tuple[Sparse, Sparse]:
    """The same with probability one half, many times faster: a fair coin is a random bit."""
    bits = np.frombuffer(rng.bytes(8 * matrix.data.size), np.uint64)
    few = np.clip(matrix.data, 1, 64).astype(np.uint64)
    heads = np.bitwise_count(bits >> (np.uint64(64) - few)).astype(np.int64)
    heads[matrix.data == 0] = 0
    many = matrix.data > 64
    heads[many] = rng.binomial(matrix.data[many], 0.5)
    parts = (heads, matrix.data - heads)
    first, rest = (
        scipy.sparse.csr_array((part, matrix.indices, matrix.indptr), matrix.shape)
        for part in parts
    )
    return first, rest

"""Least absolute deviations by linear programming: residuals with exact zeros."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class LeastAbsolute(NamedTuple):
    """A drawing with least absolute error.

    Attributes:
        codes: [n, k].
        residuals: [n, d], ``x - codes @ atoms``; the zeros among them are exact.
    """

    codes: NDArray[np.float64]
    residuals: NDArray[np.float64]


def least_absolute(x: ArrayLike, atoms: ArrayLike) -> LeastAbsolute:
    r"""For each item the code that minimises :math:`\lVert x - zW\rVert_1`, and what is left over.

    A residual is written as a difference of two non-negative variables, which makes the problem a
    linear program (Charnes, Cooper and Ferguson 1955). The simplex method ends in a vertex: there,
    at least as many residuals are zero as the code has numbers, and they are zero *exactly*,
    because their variables are not in the basis.

    Args:
        x: items less the bias, [n, d].
        atoms: W, of rank k, [k, d].

    Returns:
        LeastAbsolute: ``codes`` and ``residuals``.

    Raises:
        ValueError: if the shapes do not fit.
        RuntimeError: if the solver gives up.

    >>> least_absolute([[1.0, 2.0, 30.0]], [[1.0, 1.0, 1.0]])  # the median
    LeastAbsolute(codes=array([[2.]]), residuals=array([[-1.,  0., 28.]]))
    """
    from scipy.optimize import linprog

    x, atoms = np.asarray(x, np.float64), np.asarray(atoms, np.float64)
    if x.ndim != 2 or atoms.ndim != 2 or x.shape[1] != atoms.shape[1]:
        raise ValueError(
            f"x, atoms: expected [n, d] and [k, d] with one d, got {x.shape} and {atoms.shape}"
        )
    k, d = atoms.shape
    equations = np.hstack([atoms.T, np.eye(d), -np.eye(d)])
    price = np.r_[np.zeros(k), np.ones(2 * d)]
    bounds = [(None, None)] * k + [(0, None)] * (2 * d)
    solutions = [_solve(linprog, price, equations, item, bounds) for item in x]
    found = np.array(solutions).reshape(len(x), k + 2 * d)
    return LeastAbsolute(found[:, :k], found[:, k : k + d] - found[:, k + d :])


def _solve(linprog: Any, price: Any, equations: Any, item: Any, bounds: Any) -> NDArray[Any]:
    # The dual simplex ends in a vertex, which interior points do not.
    answer = linprog(price, A_eq=equations, b_eq=item, bounds=bounds, method="highs-ds")
    if answer.x is None:
        raise RuntimeError(f"linear program: {answer.message}")
    return np.asarray(answer.x)

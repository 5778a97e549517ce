"""Least absolute deviations by linear programming: residuals with exact zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_matrix
from aelib._lazy import require


class LeastAbsolute(NamedTuple):
    """What :func:`least_absolute` returns.

    Attributes:
        codes: [n, k].
        residuals: [n, d], ``x - codes @ atoms``; the zeros among them are exact.
    """

    codes: NDArray[np.float64]
    residuals: NDArray[np.float64]


def least_absolute(x: Float[ArrayLike, "n d"], atoms: Float[ArrayLike, "k d"]) -> LeastAbsolute:
    r"""For each example the code that minimizes :math:`\lVert x - zW\rVert_1`, and the residuals.

    A residual is written as a difference of two non-negative variables, which makes the problem a
    linear program. The simplex method ends in a vertex: there,
    at least as many residuals are zero as the code has numbers, and they are zero *exactly*,
    because their variables are not in the basis.

    Args:
        x: examples less the bias.
        atoms: W, of rank k.

    Raises:
        ValueError: if the shapes do not fit.
        RuntimeError: if the solver gives up.

    Example:
        >>> least_absolute([[1.0, 2.0, 30.0]], [[1.0, 1.0, 1.0]])  # the median
        LeastAbsolute(codes=array([[2.]]), residuals=array([[-1.,  0., 28.]]))

    References:
        A. Charnes, W. W. Cooper and R. O. Ferguson (1955), Optimal estimation of executive
        compensation by linear programming, Management Science 1(2).
    """
    linprog = require("scipy.optimize", purpose="least_absolute").linprog
    atoms = check_matrix("atoms", atoms)
    x = check_matrix("x", x, columns=atoms.shape[1])
    k, d = atoms.shape
    equations = np.hstack([atoms.T, np.eye(d), -np.eye(d)])
    cost = np.r_[np.zeros(k), np.ones(2 * d)]
    bounds = [(None, None)] * k + [(0, None)] * (2 * d)
    solutions = [_solve(linprog, cost, equations, example, bounds) for example in x]
    found = np.array(solutions).reshape(len(x), k + 2 * d)
    return LeastAbsolute(found[:, :k], found[:, k : k + d] - found[:, k + d :])


def _solve(
    linprog: Any,
    cost: np.ndarray,
    equations: np.ndarray,
    example: np.ndarray,
    bounds: Sequence[tuple[float | None, float | None]],
) -> np.ndarray:
    # The dual simplex ends in a vertex, which interior points do not.
    answer = linprog(cost, A_eq=equations, b_eq=example, bounds=bounds, method="highs-ds")
    if answer.x is None:
        raise RuntimeError(f"linear program: {answer.message}")
    return np.asarray(answer.x)

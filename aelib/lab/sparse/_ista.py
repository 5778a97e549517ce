"""Sparse codes by proximal steps: exact zeros."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_count, check_matrix, check_number


def soft_threshold(
    u: ArrayLike, threshold: float, *, nonnegative: bool = False
) -> NDArray[np.float64]:
    r"""The proximal step of the absolute value.

    It is :math:`\arg\min_z \tfrac12 (z-u)^2 + t\lvert z\rvert`, entry by entry.

    Args:
        u: any shape.
        threshold: t, at least 0.
        nonnegative: whether z must not be negative; then this is ``relu(u - t)``.

    Returns:
        The shape of ``u``; exactly 0 where ``abs(u) <= threshold``.

    Raises:
        ValueError: if the threshold is negative.

    Example:
        >>> soft_threshold([-3.0, -0.5, 0.5, 3.0], 1.0)
        array([-2., -0.,  0.,  2.])
    """
    check_number("threshold", threshold, at_least=0)
    u = np.asarray(u, np.float64)
    if nonnegative:
        return np.maximum(u - threshold, 0.0)
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0.0)


def ista(
    x: Float[ArrayLike, "n d"],
    atoms: Float[ArrayLike, "k d"],
    strength: float,
    *,
    nonnegative: bool = False,
    steps: int = 500,
) -> Float[np.ndarray, "n k"]:
    r"""Codes that minimize :math:`\tfrac12\lVert x - zW\rVert^2 + \lambda\lVert z\rVert_1`.

    Proximal gradient steps (iterative shrinkage and thresholding, ISTA) with Nesterov's momentum,
    started again whenever the objective would rise.

    Args:
        x: examples less the bias.
        atoms: W.
        strength: λ, at least 0.
        nonnegative: whether codes must not be negative.
        steps: proximal steps.

    Returns:
        Codes in float64; the zeros among them are exact.

    Raises:
        ValueError: if the shapes do not fit or a number is out of range.

    Example:
        >>> ista([[3.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]], 1.0)
        array([[2., 0.]])

    References:
        A. Beck and M. Teboulle (2009), A fast iterative shrinkage-thresholding algorithm for linear
        inverse problems, SIAM Journal on Imaging Sciences 2(1).
        B. O'Donoghue and E. Candès (2015), Adaptive restart for accelerated gradient schemes,
        Foundations of Computational Mathematics 15(3).
    """
    atoms = check_matrix("atoms", atoms)
    x = check_matrix("x", x, columns=atoms.shape[1])
    check_count("steps", steps)
    check_number("strength", strength, at_least=0)
    step = 1 / max(float(np.linalg.norm(atoms, 2)) ** 2, np.finfo(float).tiny)
    codes = point = np.zeros((len(x), len(atoms)))
    momentum = np.ones((len(x), 1))
    for _ in range(steps):
        descended = point - step * (point @ atoms - x) @ atoms.T
        new = soft_threshold(descended, step * strength, nonnegative=nonnegative)
        # Momentum that points uphill is dropped, example by example.
        uphill = np.sum((point - new) * (new - codes), axis=1, keepdims=True) > 0
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.where(uphill, 0.0, (momentum - 1) / grown)
        momentum = np.where(uphill, 1.0, grown)
        codes, point = new, new + push * (new - codes)
    return codes


def optimality_gap(
    codes: Float[ArrayLike, "n k"],
    x: Float[ArrayLike, "n d"],
    atoms: Float[ArrayLike, "k d"],
    strength: float,
    *,
    nonnegative: bool = False,
) -> Float[np.ndarray, " n"]:
    r"""How far each code's objective can be above the least one, by convex duality.

    The residual, scaled down until no atom correlates with it by more than λ, is feasible for the
    dual problem, whose value lies below the primal's.

    Args:
        codes: to be tested.
        x: examples less the bias.
        atoms: W.
        strength: λ, above 0.
        nonnegative: whether the codes had to be non-negative.

    Returns:
        At least 0 but for rounding; 0 exactly at the optimum.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> optimality_gap([[2.0, 0.0]], [[3.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]], 1.0)
        array([0.])

    References:
        S.-J. Kim, K. Koh, M. Lustig, S. Boyd and D. Gorinevsky (2007), An interior-point method for
        large-scale ℓ1-regularized least squares, IEEE Journal of Selected Topics in Signal
        Processing 1(4).
    """
    atoms = check_matrix("atoms", atoms)
    x = check_matrix("x", x, columns=atoms.shape[1])
    codes = check_array("codes", codes, shape=(len(x), len(atoms))).astype(np.float64)
    residual = x - codes @ atoms
    correlation = residual @ atoms.T
    most = np.max(correlation if nonnegative else np.abs(correlation), axis=1)
    dual = residual * np.minimum(1.0, strength / np.maximum(most, strength))[:, None]
    primal = 0.5 * np.sum(residual**2, axis=1) + strength * np.abs(codes).sum(axis=1)
    return primal - (0.5 * np.sum(x**2, axis=1) - 0.5 * np.sum((x - dual) ** 2, axis=1))

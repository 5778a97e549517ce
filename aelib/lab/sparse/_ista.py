"""Sparse codes by proximal steps: exact zeros."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def soft_threshold(u: ArrayLike, threshold: float, *, nonnegative: bool = False) -> NDArray[Any]:
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

    >>> soft_threshold([-3.0, -0.5, 0.5, 3.0], 1.0)
    array([-2., -0.,  0.,  2.])
    """
    if not threshold >= 0:
        raise ValueError(f"threshold: expected at least 0, got {threshold}")
    u = np.asarray(u, np.float64)
    if nonnegative:
        return np.maximum(u - threshold, 0.0)
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0.0)


def ista(
    x: ArrayLike,
    atoms: ArrayLike,
    strength: float,
    *,
    nonnegative: bool = False,
    steps: int = 500,
) -> NDArray[np.float64]:
    r"""Codes that minimise :math:`\tfrac12\lVert x - zW\rVert^2 + \lambda\lVert z\rVert_1`.

    Proximal gradient steps (iterative shrinkage and thresholding, ISTA) with Nesterov's momentum,
    started again whenever the objective would rise (Beck and Teboulle 2009; O'Donoghue and Candès
    2015).

    Args:
        x: items less the bias, [n, d].
        atoms: W, [k, d].
        strength: λ, at least 0.
        nonnegative: whether codes must not be negative.
        steps: proximal steps.

    Returns:
        Codes [n, k] in float64; the zeros among them are exact.

    Raises:
        ValueError: if the shapes do not fit or a number is out of range.

    >>> ista([[3.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]], 1.0)
    array([[2., 0.]])
    """
    x, atoms = _matrices(x, atoms)
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    step = 1 / max(float(np.linalg.norm(atoms, 2)) ** 2, np.finfo(float).tiny)
    codes = point = np.zeros((len(x), len(atoms)))
    momentum = np.ones((len(x), 1))
    for _ in range(steps):
        downhill = point - step * (point @ atoms - x) @ atoms.T
        new = soft_threshold(downhill, step * strength, nonnegative=nonnegative)
        # Momentum that points uphill is dropped, item by item.
        uphill = np.sum((point - new) * (new - codes), axis=1, keepdims=True) > 0
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.where(uphill, 0.0, (momentum - 1) / grown)
        momentum = np.where(uphill, 1.0, grown)
        codes, point = new, new + push * (new - codes)
    return codes


def optimality_gap(
    codes: ArrayLike,
    x: ArrayLike,
    atoms: ArrayLike,
    strength: float,
    *,
    nonnegative: bool = False,
) -> NDArray[np.float64]:
    r"""How far each code's objective can be above the least one, by convex duality.

    The residual, scaled down until no atom correlates with it by more than λ, is feasible for the
    dual problem, whose value lies below the primal's (Kim and others 2007).

    Args:
        codes: [n, k].
        x: [n, d], less the bias.
        atoms: [k, d].
        strength: λ, above 0.
        nonnegative: whether the codes had to be non-negative.

    Returns:
        [n], at least 0 but for rounding; 0 exactly at the optimum.

    Raises:
        ValueError: if the shapes do not fit.

    >>> optimality_gap([[2.0, 0.0]], [[3.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]], 1.0)
    array([0.])
    """
    x, atoms = _matrices(x, atoms)
    codes = np.asarray(codes, np.float64)
    if codes.shape != (len(x), len(atoms)):
        raise ValueError(f"codes: expected shape {(len(x), len(atoms))}, got {codes.shape}")
    residual = x - codes @ atoms
    correlation = residual @ atoms.T
    most = np.max(correlation if nonnegative else np.abs(correlation), axis=1)
    dual = residual * np.minimum(1.0, strength / np.maximum(most, strength))[:, None]
    primal = 0.5 * np.sum(residual**2, axis=1) + strength * np.abs(codes).sum(axis=1)
    return primal - (0.5 * np.sum(x**2, axis=1) - 0.5 * np.sum((x - dual) ** 2, axis=1))


def _matrices(x: ArrayLike, atoms: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    x, atoms = np.asarray(x, np.float64), np.asarray(atoms, np.float64)
    if x.ndim != 2 or atoms.ndim != 2 or x.shape[1] != atoms.shape[1]:
        raise ValueError(
            f"x, atoms: expected [n, d] and [k, d] with one d, got {x.shape} and {atoms.shape}"
        )
    return x, atoms

r"""A quiet signal planted in loud noise, and what theory says about finding it.

Every item is :math:`x = s\,b\,v + \text{noise}`: a hidden bit b of -1 or +1, on a direction v of
unit length, with loudness s. Under *white* noise the direction v always has the most variance, and
the question is whether n examples are enough to see it (:func:`predicted_overlap`). Under
*coloured* noise some directions are louder than the signal, and no number of examples helps.

>>> import jax
>>> from aelib.lab import planted
>>> data = planted.radio(jax.random.key(0), 100, static=3.0)
>>> data.x.shape, data.bits.shape
((100, 40), (100,))
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.lab._threshold import detection_threshold, predicted_overlap

__all__ = [
    "Planted",
    "add_static",
    "detection_threshold",
    "frame",
    "hiss",
    "kept_share",
    "predicted_overlap",
    "radio",
    "whitening",
]


@dataclass(frozen=True)
class Planted:
    """Items with a hidden bit.

    Attributes:
        x: The items, [n, d].
        bits: The hidden bit of each, 0 or 1, [n].
        direction: Where the bit is written, of unit length, [d].
        static: Directions of the loud noise, orthonormal rows, [m, d]; m = 0 if it is white.
        noise_covariance: The true covariance of all noise together, [d, d].
    """

    x: NDArray[np.float32]
    bits: NDArray[np.int32]
    direction: NDArray[np.float64]
    static: NDArray[np.float64]
    noise_covariance: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> Planted:
        """The items of a slice, with the same truth behind them."""
        return replace(self, x=self.x[rows], bits=self.bits[rows])


def frame(key: jax.Array, num_directions: int, num_features: int) -> NDArray[np.float64]:
    """Return orthonormal directions, uniformly at random, as rows.

    Args:
        key: A JAX key.
        num_directions: How many, m, at most d.
        num_features: Their length, d.

    Returns:
        [m, d], float64.

    Raises:
        ValueError: If m is not between 0 and d.

    Example:
        >>> import jax, numpy as np
        >>> rows = frame(jax.random.key(0), 2, 5)
        >>> bool(np.allclose(rows @ rows.T, np.eye(2)))
        True
    """
    if not 0 <= num_directions <= num_features:
        raise ValueError(
            f"num_directions: expected 0 to num_features = {num_features}, got {num_directions}"
        )
    columns = _generator(key).normal(size=(num_features, num_directions))
    basis, triangular = np.linalg.qr(columns)
    # QR alone is not uniform over rotations: the signs of the diagonal have to be taken out.
    return (basis * np.sign(np.diag(triangular))).T


def hiss(
    key: jax.Array,
    num_examples: int,
    *,
    num_features: int = 100,
    loudness: float = 1.0,
    noise: float = 1.0,
) -> Planted:
    """A hidden bit under white noise: of the same variance in every direction.

    Args:
        key: A JAX key.
        num_examples: n.
        num_features: d.
        loudness: s, the standard deviation of the signal along its direction.
        noise: Standard deviation of the noise along every direction.

    Returns:
        The :class:`Planted` data.

    Raises:
        ValueError: If a size is below 1 or a loudness is negative or not finite.
    """
    return radio(
        key,
        num_examples,
        num_features=num_features,
        num_static=0,
        message=loudness,
        background=noise,
    )


def radio(
    key: jax.Array,
    num_examples: int,
    *,
    num_features: int = 40,
    num_static: int = 8,
    message: float = 1.0,
    static: float = 3.0,
    background: float = 0.1,
) -> Planted:
    """A hidden bit under coloured noise: loud static along some directions, a faint hiss along all.

    The directions are orthogonal to each other and turned at random, so that no feature alone
    carries message or static.

    Args:
        key: A JAX key.
        num_examples: n.
        num_features: d.
        num_static: m, the number of directions with static.
        message: s, the loudness of the message: its standard deviation along its direction.
        static: Standard deviation of the static along each of its directions.
        background: Standard deviation of the hiss along every direction.

    Returns:
        The :class:`Planted` data.

    Raises:
        ValueError: If a size is below 1, ``num_static`` is not between 0 and d - 1, or a loudness
            is negative or not finite.
    """
    if num_examples < 1:
        raise ValueError(f"num_examples: expected at least 1, got {num_examples}")
    if not 0 <= num_static <= num_features - 1:
        raise ValueError(
            f"num_static: expected 0 to num_features - 1 = {num_features - 1}, got {num_static}"
        )
    _check_loudness(message=message, static=static, background=background)
    frame_key, noise_key = jax.random.split(key)
    directions = frame(frame_key, num_static + 1, num_features)
    draw = _generator(noise_key)
    signs = draw.choice([-1.0, 1.0], size=num_examples)
    crackle = draw.normal(size=(num_examples, num_static))
    faint = draw.normal(size=(num_examples, num_features))
    direction, loud = directions[0], directions[1:]
    x = message * signs[:, None] * direction + static * crackle @ loud + background * faint
    return Planted(
        x=x.astype(np.float32),
        bits=(signs > 0).astype(np.int32),
        direction=direction,
        static=loud,
        noise_covariance=static**2 * loud.T @ loud + background**2 * np.eye(num_features),
    )


def add_static(
    key: jax.Array, x: ArrayLike, directions: NDArray[np.float64], loudness: float
) -> NDArray[np.float32]:
    """Return real items with static of known directions added to them.

    Args:
        key: A JAX key.
        x: Items, [n, d].
        directions: Rows along which static is added, [m, d], as from :func:`frame`.
        loudness: Standard deviation of the static along each of them.

    Returns:
        [n, d], float32.

    Raises:
        ValueError: If the widths differ or ``loudness`` is negative or not finite.

    Example:
        >>> import jax, numpy as np
        >>> rows = frame(jax.random.key(0), 2, 5)
        >>> noisy = add_static(jax.random.key(1), np.zeros((4, 5)), rows, 2.0)
        >>> int(np.linalg.matrix_rank(noisy))
        2
    """
    items = np.asarray(x)
    if items.ndim != 2 or items.shape[1:] != directions.shape[1:]:
        raise ValueError(
            f"directions: expected [m, d] for x [n, d], got {directions.shape} for {items.shape}"
        )
    _check_loudness(loudness=loudness)
    crackle = _generator(key).normal(size=(len(items), len(directions)))
    return (items + loudness * crackle @ directions).astype(np.float32)


def kept_share(x: ArrayLike, reconstruction: ArrayLike, directions: NDArray[np.float64]) -> float:
    r"""Return how much of the variance along some directions a reconstruction keeps.

    It is :math:`1 - \sum \lVert R (x - \hat x) \rVert^2 / \sum \lVert R (x - \bar x) \rVert^2` for
    the directions R as rows: 1 if they are reproduced perfectly, 0 if the mean stands in for them,
    below 0 if they are drawn worse than that.

    Args:
        x: Items, [n, d].
        reconstruction: Their reconstructions, [n, d].
        directions: Orthonormal rows, [m, d].

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 5.0], [-1.0, -5.0]])
        >>> kept_share(x, x * [1.0, 0.0], np.eye(2)[:1]), kept_share(x, x * 0, np.eye(2))
        (1.0, 0.0)
    """
    items, drawn = np.asarray(x, np.float64), np.asarray(reconstruction, np.float64)
    if items.shape != drawn.shape or items.shape[1:] != directions.shape[1:]:
        raise ValueError(
            "x, reconstruction, directions: expected [n, d], [n, d] and [m, d], got "
            f"{items.shape}, {drawn.shape} and {directions.shape}"
        )
    missed = ((items - drawn) @ directions.T) ** 2
    there = ((items - items.mean(axis=0)) @ directions.T) ** 2
    return float(1 - missed.sum() / there.sum())


def whitening(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the symmetric inverse root of a covariance, :math:`\Sigma^{-1/2}`.

    Multiplied by it, noise of that covariance becomes white; the Gaussian negative log-likelihood
    of x under it is :math:`\tfrac12 \lVert \Sigma^{-1/2} (x - \hat x) \rVert^2` plus a constant.

    Args:
        covariance: Symmetric and positive definite, [d, d].

    Raises:
        ValueError: If it is not.

    Example:
        >>> import numpy as np
        >>> whitening(np.diag([4.0, 0.25])).round(6)
        array([[0.5, 0. ],
               [0. , 2. ]])
    """
    matrix = np.asarray(covariance, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"covariance: expected shape [d, d], got {matrix.shape}")
    if not np.allclose(matrix, matrix.T):
        raise ValueError("covariance: expected a symmetric matrix")
    variances, axes = np.linalg.eigh(matrix)
    if not variances[0] > 0:
        raise ValueError(
            f"covariance: expected positive eigenvalues, the smallest is {variances[0]:.3g}"
        )
    return (axes / np.sqrt(variances)) @ axes.T


def _generator(key: jax.Array) -> np.random.Generator:
    """A NumPy generator seeded by a JAX key: JAX would compile anew for every shape."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


def _check_loudness(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name}: expected a finite number >= 0, got {value}")

"""What an L2-regularized linear autoencoder converges to, in closed form."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Real
from numpy.typing import NDArray

from aelib import pca
from aelib._checks import check_count, check_matrix, check_number

__all__ = ["loss_optimum", "singular_values"]


def singular_values(
    x: Real[ArrayLike, "n d"], strength: float, num_components: int
) -> Float[np.ndarray, " k"]:
    r"""Return the singular values of either map of an L2-regularized linear autoencoder.

    The objective is the *sum* over all examples of the squared error, plus
    :math:`\lambda (\lVert W_1 \rVert_F^2 + \lVert W_2 \rVert_F^2)`; biases are free. With
    :math:`\sigma_i` the singular values of the centered data matrix, so that
    :math:`\sigma_i^2 = n \lambda_i(C)`, its minimizers have :math:`W_1 = W_2^T`. A singular value
    s of both maps then costs :math:`\sigma_i^2 (1 - s^2)^2 + 2 \lambda s^2`, which is least at

    .. math:: s_i = \sqrt{\max(0,\ 1 - \lambda / \sigma_i^2)} .

    These are the singular values of the encoder and of the decoder; the reconstruction
    :math:`W_2 W_1` shrinks the i-th axis by their square.

    Args:
        x: data, [n, d].
        strength: :math:`\lambda`, at least 0.
        num_components: width of the code, k.

    Returns:
        :math:`s_1 \ge \dots \ge s_k`, [k], float64.

    Raises:
        TypeError: if ``x`` does not hold real numbers.
        ValueError: if ``x`` is not a finite matrix, ``num_components`` is not in 1, ..., d or
            ``strength`` is negative or not finite.

    Example:
        >>> import aelib
        >>> from aelib.lab import regularized_pca
        >>> import numpy as np
        >>> x = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> regularized_pca.singular_values(x, 4.0, 2).round(4)
        array([0.7071, 0.    ])

    References:
        Kunin, Bloom, Goeva & Seed (2019), "Loss landscapes of regularized linear autoencoders".
    """
    squares = _squared_singular_values(x, strength, num_components)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = 1.0 - strength / squares
    return np.sqrt(np.where(squares > strength, kept, 0.0))[:num_components]


def loss_optimum(x: Real[ArrayLike, "n d"], strength: float, num_components: int) -> float:
    r"""Return the least value of the objective of :func:`singular_values`.

    A kept axis costs :math:`2\lambda - \lambda^2 / \sigma_i^2`, any other its
    :math:`\sigma_i^2`.

    Args:
        x: data, [n, d].
        strength: :math:`\lambda`, at least 0.
        num_components: width of the code, k.

    Returns:
        Summed squared error over all examples plus penalty.

    Raises:
        TypeError: if ``x`` does not hold real numbers.
        ValueError: as :func:`singular_values`.
    """
    squares = _squared_singular_values(x, strength, num_components)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = strength * (2.0 - strength / squares)
    kept = (np.arange(len(squares)) < num_components) & (squares > strength)
    return float(np.where(kept, shrunk, squares).sum())


def _squared_singular_values(
    x: ArrayLike, strength: float, num_components: int
) -> NDArray[np.float64]:
    """Of the centered data, all d of them; zero where the data does not reach."""
    matrix = check_matrix("x", x)
    check_count("num_components", num_components, at_most=matrix.shape[1])
    check_number("strength", strength, at_least=0)
    spectrum = np.asarray(pca.fit(matrix, 1, spectrum=True).spectrum) * (len(matrix) - 1)
    return np.pad(spectrum, (0, matrix.shape[1] - len(spectrum)))

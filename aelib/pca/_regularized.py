"""What a linear autoencoder converges to, with and without a penalty, in closed form."""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from aelib.pca import _scatter
from aelib.pca._excess import Spectrum
from aelib.pca._validation import as_matrix, check_num_components


def linear_loss_optimum(x: ArrayLike, num_components: int, *, use_bias: bool = True) -> float:
    r"""Return the least loss of a linear autoencoder: mean of the summed squared error.

    With a bias (or on centered data) it is the variance outside the first k principal axes,
    :math:`\sum_{i>k} \lambda_i` with divisor n. Without one, the same sum over the second
    moments about the origin instead of the mean.

    Args:
        x: Data, [n, d].
        num_components: Width of the code, k.
        use_bias: Whether the decoder may add a constant.

    Returns:
        The loss in squared units of ``x`` per example.

    Raises:
        TypeError: If ``x`` is not real or ``num_components`` is not an int.
        ValueError: If ``x`` is not a finite matrix or ``num_components`` is not in 1, ..., d.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.array([[3.0, 1.0], [3.0, -1.0]])
        >>> pca.linear_loss_optimum(x, 1)
        0.0
        >>> round(pca.linear_loss_optimum(x, 1, use_bias=False), 12)
        1.0

    Source:
        Eckart & Young (1936); Bourlard & Kamp (1988); Baldi & Hornik (1989).
    """
    matrix = as_matrix("x", x)
    k = check_num_components(num_components, (matrix.shape[1],) * 2)
    if use_bias:
        return float(Spectrum.of(_scatter.of_matrix(matrix)).variances[k:].sum())
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    return float((singular_values[k:] ** 2).sum() / len(matrix))


def regularized_singular_values(
    x: ArrayLike, strength: float, num_components: int
) -> NDArray[np.float64]:
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
        x: Data, [n, d].
        strength: :math:`\lambda`, at least 0.
        num_components: Width of the code, k.

    Returns:
        :math:`s_1 \ge \dots \ge s_k`, [k], float64.

    Raises:
        TypeError: If ``x`` is not real or ``num_components`` is not an int.
        ValueError: If ``x`` is not a finite matrix, ``num_components`` is not in 1, ..., d or
            ``strength`` is negative or not finite.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> pca.regularized_singular_values(x, 4.0, 2).round(4)
        array([0.7071, 0.    ])

    Source:
        Kunin, Bloom, Goeva & Seed (2019), "Loss landscapes of regularized linear autoencoders".
    """
    variances, count = _variances(x, strength, num_components)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = 1.0 - strength / (count * variances)
    return np.sqrt(np.where(count * variances > strength, kept, 0.0))[:num_components]


def regularized_loss_optimum(x: ArrayLike, strength: float, num_components: int) -> float:
    r"""Return the least value of the objective of :func:`regularized_singular_values`.

    A kept axis costs :math:`2\lambda - \lambda^2 / \sigma_i^2`, any other its
    :math:`\sigma_i^2`.

    Args:
        x: Data, [n, d].
        strength: :math:`\lambda`, at least 0.
        num_components: Width of the code, k.

    Returns:
        Summed squared error over all examples plus penalty.

    Raises:
        TypeError: If ``x`` is not real or ``num_components`` is not an int.
        ValueError: As :func:`regularized_singular_values`.
    """
    variances, count = _variances(x, strength, num_components)
    squares = count * variances
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = strength * (2.0 - strength / squares)
    kept = (np.arange(len(squares)) < num_components) & (squares > strength)
    return float(np.where(kept, shrunk, squares).sum())


def _variances(
    x: ArrayLike, strength: float, num_components: int
) -> tuple[NDArray[np.float64], int]:
    matrix = as_matrix("x", x)
    check_num_components(num_components, (matrix.shape[1],) * 2)
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"strength: expected a finite number >= 0, got {strength}")
    return Spectrum.of(_scatter.of_matrix(matrix)).variances, len(matrix)

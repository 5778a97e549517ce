r"""Bias and variance of PCA as a denoiser, with every term known.

A new example is :math:`x = s + \varepsilon`, a signal and white noise of variance :math:`\sigma^2`,
and PCA gives :math:`\hat x = c + P_k (x - c)` with axes and mean from other examples. Then,
exactly,

.. math:: \operatorname{E}_\varepsilon \lVert s - \hat x \rVert^2
          = \underbrace{\lVert (I - P_k)(s - c) \rVert^2}_{\text{signal lost}}
          + \underbrace{k \sigma^2}_{\text{noise kept}} .
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_count, check_counts, check_matrix, check_number
from aelib.lab.planted import predicted_overlap
from aelib.lab.rate_distortion._water_filling import check_variances
from aelib.pca import PCA


@dataclass(frozen=True)
class ErrorBudget:
    """Expected squared error against the clean signal, per example, and what it is made of.

    Attributes:
        sizes: sizes of the code, [m].
        signal_lost: the bias: variance of the signal outside the kept directions, [m].
        noise_kept: the variance: noise inside them, [m].
    """

    sizes: tuple[int, ...]
    signal_lost: NDArray[np.float64]
    noise_kept: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """The two together, [m]."""
        return self.signal_lost + self.noise_kept

    @property
    def best(self) -> int:
        """The size with the least total; the smallest of them if there are several."""
        return self.sizes[int(np.argmin(self.total))]


def pca_errors(
    model: PCA,
    x: Float[ArrayLike, "n d"],
    sizes: Iterable[int],
    *,
    target: Float[ArrayLike, "n d"] | None = None,
) -> Float[np.ndarray, " sizes"]:
    """Return the mean squared error of PCA for every size of its code, from one fit.

    Args:
        model: a fit with as many axes as the largest size; its first k axes are the fit of size k.
        x: the examples to reconstruct.
        sizes: of the code, 0 (give the mean) to the number of axes.
        target: what reconstructions are compared with; the examples themselves when left out.

    Returns:
        Summed over features.

    Raises:
        ValueError: if a shape does not fit, or a size is not in the range.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> pca_errors(pca.fit(x, 2), x, (0, 1, 2)).round(6)
        array([2.5, 0.5, 0. ])
    """
    axes, mean = np.asarray(model.components, np.float64), np.asarray(model.mean, np.float64)
    wanted = _check_sizes(sizes, len(axes))
    examples = check_matrix("x", x, columns=axes.shape[1])
    targets = examples if target is None else check_array("target", target, shape=examples.shape)
    # One axis more changes the error by what it does along that axis, and nowhere else.
    code, target_code = (examples - mean) @ axes.T, (targets - mean) @ axes.T
    steps = ((target_code - code) ** 2 - target_code**2).mean(axis=0)
    errors = ((targets - mean) ** 2).sum(axis=1).mean() + np.append(0.0, np.cumsum(steps))
    # Where no error is left, rounding can leave a little less than nothing.
    return np.asarray(np.maximum(errors[list(wanted)], 0.0))


def pca_error_budget(
    model: PCA, signal: Float[ArrayLike, "n d"], noise_variance: float, sizes: Iterable[int]
) -> ErrorBudget:
    r"""Return the expected error of PCA against clean signals, over the noise of new examples.

    Exact for any axes and mean that were found without these examples: on noisy or clean data,
    many or few, of the same classes or others.

    Args:
        model: a fit with as many axes as the largest size.
        signal: clean examples.
        noise_variance: :math:`\sigma^2` of the white noise that will be added to them.
        sizes: of the code.

    Raises:
        ValueError: if a shape does not fit, a size is out of range or the variance is negative.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> s = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> budget = pca_error_budget(pca.fit(s, 2), s, 1.0, (0, 1, 2))
        >>> budget.total.round(6), budget.best
        (array([2.5, 1.5, 2. ]), 1)
    """
    variance = check_number("noise_variance", noise_variance, at_least=0)
    wanted = _check_sizes(sizes, len(model.components))
    lost = pca_errors(model, signal, wanted)
    return ErrorBudget(wanted, lost, variance * np.array(wanted, float))


def predicted_error_budget(
    variances: Float[ArrayLike, " d"],
    noise_variance: float,
    sizes: Iterable[int],
    *,
    num_examples: int | None = None,
) -> ErrorBudget:
    r"""Predict the error budget of PCA fitted on noisy examples, from the signal's spectrum alone.

    With unlimited examples the axes are those of the signal, white noise or not, and axis j saves
    :math:`\lambda_j` and costs :math:`\sigma^2`. With n examples the j-th axis is off by an angle
    whose squared cosine is :func:`aelib.lab.planted.predicted_overlap` of
    :math:`\rho_j = \lambda_j / \sigma^2`, and saves only that part of :math:`\lambda_j`; and the
    mean of the examples is off by a part 1/n of all variance that is not kept. An approximation for
    well-separated variances, d and n large.

    Args:
        variances: of the clean signal along its axes, descending.
        noise_variance: :math:`\sigma^2`, above 0.
        sizes: of the code, 0 to d.
        num_examples: n; unlimited when left out.

    Raises:
        ValueError: if the variances are not descending, or an argument is out of range.

    Example:
        >>> predicted_error_budget([9.0, 4.0, 0.5, 0.1], 1.0, range(5)).total
        array([13.6,  5.6,  2.6,  3.1,  4. ])
    """
    spectrum = check_variances("variances", variances)
    if (np.diff(spectrum) > 1e-9 * spectrum[0]).any():
        raise ValueError("variances: expected them in descending order")
    noise = check_number("noise_variance", noise_variance, above=0)
    wanted = _check_sizes(sizes, len(spectrum))
    overlap: NDArray[np.float64] = np.ones(len(spectrum))
    if num_examples is not None:
        overlap = predicted_overlap(spectrum / noise, len(spectrum), num_examples)
    saved = np.append(0.0, np.cumsum(spectrum * overlap))
    lost = spectrum.sum() - saved
    if num_examples is not None:
        outside = noise * (len(spectrum) - np.arange(len(lost)))
        lost = lost + (lost + outside) / num_examples
    return ErrorBudget(wanted, lost[list(wanted)], noise * np.array(wanted, float))


def retention_threshold(num_features: int, num_examples: int | None = None) -> float:
    r"""Return the least :math:`\lambda / \sigma^2` at which a component is worth retaining.

    Retaining one saves :math:`\lambda` times the squared cosine between the sample's axis
    and the true one, and costs :math:`\sigma^2`. With :math:`\rho = \lambda / \sigma^2`,
    :math:`\gamma = d / n` and the cosine of :func:`aelib.lab.planted.predicted_overlap`, it pays if
    :math:`(\rho^2 - \gamma) / (\rho + \gamma) > 1`, that is if

    .. math:: \rho > \tfrac12 \bigl(1 + \sqrt{1 + 8 \gamma}\bigr) .

    Args:
        num_features: d.
        num_examples: n; unlimited when left out, and the answer is then 1.

    Raises:
        ValueError: if a number is below 1.

    Example:
        >>> retention_threshold(100), retention_threshold(300, 100)
        (1.0, 3.0)
    """
    gamma = float(check_count("num_features", num_features))
    gamma = 0.0 if num_examples is None else gamma / check_count("num_examples", num_examples)
    return float((1 + np.sqrt(1 + 8 * gamma)) / 2)


def signal_spectrum(x: Float[ArrayLike, "n d"]) -> Float[np.ndarray, " d"]:
    """Return the variances of examples along their principal axes, descending, divisor n.

    Example:
        >>> signal_spectrum([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        array([2. , 0.5])
    """
    matrix = check_matrix("x", x)
    values = np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False) ** 2 / len(matrix)
    return np.append(values, np.zeros(matrix.shape[1] - len(values)))


def _check_sizes(sizes: Iterable[int], largest: int) -> tuple[int, ...]:
    wanted = check_counts("sizes", sizes, at_least=0, at_most=largest)
    if not wanted:
        raise ValueError("sizes: expected at least one, got none")
    return wanted

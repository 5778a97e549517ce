"""Probes: how well a label can be read off a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Real, Shaped
from numpy.typing import ArrayLike

from aelib._checks import check_choice, check_matrix
from aelib._lazy import require

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

__all__ = ["accuracy", "linear", "nonlinear"]


def linear(codes: Float[ArrayLike, "n k"], labels: Shaped[ArrayLike, " n"]) -> ClassifierMixin:
    """Fit a linear probe: scikit-learn's linear discriminant.

    Each class is taken as a Gaussian with its own mean and the covariance that all classes share,
    which makes the boundaries linear. The answer does not change when the codes are multiplied by
    an invertible matrix: the probe sees what a code carries, not the basis in which it is written.

    Args:
        codes: one per example.
        labels: class of each code, integers or words; at least two classes.

    Returns:
        A fitted classifier with ``predict`` and ``score``. For codes that are all the same, one
        that gives the most frequent class.

    Raises:
        ModuleNotFoundError: without scikit-learn; the message names the extra that installs it.
        ValueError: if the codes are no finite matrix, the lengths differ, or there is only one
            class.

    Example:
        >>> import numpy as np
        >>> codes = np.array([[0.0], [0.2], [1.0], [1.2]])
        >>> probe = linear(codes, [0, 0, 1, 1])
        >>> probe.predict([[0.1], [1.1]])
        array([0, 1])

    References:
        R. A. Fisher (1936), The use of multiple measurements in taxonomic problems, Annals of
        Eugenics 7(2).
        G. Alain and Y. Bengio (2016), Understanding intermediate layers using linear classifier
        probes, arXiv:1610.01644.
    """
    matrix, given = _checked(codes, labels)
    # A collapsed autoencoder gives one code to all examples; the discriminant cannot be fitted
    # then.
    if np.all(matrix == matrix[0]):
        probe = require("sklearn.dummy", purpose="aelib.lab.probes").DummyClassifier()
    else:
        module = require("sklearn.discriminant_analysis", purpose="aelib.lab.probes")
        probe = module.LinearDiscriminantAnalysis()
    return probe.fit(matrix, given)


def nonlinear(codes: Float[ArrayLike, "n k"], labels: Shaped[ArrayLike, " n"]) -> ClassifierMixin:
    """Fit a nonlinear probe: a support vector machine with a Gaussian kernel.

    It finds what is written into a code along curves, or in the distance from a point, where a
    linear probe sees nothing. Each feature of the codes is first divided by its standard deviation.

    Args:
        codes: one per example.
        labels: class of each code, integers or words; at least two classes.

    Returns:
        A fitted classifier with ``predict`` and ``score``.

    Raises:
        ModuleNotFoundError: without scikit-learn; the message names the extra that installs it.
        ValueError: as :func:`linear`.

    Example:
        >>> import numpy as np
        >>> codes = np.linspace(-1.0, 1.0, 40)[:, None]
        >>> inside = np.abs(codes[:, 0]) < 0.5  # no threshold tells the two apart
        >>> probe = nonlinear(codes, inside)
        >>> probe.predict([[-0.8], [0.0], [0.8]])
        array([False,  True, False])

    References:
        C. Cortes and V. Vapnik (1995), Support-vector networks, Machine Learning 20(3).
    """
    matrix, given = _checked(codes, labels)
    svm = require("sklearn.svm", purpose="aelib.lab.probes")
    pipeline = require("sklearn.pipeline", purpose="aelib.lab.probes")
    preprocessing = require("sklearn.preprocessing", purpose="aelib.lab.probes")
    # Scikit-learn's default of 1 smooths the boundary more than codes of few examples need.
    probe = pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(C=10.0))
    return probe.fit(matrix, given)


def _checked(codes: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    matrix, given = check_matrix("codes", codes), np.asarray(labels)
    if given.shape != matrix.shape[:1]:
        raise ValueError(f"labels: expected shape {matrix.shape[:1]}, got {given.shape}")
    if len(np.unique(given)) < 2:
        raise ValueError(f"labels: expected at least two classes, got {np.unique(given)}")
    return matrix, given


def accuracy(
    encode: Callable[[Any], Real[ArrayLike, "n k"]],
    train: tuple[Real[ArrayLike, "n d"], Shaped[ArrayLike, " n"]],
    test: tuple[Real[ArrayLike, "m d"], Shaped[ArrayLike, " m"]],
    *,
    kind: Literal["linear", "nonlinear"] = "linear",
) -> float:
    """Return the fraction of test examples whose label a probe reads off their code.

    Args:
        encode: from examples [n, d] to codes [n, k].
        train: examples and labels that the probe is fitted on.
        test: examples and labels that it is measured on.
        kind: of the probe, :func:`linear` or :func:`nonlinear`.

    Raises:
        ValueError: as :func:`linear`.

    Example:
        >>> import numpy as np
        >>> x, labels = np.array([[0.0, 1.0], [0.1, 2.0], [2.0, 1.0], [2.1, 2.0]]), [0, 0, 1, 1]
        >>> accuracy(lambda examples: examples[:, :1], (x, labels), (x, labels))
        1.0
    """
    check_choice("kind", kind, ("linear", "nonlinear"))
    fit = linear if kind == "linear" else nonlinear
    probe = fit(encode(train[0]), train[1])
    return float(probe.score(check_matrix("codes", encode(test[0])), test[1]))

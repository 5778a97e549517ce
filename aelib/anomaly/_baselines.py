"""Two detectors in closed form, as baselines for an autoencoder."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from aelib import pca
from aelib._checks import check_number
from aelib._lazy import require
from aelib.anomaly._detector import ConformalDetector
from aelib.anomaly._keep import keepable, take

_AXES = ("mean", "components", "explained_variance", "total_variance")
_LOG_2PI = math.log(2 * math.pi)


def _parts(x: Float[np.ndarray, "n d"]) -> Iterator[Float[np.ndarray, "m d"]]:
    """The examples, as many at a time as stay in the cache with what is made of them."""
    size = max(16, 2**16 // x.shape[1])
    for start in range(0, len(x), size):
        yield x[start : start + size]


@keepable
class PCADetector(ConformalDetector):
    """Anomaly detector from principal components, the best linear autoencoder in squared error.

    The score is the log-density of an example around its reconstruction, in nats, under a Gaussian
    whose scale is fitted to the residuals of the examples it has learned from.

    Args:
        num_components: number of components k, at most n - 1 and d; None for half of that.
        scale: ``"shared"`` for one standard deviation, with which examples are ranked by their
            squared error; ``"feature"`` for one per feature; or a positive number, which is not
            fitted.
        floor: smallest fitted scale, in the unit of the data.
        alpha: the largest acceptable false-alarm rate.
        calibration_fraction: fraction of the examples that ``fit`` holds out for the threshold.
        random_state: decides which examples these are.

    Attributes:
        pca_: the :class:`aelib.pca.PCA`.
        scale_: the standard deviation of each feature.
        offset_: the score below which there is an alarm.
        calibration_: the :class:`Calibration`.
        n_features_in_: number of features d.

    Example:
        >>> import numpy as np
        >>> normal = np.random.default_rng(0).normal(size=(300, 2)) * [5.0, 0.1]
        >>> PCADetector(1).fit(normal).predict([[9.0, 0.0], [0.0, 9.0]])
        array([ 1, -1])
    """

    def __init__(
        self,
        num_components: int | None = None,
        *,
        scale: float | str = "shared",
        floor: float = 1e-3,
        alpha: float = 0.05,
        calibration_fraction: float = 0.3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.num_components = num_components
        self.scale = scale
        self.floor = floor
        self.alpha = alpha
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def score_features(self, X: Float[ArrayLike, "n d"]) -> Float[np.ndarray, "n d"]:
        """The terms whose sum is ``score_samples``: ``log p`` of each feature, in nats."""
        return -self._terms(self._checked(X))

    def _learn(self, x: Float[np.ndarray, "n d"], seed: int) -> None:  # noqa: ARG002  (not random)
        # pca.fit needs two rows for a variance; one example, repeated, has none.
        rows = x if len(x) > 1 else np.repeat(x, 2, axis=0)
        most = min(len(rows) - 1, rows.shape[1])
        wanted = self.num_components
        self.pca_ = pca.fit(rows, max(1, most // 2) if wanted is None else wanted)
        if isinstance(self.scale, str):
            if self.scale not in ("shared", "feature"):
                raise ValueError(
                    f"scale: expected 'shared', 'feature' or a number, got {self.scale!r}"
                )
            squares = sum(np.square(self._residual(part)).sum(axis=0) for part in _parts(x))
            fitted = squares / len(x) if self.scale == "feature" else squares.mean() / len(x)
            values = np.maximum(np.sqrt(fitted), check_number("floor", self.floor, at_least=0))
        else:
            values = np.asarray(check_number("scale", self.scale, above=0))
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ValueError(f"scale: expected a positive number, got {self.scale}")
        self.scale_ = np.broadcast_to(values, x.shape[1:]).copy()

    def _terms(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        terms = self._residual(x)
        terms /= self.scale_
        np.square(terms, out=terms)
        terms *= 0.5
        terms += np.log(self.scale_) + 0.5 * _LOG_2PI
        return terms

    def _residual(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        """What the kept axes do not reproduce."""
        centered = x - self.pca_.mean
        centered -= (centered @ self.pca_.basis) @ self.pca_.components
        return centered

    def _losses(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return np.concatenate([self._terms(part).sum(axis=1) for part in _parts(x)])

    def _kept(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        fitted = self.pca_
        arrays = {name: np.asarray(getattr(fitted, name)) for name in _AXES}
        return {"num_examples": int(fitted.num_examples)}, {**arrays, "scale": self.scale_}

    def _restore(self, path: Path, about: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        d = self.n_features_in_
        k = len(tensors["components"])
        shapes = dict(zip(_AXES, ((d,), (k, d), (k,), ()), strict=True))
        *axes, self.scale_ = take(path, tensors, {**shapes, "scale": (d,)})
        fitted = dict(zip(_AXES, axes, strict=True))
        self.pca_ = pca.PCA(**fitted, num_examples=about["num_examples"])


@keepable
class GaussianDetector(ConformalDetector):
    r"""Anomaly detector from a Gaussian of a few features: Mahalanobis distance, in nats.

    .. math:: -\log p(f) = \tfrac12 (f - m)^\top C^{-1} (f - m) + \tfrac12 \log\det(2 \pi C)

    C is shrunk towards a diagonal matrix by the amount of Ledoit and Wolf, so there may be fewer
    examples than features.

    Args:
        features: a function from examples ``[n, d]`` to features ``[n, k]``, such as
            ``functools.partial(patch_statistics, shape=(16, 16))``; None for the examples
            themselves.
        alpha: the largest acceptable false-alarm rate.
        calibration_fraction: fraction of the examples that ``fit`` holds out for the threshold.
        random_state: decides which examples these are.

    Attributes:
        mean_: mean of the features.
        covariance_: their covariance after shrinkage.
        offset_: the score below which there is an alarm.
        calibration_: the :class:`Calibration`.
        n_features_in_: number of features d of an example.

    Example:
        >>> import numpy as np
        >>> normal = np.random.default_rng(0).normal(size=(300, 2)) @ [[1.0, 1.0], [0.0, 0.1]]
        >>> GaussianDetector().fit(normal).predict([[1.0, 1.0], [1.0, -1.0]])
        array([ 1, -1])

    References:
        O. Ledoit and M. Wolf (2004), *A well-conditioned estimator for large-dimensional covariance
        matrices*, Journal of Multivariate Analysis 88, 365-411.
    """

    def __init__(
        self,
        features: Callable[[Float[np.ndarray, "n d"]], Float[ArrayLike, "n k"]] | None = None,
        *,
        alpha: float = 0.05,
        calibration_fraction: float = 0.3,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.features = features
        self.alpha = alpha
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def _learn(self, x: Float[np.ndarray, "n d"], seed: int) -> None:  # noqa: ARG002  (not random)
        ledoit_wolf = require("sklearn.covariance", purpose="GaussianDetector").ledoit_wolf
        values = self._features(x)
        self.mean_ = values.mean(axis=0)
        # Features in units of their standard deviation, since shrinkage assumes that these are
        # equal. A constant feature gets a millionth of its size, so that any change is anomalous.
        spread, size = values.std(axis=0), np.abs(values).max(axis=0)
        spread = np.maximum(spread, np.where(size > 0, 1e-6 * size, 1e-6))
        standard = (values - self.mean_) / spread
        correlation = ledoit_wolf(standard, assume_centered=True)[0] if len(x) > 1 else 0.0
        # 1e-9 keeps it positive definite, and is far below the variances after shrinkage.
        correlation = correlation + 1e-9 * np.eye(len(spread))
        self.covariance_ = correlation * np.outer(spread, spread)
        factor = np.linalg.cholesky(correlation)
        self._whiten = np.linalg.inv(factor) / spread
        log_det = 2 * np.log(np.diag(factor)).sum() + 2 * np.log(spread).sum()
        self._constant = 0.5 * (log_det + len(spread) * _LOG_2PI)

    def _losses(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        # einsum and not @: the score of an example then does not depend on the other rows.
        values = self._features(x)
        if values.shape[1] != len(self.mean_):
            raise ValueError(
                f"features: expected {len(self.mean_)}, as in fit, got {values.shape[1]}"
            )
        centered = values - self.mean_
        distance = np.square(np.einsum("nk,jk->nj", centered, self._whiten)).sum(axis=1)
        return 0.5 * distance + self._constant

    def _features(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        values = np.asarray(x if self.features is None else self.features(x), np.float64)
        if values.ndim != 2 or len(values) != len(x):
            raise ValueError(f"features: expected shape [{len(x)}, k], got {values.shape}")
        return values

    _not_kept = ("features",)

    def _kept(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        learned = {"mean": self.mean_, "covariance": self.covariance_, "whiten": self._whiten}
        about = {"has_features": self.features is not None, "constant": float(self._constant)}
        return about, learned

    def _restore(self, path: Path, about: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        if about["has_features"] != (self.features is not None):
            expected = "the function it was fitted with" if about["has_features"] else "none"
            raise ValueError(
                f"features: expected {expected}, as {path} has a detector of "
                f"{'such' if about['has_features'] else 'plain'} features, got {self.features!r}"
            )
        k = len(tensors["mean"])
        shapes = {"mean": (k,), "covariance": (k, k), "whiten": (k, k)}
        self.mean_, self.covariance_, self._whiten = take(path, tensors, shapes)
        self._constant = about["constant"]

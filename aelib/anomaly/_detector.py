"""Base class of the detectors: scikit-learn's interface, with a conformal threshold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy.typing import ArrayLike

from aelib._lazy import require
from aelib.anomaly import _keep
from aelib.anomaly._checks import check_alpha
from aelib.anomaly._conformal import Calibration

_base = require("sklearn.base", purpose="aelib.anomaly")
_exceptions = require("sklearn.exceptions", purpose="aelib.anomaly")
_utils = require("sklearn.utils", purpose="aelib.anomaly")
_validation = require("sklearn.utils.validation", purpose="aelib.anomaly")
OutlierMixin: Any = _base.OutlierMixin
BaseEstimator: Any = _base.BaseEstimator


class ConformalDetector(OutlierMixin, BaseEstimator):
    """Base class of the detectors: learns from normal examples, alarms at a bounded rate.

    ``fit`` learns from a part of the examples and calibrates on the rest, which is chosen at
    random. That is right for examples that are exchangeable. For patches of one image it is not:
    fit with ``calibration_fraction=0`` on some blocks, then :meth:`calibrate` on others.

    A subclass has ``alpha``, ``calibration_fraction`` and ``random_state`` among its parameters and
    defines ``_learn(x, seed)`` and ``_losses(x)``: nats per example, larger is more anomalous.

    Attributes:
        offset_: the score below which there is an alarm; minus infinity if there are too few normal
            examples for one.
        calibration_: the :class:`Calibration`.
        n_features_in_: number of features d.

    Example:
        A detector that takes the distance to the mean for its loss:

        >>> import numpy as np
        >>> class DistanceDetector(ConformalDetector):
        ...     def __init__(self, alpha=0.1, calibration_fraction=0.5, random_state=0):
        ...         self.alpha = alpha
        ...         self.calibration_fraction = calibration_fraction
        ...         self.random_state = random_state
        ...     def _learn(self, x, seed):
        ...         self.mean_ = x.mean(axis=0)
        ...     def _losses(self, x):
        ...         return np.linalg.norm(x - self.mean_, axis=1)
        >>> normal = np.random.default_rng(0).normal(size=(100, 2))
        >>> DistanceDetector().fit(normal).predict([[0.0, 0.0], [9.0, 9.0]])  # -1 is an alarm
        array([ 1, -1])
    """

    alpha: float
    calibration_fraction: float
    random_state: int | np.random.RandomState | None

    def fit(self, X: Float[ArrayLike, "n d"], y: None = None) -> Self:  # noqa: ARG002  (scikit-learn's)
        """Learn from normal examples, and calibrate on those held out.

        Args:
            X: normal examples.
            y: not used.

        Returns:
            The detector.

        Raises:
            ValueError: if a parameter is out of its range or there are too few examples to divide.

        Warns:
            CalibrationWarning: if too few examples are held out for ``alpha``.
        """
        x = _validation.validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._check_parameters()
        random = _utils.check_random_state(self.random_state)
        held_out = self._held_out(len(x))
        order = random.permutation(len(x))
        seed = int(random.randint(2**31 - 1))
        self._forget()
        self._learn(x[np.sort(order[held_out:])], seed)
        if held_out:
            self._calibrate(x[np.sort(order[:held_out])], None)
        return self

    def calibrate(
        self, X: Float[ArrayLike, "n d"], groups: Shaped[ArrayLike, " n"] | None = None
    ) -> Self:
        """Set the threshold from other normal examples than those it was fitted on.

        Args:
            X: normal examples that took no part in ``fit``.
            groups: the group of each example, such as the block of a patch; see
                :class:`Calibration`.

        Returns:
            The detector.

        Raises:
            ValueError: if shapes do not fit.

        Warns:
            CalibrationWarning: if there are too few examples or groups for ``alpha``.
        """
        x = self._checked(X)
        self._check_parameters()
        return self._calibrate(x, groups)

    def score_samples(self, X: Float[ArrayLike, "n d"]) -> Float[np.ndarray, " n"]:
        """Minus the loss of each example, in nats: higher is more normal, as in scikit-learn.

        Args:
            X: examples.

        Returns:
            One score for each example; minus infinity where the loss overflows or is not a number.
        """
        return -self._safe_losses(self._checked(X))

    def decision_function(self, X: Float[ArrayLike, "n d"]) -> Float[np.ndarray, " n"]:
        """``score_samples(X) - offset_``: below 0 for an alarm.

        Args:
            X: examples.

        Returns:
            Nats; infinite if there are too few calibration examples for any alarm.
        """
        self._check_calibrated()
        scores = self.score_samples(X)
        if np.isneginf(self.offset_):  # never an alarm, not even where the loss is infinite
            return np.full(len(scores), np.inf)
        return scores - self.offset_

    def predict(self, X: Float[ArrayLike, "n d"]) -> Int[np.ndarray, " n"]:
        """-1 for an alarm, 1 otherwise.

        An alarm is a p-value of at most ``alpha``, so that a normal example exchangeable with the
        calibration examples raises one with probability at most ``alpha``.

        Args:
            X: examples.

        Returns:
            -1 or 1 for each example.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def p_values(
        self,
        X: Float[ArrayLike, "n d"],
        *,
        randomized: bool = False,
        random_state: int | np.random.Generator = 0,
    ) -> Float[np.ndarray, " n"]:
        """The conformal p-value of each example; see :meth:`Calibration.p_values`.

        Args:
            X: examples.
            randomized: whether ties are broken at random.
            random_state: a seed or NumPy generator for that.

        Returns:
            Probabilities, in (0, 1].
        """
        self._check_calibrated()
        losses = -self.score_samples(X)
        return self.calibration_.p_values(losses, randomized=randomized, random_state=random_state)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted detector to a safetensors file, its threshold included.

        It is written under a temporary name and then renamed, so that ``path`` holds either what it
        held before or the whole detector. :meth:`load` reads it back. Functions and optimizers that
        made the detector are not kept.

        Args:
            path: where; an existing file is replaced.

        Raises:
            sklearn.exceptions.NotFittedError: if there is nothing to keep yet.
            TypeError: if it is no detector of :mod:`aelib.anomaly`.
            ValueError: if its model or its likelihood is not of this package.
        """
        _validation.check_is_fitted(self, "n_features_in_")
        _keep.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **parameters: Any) -> Self:
        """Read a detector that :meth:`save` wrote; its scores are the same, bit for bit.

        Nothing in the file is executed.

        Args:
            path: the file.
            **parameters: what a file cannot hold: the ``features`` of a :class:`GaussianDetector`
                that has some.

        Returns:
            The detector. A :class:`ReconstructionDetector` has its trained model as ``model``, so
            that ``fit`` calibrates it anew and does not train it.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is truncated or damaged, of another kind or class, or does not fit
                this package.
            TypeError: if a parameter is given that the file holds.

        Example:
            >>> import pathlib, tempfile
            >>> import numpy as np
            >>> from aelib import anomaly
            >>> normal = np.random.default_rng(0).normal(size=(300, 3))
            >>> detector = anomaly.PCADetector(1).fit(normal)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     detector.save(pathlib.Path(folder) / "detector")
            ...     again = anomaly.PCADetector.load(pathlib.Path(folder) / "detector")
            >>> bool((again.decision_function(normal) == detector.decision_function(normal)).all())
            True
        """
        detector: Self = _keep.load(cls, path, parameters)
        return detector

    #: Parameters that a file does not hold.
    _not_kept: tuple[str, ...] = ()

    def _kept(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What was learned: JSON values, and arrays by name."""
        raise NotImplementedError

    def _restore(self, path: Path, about: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        """Put it back."""
        raise NotImplementedError

    def _learn(self, x: Float[np.ndarray, "n d"], seed: int) -> None:
        raise NotImplementedError

    def _losses(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        raise NotImplementedError

    def _safe_losses(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Losses, infinite where they overflow: such an example is anomalous, which is no error."""
        with np.errstate(over="ignore", invalid="ignore"):
            losses = np.asarray(self._losses(x), np.float64)
        return np.where(np.isnan(losses), np.inf, losses)

    def _held_out(self, count: int) -> int:
        """How many of ``count`` examples ``fit`` keeps for the calibration."""
        fraction = self.calibration_fraction
        return min(max(round(fraction * count), 1), count - 1) if fraction else 0

    def _check_parameters(self) -> None:
        check_alpha(self.alpha)
        if not 0 <= self.calibration_fraction < 1:
            raise ValueError(
                "calibration_fraction: expected a number in [0, 1), got "
                f"{self.calibration_fraction}"
            )

    def _calibrate(
        self, x: Float[np.ndarray, "n d"], groups: Shaped[ArrayLike, " n"] | None
    ) -> Self:
        self.calibration_ = Calibration(self._safe_losses(x), groups)
        self.offset_ = -self.calibration_.threshold(self.alpha)
        return self

    def _forget(self) -> None:
        """Remove the threshold of an earlier fit."""
        for name in ("offset_", "calibration_"):
            if hasattr(self, name):
                delattr(self, name)

    def _checked(self, X: Float[ArrayLike, "n d"]) -> Float[np.ndarray, "n d"]:
        _validation.check_is_fitted(self, "n_features_in_")
        return _validation.validate_data(self, X, dtype=np.float64, reset=False)

    def _check_calibrated(self) -> None:
        _validation.check_is_fitted(self, "n_features_in_")
        if not hasattr(self, "offset_"):
            raise _exceptions.NotFittedError(
                f"This {type(self).__name__} has no threshold yet: call calibrate with normal "
                "examples that took no part in fit"
            )

"""The detector whose score is an autoencoder's reconstruction loss."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import jax
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, PyTree
from numpy.typing import ArrayLike

from aelib import likelihoods, models, training
from aelib._checks import check_count
from aelib.anomaly._detector import ConformalDetector
from aelib.anomaly._keep import keepable
from aelib.likelihoods import Likelihood
from aelib.training._keep import describe, rebuild

# Examples are scored in batches of this size, the last one filled up with zeros: one program is
# compiled for any number of examples, and the score of an example does not depend on the others.
_ROWS = 256
# Arguments of `training.fit` that the detector sets itself, or that have an entry for each example.
_RESERVED = ("batch_size", "exposure", "key", "mask", "steps", "weights")


@keepable
class ReconstructionDetector(ConformalDetector):
    """Anomaly detector from the reconstruction loss of an autoencoder.

    The score of an example is ``log p(x | f(x))``, minus its reconstruction loss in nats under the
    likelihood, for which :func:`aelib.training.fit` trained model and likelihood together. With a
    Gaussian of one fixed scale it ranks examples as the squared error does. With one learned scale
    per feature, ``likelihood=functools.partial(Gaussian, "feature")``, an error where the normal
    examples are always reconstructed well counts for more.

    A model that can reconstruct anything reconstructs the defect as well, so the bottleneck should
    be narrow.

    Args:
        model: a function ``(num_features, *, rngs)`` that makes a model, such as
            ``functools.partial(aelib.models.mlp, latent=8)``; or a trained model, which is taken as
            it is. None for a network with 64 hidden units and a quarter as many codes as features.
            A model of images is given its examples in their shape (``encoder.input_shape``).
        likelihood: a likelihood, or a function ``(*, num_features)`` that makes one. None for a
            Gaussian of scale 1: half the squared error, plus a constant.
        alpha: the largest acceptable false-alarm rate.
        calibration_fraction: fraction of the examples that ``fit`` holds out for the threshold. A
            trained model is calibrated on all examples, which must not be in its training data.
        steps: training steps.
        batch_size: examples in each step. Where there are no more than this, every step sees all.
        fit_options: further arguments of :func:`aelib.training.fit`, such as ``optimizer``,
            ``corruption`` or ``penalties``. The optimizer may also be a function that makes it,
            ``functools.partial(optax.adam, 1e-2)``, since optax's objects cannot be pickled.
        random_state: decides held-out examples, initial weights and batches.

    Attributes:
        model_: the trained model.
        likelihood_: the likelihood with its trained parameters.
        history_: the history of training, or None.
        offset_: the score below which there is an alarm.
        calibration_: the :class:`Calibration`.
        n_features_in_: number of features d.

    Raises:
        TypeError: if the model or the likelihood is of the wrong kind.

    Example:
        >>> import functools
        >>> import numpy as np
        >>> import optax
        >>> from aelib import anomaly, models
        >>> angle = np.random.default_rng(0).uniform(0, 6, size=300)
        >>> circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
        >>> detector = anomaly.ReconstructionDetector(
        ...     functools.partial(models.linear, latent=2),
        ...     steps=500,
        ...     fit_options={"optimizer": optax.adam(1e-2)},
        ... )
        >>> detector.fit(circle).predict([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
        array([ 1, -1])
    """

    def __init__(
        self,
        model: Callable[..., Any] | nnx.Module | None = None,
        likelihood: likelihoods.Likelihood | Callable[..., likelihoods.Likelihood] | None = None,
        *,
        alpha: float = 0.05,
        calibration_fraction: float = 0.3,
        steps: int = 1000,
        batch_size: int = 128,
        fit_options: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.model = model
        self.likelihood = likelihood
        self.alpha = alpha
        self.calibration_fraction = calibration_fraction
        self.steps = steps
        self.batch_size = batch_size
        self.fit_options = fit_options
        self.random_state = random_state

    @classmethod
    def from_model(
        cls,
        model: nnx.Module,
        likelihood: likelihoods.Likelihood | None = None,
        *,
        num_features: int | None = None,
        **parameters: Any,
    ) -> Self:
        """Make a detector from a trained model, which is not trained any further.

        Give normal examples that the model has not seen to :meth:`ConformalDetector.calibrate`, or
        to ``fit``, which then does the same: the threshold comes from all of them.

        Args:
            model: the trained model, such as ``result.model``.
            likelihood: what it was trained under, such as ``result.likelihood``.
            num_features: number of features, for a model whose encoder does not say.
            **parameters: further parameters, such as ``alpha``.

        Returns:
            The detector.

        Raises:
            TypeError: if the model or the likelihood is of the wrong kind.
            ValueError: if the number of features is not known.

        Example:
            >>> import numpy as np
            >>> from flax import nnx
            >>> from aelib import models
            >>> model = models.linear(4, 2, rngs=nnx.Rngs(0))
            >>> detector = ReconstructionDetector.from_model(model, alpha=0.1)
            >>> normal = np.random.default_rng(0).normal(size=(100, 4))
            >>> detector.calibrate(normal).predict(normal[:1] + 9.0)
            array([-1])
        """
        if not isinstance(model, nnx.Module):
            raise TypeError(f"model: expected a trained nnx.Module, got {model!r}")
        detector = cls(model, likelihood, **parameters)
        shape = getattr(getattr(model, "encoder", None), "input_shape", None)
        if shape is None and num_features is None:
            raise ValueError("num_features: expected it, as the model's encoder has no input_shape")
        detector.n_features_in_ = math.prod(shape) if shape is not None else num_features
        detector._learn(np.zeros((0, detector.n_features_in_)), 0)
        return detector

    def score_features(self, X: Float[ArrayLike, "n d"]) -> Float[np.ndarray, "n d"]:
        """The terms whose sum is ``score_samples``: ``log p`` of each feature, in nats.

        For images they show where the anomaly is: reshape minus this to patches, and
        :func:`heat_map` arranges them as an image.

        Args:
            X: examples.

        Returns:
            One number for each feature of each example.

        Raises:
            TypeError: if the likelihood does not treat features one by one.
        """
        x = self._checked(X)
        if not hasattr(self.likelihood_, "log_prob_per_feature"):
            raise TypeError(
                "likelihood: expected one with log_prob_per_feature, a term for each feature, got "
                f"{type(self.likelihood_).__name__}"
            )
        return self._apply("log_prob_per_feature", x).reshape(len(x), -1)

    _not_kept = ("model", "likelihood", "fit_options")

    def _kept(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return describe(self.model_, self.likelihood_)

    def _restore(self, path: Path, about: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        self.model, self.likelihood = rebuild(path, about, tensors)
        self.model_, self.likelihood_ = self.model, self.likelihood
        self.history_: training.History | None = None
        d = math.prod(_example_shape(self.model, self.n_features_in_))
        if d != self.n_features_in_:
            raise ValueError(f"{path}: its model takes {d} features, not {self.n_features_in_}")

    def _held_out(self, count: int) -> int:
        return count if isinstance(self.model, nnx.Module) else super()._held_out(count)

    def _learn(self, x: Float[np.ndarray, "n d"], seed: int) -> None:
        d = x.shape[1]
        likelihood = _likelihood(self.likelihood, d)
        if isinstance(self.model, nnx.Module):
            self.model_, self.likelihood_ = self.model, likelihood
            self.history_ = None
            return
        model_key, key = jax.random.split(jax.random.key(seed))
        make = _small_network if self.model is None else self.model
        if not callable(make):
            raise TypeError(f"model: expected a function that makes a model, got {make!r}")
        options = {"progress": False, **(self.fit_options or {})}
        for name in _RESERVED:
            if name in options:
                raise ValueError(f"fit_options: {name} is set by the detector, expected none")
        if "optimizer" in options and not hasattr(options["optimizer"], "init"):
            options["optimizer"] = options["optimizer"]()
        model = make(d, rngs=nnx.Rngs(model_key))
        examples = x.reshape(len(x), *_example_shape(model, d))
        unknown = sorted(set(options) - set(inspect.signature(training.fit).parameters))
        if unknown:
            raise TypeError(
                f"fit_options: expected arguments of aelib.training.fit, got {unknown[0]!r}"
            )
        result = training.fit(
            model,
            **_examples(examples, self.batch_size),
            loss=likelihood,
            steps=self.steps,
            key=key,
            **options,
        )
        self.model_, self.likelihood_ = result.model, result.likelihood
        self.history_ = result.history

    def _losses(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return -self._apply("log_prob", x)

    def _apply(self, method: str, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]:
        """Call a method of the likelihood with (model(x), x), in batches; the result in float64."""
        pair = (self.model_, self.likelihood_)
        graphdef, state = nnx.split(pair)
        wide = any(leaf.dtype == np.float64 for leaf in jax.tree.leaves(state))
        with np.errstate(over="ignore"):  # beyond float32 is infinite, and so is its loss
            examples = x.astype(np.float64 if wide else np.float32)
        examples = examples.reshape(len(x), *_example_shape(self.model_, x.shape[1]))
        parts = []
        for start in range(0, len(examples), _ROWS):
            batch = examples[start : start + _ROWS]
            full = np.zeros((_ROWS, *batch.shape[1:]), examples.dtype)
            full[: len(batch)] = batch
            result = _evaluate(graphdef, method, nnx.as_pure(state), full)
            parts.append(np.asarray(result, np.float64)[: len(batch)])
        return np.concatenate(parts)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _evaluate(
    graphdef: nnx.GraphDef, method: str, state: PyTree, x: Float[Array, "rows ..."]
) -> Float[Array, "rows ..."]:
    model, likelihood = nnx.merge(graphdef, state)
    return getattr(likelihood, method)(model(x), x)


def _small_network(num_features: int, *, rngs: nnx.Rngs) -> models.Autoencoder:
    return models.mlp(num_features, max(1, num_features // 4), hidden=(64,), rngs=rngs)


def _likelihood(given: Likelihood | Callable[..., Likelihood] | None, num_features: int) -> Any:
    """The likelihood itself, or made by a function."""
    if given is None:
        return likelihoods.Gaussian()
    if not hasattr(given, "log_prob") or isinstance(given, type):
        if not callable(given):
            raise TypeError(f"likelihood: expected one or a function that makes one, got {given!r}")
        given = given(num_features=num_features)
    if not (isinstance(given, nnx.Module) and hasattr(given, "log_prob")):
        raise TypeError(f"likelihood: expected an nnx.Module with log_prob, got {given!r}")
    return given


def _example_shape(model: Any, num_features: int) -> tuple[int, ...]:
    """Shape of one example in the input of the model."""
    shape = getattr(getattr(model, "encoder", None), "input_shape", None) or (num_features,)
    if math.prod(shape) != num_features:
        raise ValueError(
            f"X: expected {math.prod(shape)} features, as the model takes {tuple(shape)}, "
            f"got {num_features}"
        )
    return shape


def _examples(examples: Float[np.ndarray, "n ..."], batch_size: int) -> dict[str, Any]:
    """Data, weights and batch size for training.

    Fewer examples than a batch are repeated with weight 0 to fill it: the objective is the same,
    and one compiled program serves any number of them, as in cross-validation.
    """
    count = len(examples)
    batch_size = check_count("batch_size", batch_size)
    if count > batch_size:
        return {"x": examples, "batch_size": batch_size}
    rows = np.arange(batch_size)
    weights = (rows < count).astype(np.float32)
    return {"x": examples[rows % count], "weights": weights, "batch_size": None}

"""Every number that a public function takes, against what is none: a refusal that names it."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import aelib
from aelib import (
    adversarial,
    anomaly,
    denoising,
    likelihoods,
    models,
    pca,
    penalties,
    perceptual,
    training,
)

HOME = str(Path(aelib.__file__).parent)
X = np.random.default_rng(0).uniform(0.1, 0.9, (6, 4)).astype(np.float32)
IMAGES = np.random.default_rng(0).uniform(size=(4, 12, 12, 1)).astype(np.float32)
KEY = jax.random.key(0)
NO_NUMBER: dict[str, Any] = {
    "word": "abc",
    "NaN": float("nan"),
    "complex": 1 + 1j,
    "dict": {"a": 1},
    "masked": np.ma.masked_array(2.0, True),
    "object": object(),
}
NO_COUNT = {"fraction": 2.5, "negative": -1, "infinity": float("inf"), "float": 2.0, "bool": True}


def rngs() -> nnx.Rngs:
    return nnx.Rngs(0)


def fit(**options: Any) -> Any:
    model = models.linear(4, 2, rngs=rngs())
    given = {"steps": 1, "batch_size": None, "progress": False, "key": KEY, **options}
    return training.fit(model, X, likelihoods.Gaussian(), **given)


def attack(**options: Any) -> Any:
    given = {"epsilon": 0.1, "steps": 1, **options}
    return adversarial.pgd(lambda x: x.sum(axis=1), X, **given)


def detect(kind: Any, **options: Any) -> Any:
    return kind(**options).fit(np.random.default_rng(0).normal(size=(40, 4)))


REALS: dict[str, Callable[[Any], Any]] = {
    "likelihoods.Gaussian: scale": likelihoods.Gaussian,
    "likelihoods.Gaussian: floor": lambda v: likelihoods.Gaussian("shared", floor=v),
    "likelihoods.Gaussian: initial": lambda v: likelihoods.Gaussian("shared", initial=v),
    "likelihoods.StudentT: df": likelihoods.StudentT,
    "likelihoods.NegativeBinomial: dispersion": likelihoods.NegativeBinomial,
    "likelihoods.Ordinal: floor": lambda v: likelihoods.Ordinal([3], floor=v),
    "likelihoods.Discretized: bin_width": lambda v: likelihoods.Discretized(
        likelihoods.Gaussian(), bin_width=v
    ),
    "training.hide: rate": training.hide,
    "training.fit: strength": lambda v: fit(penalties=[(v, lambda *_: 0.0)]),
    "penalties.kl_sparsity: rho": lambda v: penalties.kl_sparsity(X, rho=v),
    "adversarial.pgd: epsilon": lambda v: attack(epsilon=v),
    "adversarial.pgd: step_size": lambda v: attack(step_size=v),
    "adversarial.Defense: threshold": lambda v: adversarial.Defense(jnp.sin, threshold=v),
    "anomaly.calibration_size: alpha": anomaly.calibration_size,
    "anomaly.Calibration: alpha": lambda v: anomaly.Calibration(np.arange(30.0)).threshold(v),
    "anomaly.auroc: confidence": lambda v: anomaly.auroc(
        [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], confidence=v, num_draws=5
    ),
    "anomaly.PCADetector: alpha": lambda v: detect(anomaly.PCADetector, alpha=v),
    "anomaly.PCADetector: floor": lambda v: detect(anomaly.PCADetector, floor=v),
    "anomaly.PCADetector: scale": lambda v: detect(anomaly.PCADetector, scale=v),
    "perceptual.ssim: standard_deviation": lambda v: perceptual.ssim(
        IMAGES, IMAGES, standard_deviation=v
    ),
    "perceptual.train_classifier: learning_rate": lambda v: perceptual.train_classifier(
        IMAGES, [0, 1, 0, 1], channels=(2,), steps=1, batch_size=2, learning_rate=v, key=KEY
    ),
    "denoising.thin: fraction": lambda v: denoising.thin(np.full((2, 3), 4), v),
}
COUNTS: dict[str, Callable[[Any], Any]] = {
    "likelihoods.Categorical: num_classes": likelihoods.Categorical,
    "likelihoods.Ordinal: num_levels": lambda v: likelihoods.Ordinal([v]),
    "likelihoods.Gaussian: num_features": lambda v: likelihoods.Gaussian("feature", num_features=v),
    "models.linear: num_features": lambda v: models.linear(v, 2, rngs=rngs()),
    "models.linear: latent": lambda v: models.linear(4, v, rngs=rngs()),
    "models.mlp: hidden": lambda v: models.mlp(4, 2, hidden=[v], rngs=rngs()),
    "models.Dense: in_features": lambda v: models.Dense(v, 2, rngs=rngs()),
    "models.predict: batch_size": lambda v: models.linear(4, 2, rngs=rngs()).predict(
        X, batch_size=v
    ),
    "training.fit: steps": lambda v: fit(steps=v),
    "training.fit: batch_size": lambda v: fit(batch_size=v),
    "training.fit: tick_every": lambda v: fit(tick_every=v),
    "training.fit: patience": lambda v: fit(patience=v, validation=X),
    "penalties.contractive: num_probes": lambda v: penalties.contractive(jnp.sin, X, num_probes=v),
    "adversarial.pgd: steps": lambda v: attack(steps=v),
    "adversarial.pgd: restarts": lambda v: attack(restarts=v, key=KEY),
    "anomaly.auroc: num_draws": lambda v: anomaly.average_precision(
        [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], num_draws=v
    ),
    "perceptual.ssim: window": lambda v: perceptual.ssim(IMAGES, IMAGES, window=v),
    "perceptual.SmallFeatures: num_classes": lambda v: perceptual.SmallFeatures(
        (12, 12), v, rngs=rngs()
    ),
    "perceptual.train_classifier: steps": lambda v: perceptual.train_classifier(
        IMAGES, [0, 1, 0, 1], channels=(2,), steps=v, batch_size=2, key=KEY
    ),
    "pca.fit: num_components": lambda v: pca.fit(X, v),
}


def refusal(call: Callable[[Any], Any], value: Any) -> str:
    """What is wrong with the refusal, or nothing."""
    try:
        call(value)
    except (TypeError, ValueError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1].filename
        if not where.startswith(HOME):
            return f"{type(error).__name__} from {where}: {error}"
        named = re.match(r"^[a-z_]+(\[\d+\])?: ", str(error))
        return "" if named else f"names no argument: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


@pytest.mark.parametrize("name", REALS | COUNTS)
def test_what_is_no_number_is_refused_by_name(name: str) -> None:
    call = (REALS | COUNTS)[name]
    wrong = {kind: refusal(call, value) for kind, value in NO_NUMBER.items()}
    assert not {kind: said for kind, said in wrong.items() if said}


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_no_count_is_refused_by_name(name: str) -> None:
    wrong = {kind: refusal(COUNTS[name], value) for kind, value in NO_COUNT.items()}
    assert not {kind: said for kind, said in wrong.items() if said}

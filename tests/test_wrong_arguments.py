"""Every public function with every kind of wrong array: a refusal that names it, or a right result.

A table of arguments (``SLOTS``) against a table of kinds (``KINDS``). What comes out must be a
TypeError or a ValueError, raised by aelib, that begins with the argument's name; or a result that
is the one for the right array, where the kind only writes it in another way, and that is never a
number where NaN went in.
"""

import dataclasses
import re
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from flax import nnx

import aelib
from aelib import (
    adversarial,
    anomaly,
    denoising,
    likelihoods,
    losses,
    models,
    pca,
    penalties,
    perceptual,
    training,
)

HOME = str(Path(aelib.__file__).parent)
RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(6, 4)).astype(np.float32)
UNIT = RNG.uniform(0.1, 0.9, (6, 4)).astype(np.float32)
BITS = (REAL > 0).astype(np.float32)
COUNTS = RNG.poisson(3.0, (6, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 1, 0])
IMAGES = RNG.uniform(size=(6, 12, 12, 1)).astype(np.float32)
ROWS = RNG.uniform(0.1, 0.9, 6).astype(np.float32)
KEY = jax.random.key(0)


def first(array: np.ndarray, value: float) -> np.ndarray:
    changed = np.array(array, np.float64 if abs(value) > 1e38 else np.float32)
    changed.flat[0] = value
    return changed


def as_pandas(array: np.ndarray) -> Any:
    return {1: pd.Series, 2: pd.DataFrame}.get(array.ndim, lambda a: a)(array)


#: Other ways to write the same array.
SAME: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "not contiguous": lambda a: np.repeat(a, 2, axis=0)[::2],
    "Fortran": np.asfortranarray,
    "pandas": as_pandas,
    "float64": lambda a: a.astype(np.float64),
    "JAX": jnp.asarray,
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
}
#: What is no array of real numbers.
NO_ARRAY: dict[str, Callable[[np.ndarray], Any]] = {
    "masked": lambda a: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    "complex": lambda a: a + 1j,
    "text": lambda a: a.astype(str),
    "objects": lambda a: a.astype(object),
    "word": lambda _: "abc",
    "None": lambda _: None,
    "set": lambda _: {1.0, 2.0},
    "function": lambda _: np.sin,
}
#: Values that may be right or wrong, but are never to come out as an ordinary number silently.
VALUES: dict[str, Callable[[np.ndarray], Any]] = {
    "NaN": lambda a: first(a, np.nan),
    "infinity": lambda a: first(a, np.inf),
    "minus infinity": lambda a: first(a, -np.inf),
    "negative": lambda a: first(a, -1.0),
    "huge": lambda a: first(a, 1e300),
    "huge integer": lambda a: np.full(a.shape, 2**32 + 3),
    "integers": lambda a: np.round(a).astype(np.int64),
    "booleans": lambda a: a > 0,
    "float16": lambda a: a.astype(np.float16),
    "bfloat16": lambda a: a.astype(ml_dtypes.bfloat16),
}
SHAPES: dict[str, Callable[[np.ndarray], Any]] = {
    "one axis more": lambda a: a[None],
    "an axis at the end": lambda a: a[..., None],
    "one axis less": lambda a: a[0],
    "shorter": lambda a: a[:-1],
    "longer": lambda a: np.concatenate([a, a[:1]]),
    "empty": lambda a: a[:0],
    "one row": lambda a: a[:1],
    "last axis shorter": lambda a: a[..., :-1],
}
KINDS = {**SAME, **NO_ARRAY, **VALUES, **SHAPES}


@dataclasses.dataclass(frozen=True)
class Slot:
    """An argument of a function.

    Attributes:
        name: function and argument.
        call: the function of this argument alone; the others are right.
        good: a right value.
        alone: whether no other argument has examples, so that any number of them is right.
        optional: whether it may be None.
        flags: kinds that are right here, or have an answer that is documented.
        slow: whether a call costs so much that only one of several similar kinds is tried.
    """

    name: str
    call: Callable[[Any], Any]
    good: np.ndarray
    alone: bool = False
    optional: bool = False
    flags: tuple[str, ...] = ()
    slow: bool = False

    @property
    def argument(self) -> str:
        return self.name.split(": ")[1]


SLOTS: list[Slot] = []


def slot(name: str, call: Callable[[Any], Any], good: np.ndarray, **options: Any) -> None:
    SLOTS.append(Slot(name, call, good, **options))


def loss_slots() -> None:
    pairs: dict[str, tuple[str, np.ndarray, np.ndarray]] = {
        "gaussian_nll": ("mean targets", REAL, REAL),
        "laplace_nll": ("loc targets", REAL, REAL),
        "bernoulli_nll": ("logits targets", REAL, BITS),
        "continuous_bernoulli_nll": ("logits targets", REAL, UNIT),
        "poisson_nll": ("log_rate counts", REAL, COUNTS),
        "multinomial_nll": ("logits counts", REAL, COUNTS),
        "categorical_nll": ("logits labels", REAL, LABELS),
    }
    for name, (arguments, outputs, x) in pairs.items():
        loss, (a, b) = getattr(losses, name), arguments.split()
        slot(f"losses.{name}: {a}", lambda v, f=loss, x=x: f(v, x), outputs)
        slot(f"losses.{name}: {b}", lambda v, f=loss, o=outputs: f(o, v), x)
    scalar = ("one axis less",)  # a parameter may be one number
    nb = losses.negative_binomial_nll
    slot("losses.negative_binomial_nll: log_mean", lambda v: nb(v, 0.5, COUNTS), REAL)
    slot("losses.negative_binomial_nll: counts", lambda v: nb(REAL, 0.5, v), COUNTS)
    slot(
        "losses.negative_binomial_nll: log_theta",
        lambda v: nb(REAL, v, COUNTS),
        REAL[0],
        flags=scalar,
    )
    zinb = losses.zero_inflated_negative_binomial_nll
    name = "losses.zero_inflated_negative_binomial_nll"
    slot(f"{name}: log_mean", lambda v: zinb(v, 0.5, REAL, COUNTS), REAL)
    slot(f"{name}: zero_logits", lambda v: zinb(REAL, 0.5, v, COUNTS), REAL)
    slot(f"{name}: counts", lambda v: zinb(REAL, 0.5, REAL, v), COUNTS)
    t = losses.student_t_nll
    slot("losses.student_t_nll: loc", lambda v: t(v, REAL, df=3.0), REAL)
    slot("losses.student_t_nll: targets", lambda v: t(REAL, v, df=3.0), REAL)
    slot("losses.student_t_nll: df", lambda v: t(REAL, REAL, df=v), UNIT[0], flags=scalar)
    slot(
        "losses.gaussian_nll: scale",
        lambda v: losses.gaussian_nll(REAL, REAL, scale=v),
        UNIT[0],
        flags=scalar,
    )


FAMILIES: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "Gaussian": (likelihoods.Gaussian(0.5), REAL, REAL),
    "Laplace": (likelihoods.Laplace(0.5), REAL, REAL),
    "StudentT": (likelihoods.StudentT(3.0), REAL, REAL),
    "Bernoulli": (likelihoods.Bernoulli(), REAL, BITS),
    "ContinuousBernoulli": (likelihoods.ContinuousBernoulli(), REAL, UNIT),
    "Poisson": (likelihoods.Poisson(), REAL, COUNTS),
    "NegativeBinomial": (likelihoods.NegativeBinomial(0.5), REAL, COUNTS),
    "ZeroInflatedNegativeBinomial": (
        likelihoods.ZeroInflatedNegativeBinomial(0.5),
        np.stack([REAL, REAL], -1),
        COUNTS,
    ),
    "Multinomial": (likelihoods.Multinomial(), REAL, COUNTS),
    "Categorical": (likelihoods.Categorical(4), REAL, LABELS),
    "Ordinal": (likelihoods.Ordinal([3, 3, 4, 9]), REAL, np.minimum(COUNTS, 2)),
    "Discretized": (likelihoods.Discretized(likelihoods.Gaussian(0.5)), REAL, np.round(REAL)),
}


def likelihood_slots() -> None:
    for name, (family, outputs, x) in FAMILIES.items():
        own = f"likelihoods.{name}"
        raw = outputs if name != "Categorical" else outputs[:, None]
        y = x if name != "Categorical" else x[:, None]
        slot(f"{own}.log_prob: outputs", lambda v, f=family, y=y: f.log_prob(v, y), raw)
        slot(f"{own}.log_prob: x", lambda v, f=family, o=raw: f.log_prob(o, v), y)
        mask = np.ones(y.shape, bool)
        slot(
            f"{own}.log_prob: mask",
            lambda v, f=family, o=raw, y=y: f.log_prob(o, y, mask=v),
            mask,
            optional=True,
        )
        slot(f"{own}.mean: outputs", family.mean, raw, alone=True, slow=True)
        slot(
            f"{own}.sample: outputs",
            lambda v, f=family: f.sample(KEY, v),
            raw,
            alone=True,
            slow=True,
        )
        slot(f"{own}.check: x", family.check, y, alone=True)


def model_slots() -> None:
    model = models.linear(4, 2, rngs=nnx.Rngs(0))
    slot("models.Stack: x", model, REAL, alone=True)
    slot("models.Autoencoder.predict: x", model.predict, REAL, alone=True)
    slot(
        "penalties.contractive: x",
        lambda v: penalties.contractive(model.encoder, v),
        REAL,
        alone=True,
    )
    slot("penalties.l1: codes", penalties.l1, REAL, alone=True)
    slot(
        "penalties.kl_sparsity: codes",
        lambda v: penalties.kl_sparsity(v, rho=0.1),
        UNIT,
        alone=True,
    )

    def fit(**given: Any) -> np.ndarray:
        arguments = {"x": REAL, "loss": likelihoods.Gaussian(), **given}
        options: dict[str, Any] = {"batch_size": None, "steps": 1, "progress": False, "key": KEY}
        return training.fit(model, **arguments, **options).history.loss

    counts = likelihoods.Poisson()
    slot("training.fit: x", lambda v: fit(x=v), REAL, alone=True, slow=True)
    slot(
        "training.fit: mask", lambda v: fit(mask=v), np.ones((6, 4), bool), optional=True, slow=True
    )
    slot(
        "training.fit: weights",
        lambda v: fit(weights=v),
        ROWS,
        optional=True,
        slow=True,
        flags=("huge integer",),
    )  # only their ratios count
    slot(
        "training.fit: exposure",
        lambda v: fit(x=COUNTS, loss=counts, exposure=v),
        ROWS,
        optional=True,
        slow=True,
    )


def attack_slots() -> None:
    def logits(x: jax.Array) -> jax.Array:
        return x @ jnp.asarray(REAL[:4, :4])

    def objective(x: jax.Array) -> jax.Array:
        return x.sum(axis=1)

    near = np.clip(UNIT + 0.05, 0, 1)
    slot("adversarial.margin: logits", lambda v: adversarial.margin(v, LABELS), REAL)
    slot("adversarial.margin: labels", lambda v: adversarial.margin(REAL, v), LABELS)
    slot(
        "adversarial.fgsm: x",
        lambda v: adversarial.fgsm(objective, v, epsilon=0.1),
        UNIT,
        alone=True,
    )
    slot(
        "adversarial.pgd: x",
        lambda v: adversarial.pgd(objective, v, epsilon=0.1, steps=1).x,
        UNIT,
        alone=True,
    )
    slot(
        "adversarial.pgd: epsilon",
        lambda v: adversarial.pgd(objective, UNIT, epsilon=v, steps=1).x,
        ROWS,
        flags=("one axis less", "huge integer"),
    )
    slot(
        "adversarial.project: candidate",
        lambda v: adversarial.project(v, UNIT, epsilon=0.1),
        near,
        flags=("NaN",),
    )
    slot(
        "adversarial.attack_curve: epsilons",
        lambda v: adversarial.attack_curve(objective, UNIT, epsilons=v, steps=1).strength,
        np.sort(ROWS),
        alone=True,
    )
    defense = adversarial.Defense(logits)
    slot(
        "adversarial.Defense.fooled: labels", lambda v: defense.fooled(jnp.asarray(UNIT), v), LABELS
    )


def image_slots() -> None:
    network = perceptual.SmallFeatures((12, 12), 4, channels=(2,), rngs=nnx.Rngs(0))
    loss = perceptual.PerceptualLoss(network)
    slot("perceptual.ssim: images", lambda v: perceptual.ssim(v, IMAGES), IMAGES)
    slot("perceptual.ssim: others", lambda v: perceptual.ssim(IMAGES, v), IMAGES)
    slot("perceptual.SmallFeatures: images", network, IMAGES, alone=True)
    slot("perceptual.SmallFeatures.accuracy: labels", lambda v: network.accuracy(IMAGES, v), LABELS)
    slot("perceptual.PerceptualLoss.distance: images", lambda v: loss.distance(v, IMAGES), IMAGES)
    slot("perceptual.PerceptualLoss: outputs", lambda v: loss(v, IMAGES), IMAGES)


def detector_slots() -> None:
    anomalous = np.array([0, 1, 0, 1, 0, 1])
    few: dict[str, Any] = {"num_draws": 10}
    slot(
        "anomaly.auroc: losses",
        lambda v: anomaly.auroc(anomalous, v, **few).value,
        ROWS,
        flags=("NaN", "huge integer"),
    )
    slot("anomaly.auroc: anomalous", lambda v: anomaly.auroc(v, ROWS, **few).value, anomalous)
    slot(
        "anomaly.average_precision: losses",
        lambda v: anomaly.average_precision(anomalous, v, **few).value,
        ROWS,
        flags=("NaN", "huge integer"),
    )
    slot(
        "anomaly.Calibration: losses",
        lambda v: anomaly.Calibration(v).losses,
        ROWS,
        alone=True,
        flags=("NaN",),
    )
    slot(
        "anomaly.cut_patches: image",
        lambda v: anomaly.cut_patches(v, 2)[0],
        IMAGES[0, :, :, 0],
        alone=True,
        flags=("NaN",),
    )
    slot("pca.fit: x", lambda v: pca.fit(v, 2).mean, REAL, alone=True)
    slot(
        "pca.principal_angles: a",
        lambda v: pca.principal_angles(v, REAL[:, :2]),
        REAL[:, 2:],
        flags=("last axis shorter",),
    )


def count_slots() -> None:
    whole = COUNTS.astype(np.int64) + 1
    slot("denoising.thin: counts", lambda v: denoising.thin(v)[0], whole, alone=True)
    slot(
        "denoising.log_normalize: rates",
        denoising.log_normalize,
        COUNTS + 1,
        alone=True,
        flags=("huge integer",),
    )


for make in (
    loss_slots,
    likelihood_slots,
    model_slots,
    attack_slots,
    image_slots,
    detector_slots,
    count_slots,
):
    make()


#: Kinds that, where any number of examples is right, or a call is slow, say nothing new.
ANY_NUMBER = {"shorter", "longer"}
OTHER_SHAPES = {"one axis more", "an axis at the end", "one axis less", "one row"}
SIMILAR = {"Fortran", "not contiguous", "read only", "JAX", "float16", "bfloat16", "booleans"}


def leaves(result: Any) -> list[np.ndarray]:
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(result)]


def outcome(slot: Slot, kind: str) -> str:
    """What was wrong with the answer, or nothing."""
    try:
        value = KINDS[kind](slot.good)
    except (TypeError, ValueError, IndexError):
        return ""  # there is no such array
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = leaves(slot.call(value))
    except (TypeError, ValueError, training.TrainingDiverged) as error:
        where = traceback.extract_tb(error.__traceback__)[-1].filename
        if not where.startswith(HOME):
            return f"{type(error).__name__} from {where}: {error}"
        # The argument, or in a pair the other one, whose shape or kind it does not fit.
        if not re.match(r"^[a-z_]+(\[.*?\])?: |^training stopped", str(error)):
            return f"names no argument: {error}"
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    if kind in slot.flags:
        return ""
    if kind in NO_ARRAY:
        return "" if kind == "None" and slot.optional else "accepted"
    if kind == "NaN":
        quiet = found and all(np.isfinite(leaf).all() for leaf in found)
        return "NaN gave numbers" if quiet else ""
    if kind in SAME:
        right = leaves(slot.call(slot.good))
        same = all(
            a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
            for a, b in zip(found, right, strict=True)
        )
        return "" if same else "another result"
    if kind in SHAPES and not slot.alone:
        right = leaves(slot.call(slot.good))
        same = all(
            a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
            for a, b in zip(found, right, strict=True)
        )
        # A label beyond the last class, say, which gives NaN.
        same |= any(np.isnan(leaf).any() for leaf in found)
        return "" if same else f"accepted, shapes {[leaf.shape for leaf in found]}"
    if kind == "huge integer" and np.isfinite(np.concatenate([np.ravel(a) for a in found])).all():
        low = leaves(slot.call(np.full(np.shape(slot.good), 3)))
        if all(np.array_equal(a, b) for a, b in zip(found, low, strict=True)):
            return "taken for 3"
    return ""


@pytest.mark.parametrize("number", range(len(SLOTS)), ids=[each.name for each in SLOTS])
def test_every_kind_is_refused_by_name_or_answered(number: int) -> None:
    slot = SLOTS[number]
    skipped = (ANY_NUMBER if slot.alone else set()) | (SIMILAR if slot.slow else set())
    skipped |= OTHER_SHAPES if slot.alone and slot.slow else set()
    wrong = {kind: outcome(slot, kind) for kind in KINDS if kind not in skipped}
    assert not {kind: said for kind, said in wrong.items() if said}


def test_the_table_has_every_room_that_takes_arrays() -> None:
    rooms = {each.name.split(".")[0] for each in SLOTS}
    expected = {"losses", "likelihoods", "models", "penalties", "training", "adversarial"}
    assert rooms == expected | {"perceptual", "anomaly", "pca", "denoising"}
    functions = {each.name.split(": ")[0].removeprefix("losses.") for each in SLOTS}
    assert functions >= set(losses.__all__)

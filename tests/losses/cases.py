"""Where the losses are held to the oracle: log grids of extremes, and the ridges.

A ridge is where the large terms of a loss cancel: counts near their mean, targets near the
prediction, logits near zero. Every grid is rounded to the type under test before the oracle sees
it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit

from aelib import losses
from tests.losses import oracle

COUNTS = [0, 1, 2, 3, 5, 10, 37, 100, 1_000, 10_000, 100_000]
MEANS = 10.0 ** np.arange(-4, 6)
THETAS = 10.0 ** np.arange(-3, 9)
SCALES = 10.0 ** np.arange(-6, 7, 2)
LOGITS = np.array([0, 1e-8, 1e-4, 0.03, 0.5, 1, 1.999, 2.001, 5, 17, 40, 100, 1e4])
LOGITS = np.concatenate([-LOGITS[:0:-1], LOGITS])
SIGMAS = [0, 1e-3, -1e-3, 0.1, -0.1, 1, -1, 3, -3, 8]


@dataclass(frozen=True)
class Case:
    """A loss, its textbook form, and the points at which the two are compared.

    Attributes:
        loss: positional arguments, each ``[n]`` or ``[n, width]``.
        oracle: see ``oracle.py``; vector arguments are passed one number after the other.
        arguments: names of the differentiable arguments.
        points: takes a dtype, returns the arguments.
        constants: how many leading arguments of the loss are not differentiated.
    """

    loss: Callable
    oracle: oracle.Oracle
    arguments: tuple[str, ...]
    points: Callable[[type], list[np.ndarray]]
    constants: int = 0


def _columns(rows: list[tuple], dtype: type) -> list[np.ndarray]:
    return [np.array(column, dtype) for column in zip(*rows, strict=True)]


def _count_pairs() -> list[tuple[float, float]]:
    """Log mean and count: every pair, and means within a few standard deviations of the count."""
    rows = [(np.log(mean), x) for mean, x in product(MEANS, [*COUNTS, 0.25, 2.5])]
    for x, sigmas in product(COUNTS[1:], SIGMAS):
        mean = x + sigmas * np.sqrt(x)
        if mean > 0:
            rows.append((np.log(mean), x))
    return rows


def poisson(dtype: type) -> list[np.ndarray]:
    return _columns(_count_pairs(), dtype)


def negative_binomial(dtype: type) -> list[np.ndarray]:
    pairs = product(np.log(THETAS), _count_pairs())
    return _columns([(mean, theta, x) for theta, (mean, x) in pairs], dtype)


def zero_inflated(dtype: type) -> list[np.ndarray]:
    logits = [-1e4, -100, -20, -3, -1e-3, 0, 1, 20, 100, 1e4]
    thetas = np.log([1e-3, 1, 1e3, 1e8])
    rows = list(product([0, 1, 100], np.log(MEANS), thetas, logits))
    # a zero as likely to be one of the counts as not
    rows += [
        (0, np.log(mean), theta, -np.exp(theta) * np.log1p(mean / np.exp(theta)))
        for mean, theta in product(MEANS, thetas)
    ]
    return _columns(rows, dtype)


def _bernoulli_rows(center: Callable[[float], float]) -> list[tuple[float, float]]:
    targets = [0, 1, 1e-6, 0.1, 0.5, 0.75, 1 - 1e-6]
    rows = list(product(LOGITS, targets))
    for logit, shift in product(LOGITS, [0, 1e-6, -1e-6, 1e-3, -1e-3]):
        rows.append((logit, np.clip(center(logit) + shift, 0, 1)))
    return rows


def bernoulli(dtype: type) -> list[np.ndarray]:
    return _columns(_bernoulli_rows(expit), dtype)


def continuous_bernoulli(dtype: type) -> list[np.ndarray]:
    def mean(logit: float) -> float:
        return 0.5 + logit / 12 if abs(logit) < 1e-2 else 1 / -np.expm1(-logit) - 1 / logit

    with np.errstate(over="ignore"):
        return _columns(_bernoulli_rows(mean), dtype)


def gaussian(dtype: type) -> list[np.ndarray]:
    residuals = np.concatenate([[0], 10.0 ** np.arange(-6, 7, 2), [-1, -1e6]])
    rows = [(mean, mean + r, s) for mean, r, s in product([0, 1, -3e3], residuals, SCALES)]
    rows += [(mean, mean + z * s, s) for mean, z, s in product([0, 2], [1, -1, 1.001, 5], SCALES)]
    return _columns(rows, dtype)


def student_t(dtype: type) -> list[np.ndarray]:
    dfs = [0.1, 0.5, 1, 2, 3.5, 10, 100, 1e4, 1e6, 1e8]
    residuals = [0, 1e-6, -1e-3, 1, 30, -1e6]
    rows = list(product([0.0, -3e3], residuals, dfs, [1e-6, 1e-2, 1, 1e6]))
    rows += [
        (0.0, z * s, df, s)
        for z, df, s in product([1e-3, 0.1, 1, -1.001, 3, 1e3], dfs, [1e-6, 1, 1e6])
    ]
    return _columns([(m, m + r, df, s) for m, r, df, s in rows], dtype)


def categorical(dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(12, 4))
    shapes[0] = 0
    rows, labels = [], []
    for shape, size, label in product(shapes, [1e-6, 1e-2, 1, 10, 100, 1e4], range(4)):
        rows.append(shape * size)
        labels.append(label)
    return [np.array(labels), np.array(rows, dtype)]


def multinomial(dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    logits, counts = [], []
    for size, number in product([0, 1e-4, 0.3, 1, 4], [1, 5, 100, 10_000, 100_000, 1_000_000]):
        for sigmas in [0, 1, 3, 30]:
            logit = size * rng.normal(size=3) + rng.choice([0.0, 30.0])
            p = np.exp(logit - logit.max())
            mean = number * p / p.sum()
            noise = sigmas * np.sqrt(mean) * rng.normal(size=3)
            logits.append(logit)
            counts.append(np.clip(np.round(mean + noise), 0, None))
    for size in [10, 100, 1e4]:
        logits.append(size * rng.normal(size=3))
        counts.append([0, 3, 100_000])
    logits.append(np.ones(3))
    counts.append(np.zeros(3))
    return [np.array(logits, dtype), np.array(counts, dtype)]


CASES = {
    "gaussian_nll": Case(
        lambda mean, x, scale: losses.gaussian_nll(mean, x, scale=scale),
        oracle.gaussian,
        ("mean", "targets", "scale"),
        gaussian,
    ),
    "laplace_nll": Case(
        lambda loc, x, scale: losses.laplace_nll(loc, x, scale=scale),
        oracle.laplace,
        ("loc", "targets", "scale"),
        gaussian,
    ),
    "student_t_nll": Case(
        lambda loc, x, df, scale: losses.student_t_nll(loc, x, df=df, scale=scale),
        oracle.student_t,
        ("loc", "targets", "df", "scale"),
        student_t,
    ),
    "bernoulli_nll": Case(losses.bernoulli_nll, oracle.bernoulli, ("logits", "targets"), bernoulli),
    "continuous_bernoulli_nll": Case(
        losses.continuous_bernoulli_nll,
        oracle.continuous_bernoulli,
        ("logits", "targets"),
        continuous_bernoulli,
    ),
    "categorical_nll": Case(
        lambda labels, logits: losses.categorical_nll(logits, labels),
        oracle.categorical,
        ("logits",),
        categorical,
        constants=1,
    ),
    "multinomial_nll": Case(
        losses.multinomial_nll, oracle.multinomial, ("logits", "counts"), multinomial
    ),
    "poisson_nll": Case(losses.poisson_nll, oracle.poisson, ("log_rate", "counts"), poisson),
    "negative_binomial_nll": Case(
        losses.negative_binomial_nll,
        oracle.negative_binomial,
        ("log_mean", "log_theta", "counts"),
        negative_binomial,
    ),
    # Counts first and not differentiated: that is the negative binomial's derivative, or a jump.
    "zero_inflated_negative_binomial_nll": Case(
        lambda x, mean, theta, zero: losses.zero_inflated_negative_binomial_nll(
            mean, theta, zero, x
        ),
        oracle.zero_inflated,
        ("log_mean", "log_theta", "zero_logits"),
        zero_inflated,
        constants=1,
    ),
}

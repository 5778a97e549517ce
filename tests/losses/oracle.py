"""The ten losses and their gradients as the textbook writes them, in forty-digit arithmetic.

Nothing here is rearranged: at forty digits cancellation costs nothing that a float64 could see.
Every function takes mpmath numbers and returns the loss and its derivative by each argument.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 40
# Relative step of the difference quotients in `conditioning`: half the digits.
STEP = mpf(10) ** -18

Number = mpf
Oracle = Callable[..., tuple[Number, list[Number]]]

log_gamma = lru_cache(maxsize=None)(mpmath.loggamma)
digamma = lru_cache(maxsize=None)(mpmath.digamma)
exp = lru_cache(maxsize=None)(mpmath.exp)
log = lru_cache(maxsize=None)(mpmath.log)


def gaussian(mean: Number, x: Number, scale: Number) -> tuple[Number, list[Number]]:
    z = (x - mean) / scale
    value = z * z / 2 + log(scale) + log(2 * mpmath.pi) / 2
    return value, [-z / scale, z / scale, (1 - z * z) / scale]


def laplace(loc: Number, x: Number, scale: Number) -> tuple[Number, list[Number]]:
    z = abs(x - loc) / scale
    sign = mpmath.sign(x - loc)
    return z + log(2 * scale), [-sign / scale, sign / scale, (1 - z) / scale]


def student_t(loc: Number, x: Number, df: Number, scale: Number) -> tuple[Number, list[Number]]:
    z = (x - loc) / scale
    w = log(1 + z * z / df)
    value = (
        (df + 1) / 2 * w
        + log_gamma(df / 2)
        - log_gamma((df + 1) / 2)
        + log(mpmath.pi * df) / 2
        + log(scale)
    )
    by_z = (df + 1) * z / (df + z * z)
    by_df = (
        w / 2
        - (df + 1) / 2 * z * z / (df * (df + z * z))
        + digamma(df / 2) / 2
        - digamma((df + 1) / 2) / 2
        + 1 / (2 * df)
    )
    return value, [-by_z / scale, by_z / scale, by_df, (1 - z * by_z) / scale]


def bernoulli(logit: Number, x: Number) -> tuple[Number, list[Number]]:
    # log(1 + e^l) - x l; written from the small side, or forty digits would not do at 1e4
    probability = 1 / (1 + exp(-logit))
    zero, one = mpmath.log1p(exp(logit)), mpmath.log1p(exp(-logit))
    by_logit = (1 - x) * probability - x / (1 + exp(logit))
    return x * one + (1 - x) * zero, [by_logit, -logit]


def continuous_bernoulli(logit: Number, x: Number) -> tuple[Number, list[Number]]:
    if logit == 0:
        return mpf(0), [mpf(1) / 2 - x, mpf(0)]
    normalizer = log(mpmath.expm1(logit) / logit)
    mean = 1 / -mpmath.expm1(-logit) - 1 / logit
    return normalizer - x * logit, [mean - x, -logit]


def categorical(label: int, *logits: Number) -> tuple[Number, list[Number]]:
    others = [exp(logit - logits[label]) if j != label else 0 for j, logit in enumerate(logits)]
    total = mpmath.fsum(others)
    slope = [odds / (1 + total) for odds in others]
    slope[label] = -total / (1 + total)
    return mpmath.log1p(total), slope


def multinomial(*arguments: Number) -> tuple[Number, list[Number]]:
    """First the logits, then the counts."""
    half = len(arguments) // 2
    logits, counts = arguments[:half], arguments[half:]
    largest, number = max(logits), mpmath.fsum(counts)
    weights = [exp(logit - largest) for logit in logits]
    log_total = log(mpmath.fsum(weights)) + largest
    log_p = [logit - log_total for logit in logits]
    value = -log_gamma(number + 1) + mpmath.fsum(
        log_gamma(count + 1) - count * a for count, a in zip(counts, log_p, strict=True)
    )
    by_logits = [number * exp(a) - count for count, a in zip(counts, log_p, strict=True)]
    by_counts = [
        digamma(count + 1) - digamma(number + 1) - a for count, a in zip(counts, log_p, strict=True)
    ]
    return value, by_logits + by_counts


def poisson(log_rate: Number, x: Number) -> tuple[Number, list[Number]]:
    value = exp(log_rate) - x * log_rate + log_gamma(x + 1)
    return value, [exp(log_rate) - x, digamma(x + 1) - log_rate]


def negative_binomial(
    log_mean: Number, log_theta: Number, x: Number
) -> tuple[Number, list[Number]]:
    mean, theta = exp(log_mean), exp(log_theta)
    log_total = log(mean + theta)
    value = (
        log_gamma(x + 1)
        + log_gamma(theta)
        - log_gamma(x + theta)
        + theta * (log_total - log_theta)
        + x * (log_total - log_mean)
    )
    by_log_mean = theta * (mean - x) / (theta + mean)
    by_log_theta = theta * (
        digamma(theta) - digamma(x + theta) + log_total - log_theta + (x - mean) / (mean + theta)
    )
    return value, [
        by_log_mean,
        by_log_theta,
        digamma(x + 1) - digamma(x + theta) + log_total - log_mean,
    ]


def zero_inflated(
    x: int, log_mean: Number, log_theta: Number, zero_logit: Number
) -> tuple[Number, list[Number]]:
    nats, (by_log_mean, by_log_theta, _) = negative_binomial(log_mean, log_theta, mpf(x))
    zero, rest = 1 / (1 + exp(-zero_logit)), 1 / (1 + exp(zero_logit))
    if x > 0:
        return nats + mpmath.log1p(exp(zero_logit)), [by_log_mean, by_log_theta, zero]
    missing = -rest * mpmath.expm1(-nats)  # probability of something other than zero
    seen = zero + rest * exp(-nats)
    counted = rest * exp(-nats) / seen  # that a zero is one of the counts
    value = -mpmath.log1p(-missing) if missing < 0.5 else -log(seen)
    return value, [counted * by_log_mean, counted * by_log_theta, -zero * missing / seen]


def evaluate(
    oracle: Oracle, *arguments: Sequence[float], perturb: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, gradient and conditioning at each point.

    Args:
        oracle: one of the above.
        arguments: per argument, its value at every point.
        perturb: how many of the last arguments are real numbers; the rest are passed on as they
            are. All by default.

    Returns:
        ``value [n]``, ``gradient [n, arguments]`` and ``conditioning [n, arguments]``: the change
        of each gradient entry, to first order and per unit of relative error, when every input is
        rounded. Inputs that are themselves rounded determine a gradient no better than this.
    """
    values, gradients, conditions = [], [], []
    fixed = 0 if perturb is None else len(arguments) - perturb
    with mpmath.workdps(DIGITS):
        for point in zip(*arguments, strict=True):
            constants = [int(a) for a in point[:fixed]]
            real = [mpf(float(a)) for a in point[fixed:]]
            value, gradient = oracle(*constants, *real)
            change = [mpf(0)] * len(gradient)
            for j, a in enumerate(real):
                if a == 0:
                    continue
                moved = oracle(*constants, *real[:j], a * (1 + STEP), *real[j + 1 :])[1]
                change = [
                    c + abs(m - g) / STEP for c, m, g in zip(change, moved, gradient, strict=True)
                ]
            values.append(value)
            gradients.append(gradient)
            conditions.append([float(c) for c in change])
    return np.array(values, object), np.array(gradients, object), np.array(conditions)

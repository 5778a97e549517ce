"""A table of all kinds of columns, and its log-probabilities from SciPy, column by column."""

import math

import numpy as np
from scipy import special, stats

from aelib.data import Column
from aelib.likelihoods import Columns

COLUMNS = Columns(
    (
        Column("smokes", "binary", levels=("no", "yes")),
        Column("height", "continuous", center=170.0, spread=9.5),
        Column("mode", "categorical", levels=("air", "train", "bus", "car")),
        Column("visits", "count", center=2.5, spread=4.0),
        Column("educ", "ordinal", levels=(1, 2, 3, 4), frequencies=(0.2, 0.3, 0.3, 0.2)),
        Column("age", "continuous", center=46.5, spread=16.25, resolution=1.0),
        Column("calls", "count", center=1.5, spread=1.2, distribution="poisson"),
        Column("color", "categorical", levels=("red", "green", "blue")),
        Column("health", "ordinal", levels=("bad", "fair", "good")),
        Column("owns", "binary", levels=(0, 1)),
        Column(
            "popul", "continuous", center=300.0, spread=1000.0, resolution=1.0,
            limits=(0.0, math.inf),
        ),
    )
)  # fmt: skip
N = 48


def softplus(r):
    return np.logaddexp(0.0, r)


def draw(seed, extreme, columns=COLUMNS):
    """Outputs, data and a mask in float64 whose values are float32 numbers."""
    random = np.random.default_rng(seed)
    outputs, x = {}, np.zeros((N, len(columns)))
    size = 40.0 if extreme else 1.0
    for j, column in enumerate(columns):
        outputs[column.name] = random.normal(size=(N, column.num_outputs)) * size
        if column.num_levels:
            x[:, j] = random.integers(0, column.num_levels, N)
        elif column.kind == "count":
            # A rate of e^40 is no number of visits; what is extreme is how unexpected they are.
            outputs[column.name] = random.uniform(-12, 8, (N, 1)) if extreme else np.sin(x[:, :1])
            x[:, j] = np.floor(random.exponential(60 if extreme else 3, N))
        else:
            x[:, j] = column.center + column.spread * random.normal(size=N) * (8 if extreme else 1)
            if column.resolution:
                x[:, j] = np.maximum(np.round(x[:, j]), column.limits[0])
    mask = random.random(x.shape) < 0.7
    outputs = {name: value.astype(np.float32).astype(float) for name, value in outputs.items()}
    return outputs, x.astype(np.float32).astype(float), mask


def log_probs(outputs, x, raw, columns=COLUMNS, floor=1e-3):
    """[n, columns] log-probabilities of all cells; ``raw`` are the trained numbers by kind."""
    cells = np.zeros(x.shape)
    seen = {"continuous": 0, "ordinal": 0, "count": 0}
    for j, column in enumerate(columns):
        o, y = outputs[column.name], x[:, j]
        i = seen.get(column.kind, 0)
        if column.kind == "binary":
            cells[:, j] = special.log_expit(np.where(y == 1, o[:, 0], -o[:, 0]))
        elif column.kind == "categorical":
            cells[:, j] = special.log_softmax(o, axis=1)[np.arange(len(y)), y.astype(int)]
        elif column.kind == "ordinal":
            theta = thresholds(raw["first"][i], raw["gaps"][i], column.num_levels)
            edges = np.concatenate([[-np.inf], theta, [np.inf]])
            a, b = edges[y.astype(int)] - o[:, 0], edges[y.astype(int) + 1] - o[:, 0]
            cells[:, j] = log_difference(stats.logistic, a, b)
        elif column.kind == "continuous":
            loc, sd = (
                column.center + column.spread * o[:, 0],
                column.spread * (floor + softplus(raw["scale"][i])),
            )
            if column.resolution:
                half = 0.5 * column.resolution
                low = np.where(y <= column.limits[0], -np.inf, y - half)
                cells[:, j] = log_difference(stats.norm, (low - loc) / sd, (y + half - loc) / sd)
            else:
                cells[:, j] = stats.norm.logpdf(y, loc, sd)
        elif column.distribution == "poisson":
            cells[:, j] = stats.poisson.logpmf(y, np.exp(o[:, 0]))
        else:
            theta = 1 / (1e-6 + softplus(raw["dispersion"][0]))
            cells[:, j] = stats.nbinom.logpmf(y, theta, theta / (theta + np.exp(o[:, 0])))
        if column.kind in seen:
            seen[column.kind] += 1
    return cells


def thresholds(first, gaps, num_levels):
    return first + np.concatenate([[0.0], np.cumsum(1e-4 + softplus(gaps))])[: num_levels - 1]


def log_difference(family, a, b):
    """log(F(b) - F(a)) from the tail in which both are small."""
    left, right = family.logcdf(b), family.logcdf(a)
    flip = a + b > 0
    left, right = np.where(flip, family.logsf(a), left), np.where(flip, family.logsf(b), right)
    with np.errstate(divide="ignore"):
        return left + np.log(-np.expm1(np.minimum(right - left, -1e-300)))

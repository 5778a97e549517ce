"""Means, variances and their derivatives against forty digits, over the range of the outputs."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from mpmath import mpf

from aelib import likelihoods
from tests.losses.oracle import exp

TOLERANCE = 1e-5
LOGITS = [0.0, 1e-7, 1e-3, 0.04, 0.06, 0.4, 0.6, 1.9, 2.4999, 2.5001, 6.0, 17.0, 30.0, 60.0, 80.0]
LOGITS = [sign * a for a in LOGITS for sign in (-1, 1)]
STEP = mpf(10) ** -30


def slope(function: Callable[..., mpf], point: list[mpf], index: int) -> mpf:
    """Central difference, good to some fifty of hundred digits."""
    up, down = list(point), list(point)
    up[index] += STEP
    down[index] -= STEP
    return (function(*up) - function(*down)) / (2 * STEP)


def assert_moments(
    moment: Callable[[jax.Array], jax.Array],
    textbook: Callable[..., mpf],
    points: list[tuple[float, ...]],
    *,
    smallest: float = 1e-35,
) -> None:
    """``moment`` of one example's outputs, [p] -> a number, and its gradient.

    Args:
        moment: the function under test.
        textbook: the same of mpmath numbers.
        points: where.
        smallest: what is smaller need not be held to a relative tolerance: float32 has no numbers
            below 1e-38.
    """
    outputs = np.array(points, np.float32)
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(moment)))(jnp.asarray(outputs))
    with mpmath.workdps(100):
        for point, value, gradient in zip(outputs, values, slopes, strict=True):
            exact = [mpf(float(a)) for a in point]
            right = [textbook(*exact), *(slope(textbook, exact, i) for i in range(len(exact)))]
            for got, expected in zip([value, *gradient], map(float, right), strict=True):
                if abs(expected) > 3.4e38:
                    continue
                assert float(got) == pytest.approx(expected, rel=TOLERANCE, abs=smallest), point


def entry(function: Callable, index: int) -> Callable[[jax.Array], jax.Array]:
    return lambda outputs: function(outputs[None])[0, index]


def feature(function: Callable) -> Callable[[jax.Array], jax.Array]:
    """Of a family with several outputs for a feature."""
    return lambda outputs: function(outputs[None, None])[0, 0]


def logistic(x: mpf) -> mpf:
    return 1 / (1 + exp(-x))


def test_bernoulli() -> None:
    points = [(a,) for a in LOGITS]
    family = likelihoods.Bernoulli()
    assert_moments(entry(family.mean, 0), logistic, points)
    assert_moments(entry(family.variance, 0), lambda a: logistic(a) * logistic(-a), points)


def continuous_mean(a: mpf) -> mpf:
    return mpf(1) / 2 + a / 12 if a == 0 else 1 / -mpmath.expm1(-a) - 1 / a


def continuous_variance(a: mpf) -> mpf:
    return mpf(1) / 12 if a == 0 else 1 / a**2 - 1 / (4 * mpmath.sinh(a / 2) ** 2)


def test_continuous_bernoulli() -> None:
    points = [(a,) for a in LOGITS if a] + [(1e3,), (-1e3,), (1e6,), (-1e6,)]
    family = likelihoods.ContinuousBernoulli()
    assert_moments(entry(family.mean, 0), continuous_mean, points)
    assert_moments(entry(family.variance, 0), continuous_variance, points)
    assert float(family.variance(jnp.zeros((1, 1)))[0, 0]) == pytest.approx(1 / 12, rel=1e-6)


CLASSES = [
    (0.0, 0.0, 0.0), (20.0, 0.0, -1.0), (-1.0, 30.0, 5.0), (0.0, 60.0, 59.0), (-40.0, 40.0, 0.0),
    (1e-4, 0.0, 2.0), (17.0, 17.0, 0.0),
]  # fmt: skip


def softmax(index: int) -> Callable[..., mpf]:
    return lambda *a: exp(a[index]) / mpmath.fsum(map(exp, a))


def softmax_variance(index: int) -> Callable[..., mpf]:
    def variance(*a: mpf) -> mpf:
        others = mpmath.fsum(exp(b) for i, b in enumerate(a) if i != index)
        return softmax(index)(*a) * others / mpmath.fsum(map(exp, a))

    return variance


@pytest.mark.parametrize("index", range(3))
def test_categorical(index: int) -> None:
    family = likelihoods.Categorical(3)
    mean, variance = entry(family.mean, index), entry(family.variance, index)
    assert_moments(mean, softmax(index), CLASSES)
    # Where two classes share all, the slope of the variance of either is a difference of ones.
    assert_moments(variance, softmax_variance(index), CLASSES, smallest=1e-7)
    certain = CLASSES[1:3] + CLASSES[4:5]
    assert_moments(variance, softmax_variance(index), certain)


@pytest.mark.parametrize("index", range(3))
def test_multinomial(index: int) -> None:
    def of(function: Callable) -> Callable:
        return lambda outputs: function(outputs[None], exposure=1000.0)[0, index]

    family, certain = likelihoods.Multinomial(), CLASSES[1:3] + CLASSES[4:5]
    assert_moments(of(family.mean), lambda *a: 1000 * softmax(index)(*a), CLASSES)
    assert_moments(of(family.variance), lambda *a: 1000 * softmax_variance(index)(*a), certain)


RATES = [-80.0, -20.0, -1.0, 0.0, 5.0, 40.0, 60.0]


def test_poisson() -> None:
    points = [(a,) for a in [*RATES, 85.0]]
    assert_moments(entry(likelihoods.Poisson().mean, 0), exp, points)
    assert_moments(entry(likelihoods.Poisson().variance, 0), exp, points)


@pytest.mark.parametrize("dispersion", [1e-30, 1e-6, 0.3, 20.0])
def test_negative_binomial(dispersion: float) -> None:
    family = likelihoods.NegativeBinomial(dispersion)
    alpha = float(np.float32(dispersion))
    points = [(a,) for a in RATES]

    def variance(a: mpf) -> mpf:
        return exp(a) + mpf(alpha) * exp(a) ** 2

    assert_moments(entry(family.mean, 0), exp, points)
    assert_moments(entry(family.variance, 0), variance, points)


def test_zero_inflated() -> None:
    family = likelihoods.ZeroInflatedNegativeBinomial(0.25)
    points = [
        (a, z) for a in [-30.0, -1.0, 0.0, 5.0, 40.0] for z in (-60.0, -17.0, 0.5, 20.0, 60.0)
    ]

    def mean(a: mpf, z: mpf) -> mpf:
        return logistic(-z) * exp(a)

    def variance(a: mpf, z: mpf) -> mpf:
        return mean(a, z) * (1 + (mpf("0.25") + logistic(z)) * exp(a))

    assert_moments(feature(family.mean), mean, points)
    assert_moments(feature(family.variance), variance, points)


def test_ordinal() -> None:
    family = likelihoods.Ordinal([4])
    thresholds = [mpf(float(t)) for t in family.thresholds()[0]]
    points = [(a,) for a in LOGITS]

    def mass(a: mpf) -> list[mpf]:
        below = [logistic(t - a) for t in thresholds]
        above = [logistic(a - t) for t in thresholds]
        between = [b * c * -mpmath.expm1(s - t) for b, c, s, t in
                   zip(below[1:], above, thresholds, thresholds[1:], strict=False)]  # fmt: skip
        return [below[0], *between, above[-1]]

    def mean(a: mpf) -> mpf:
        return mpmath.fsum(k * p for k, p in enumerate(mass(a)))

    def variance(a: mpf) -> mpf:
        return mpmath.fsum((k - mean(a)) ** 2 * p for k, p in enumerate(mass(a)))

    assert_moments(entry(family.mean, 0), mean, points)
    # At 0 the variance has its maximum, and a slope that is a difference.
    assert_moments(entry(family.variance, 0), variance, points, smallest=2e-7)
    assert_moments(entry(family.variance, 0), variance, [p for p in points if abs(p[0]) > 2])


@pytest.mark.parametrize("family", [likelihoods.Gaussian, likelihoods.Laplace])
def test_scale_from_the_decoder(family: type) -> None:
    made = family("example")
    start, factor = mpf(made.scale.start), 1 if family is likelihoods.Gaussian else 2

    def variance(_: mpf, raw: mpf) -> mpf:
        return factor * (mpf("0.001") + mpmath.log1p(exp(raw + start))) ** 2

    points = [(1.0, raw) for raw in (-80.0, -20.0, -7.0, 0.0, 3.0, 40.0, 1e6)]
    assert_moments(feature(made.variance), variance, points)
    assert_moments(feature(made.mean), lambda *a: a[0], points)


@pytest.mark.parametrize("df", [1.5, 2.0001, 2.5, 30.0, 1e8, 1e38])
def test_student_t(df: float) -> None:
    nu, scale = float(np.float32(df)), float(np.float32(0.3))
    family = likelihoods.StudentT(df, 0.3)
    got = float(family.variance(jnp.zeros((1, 1)))[0, 0])
    expected = np.inf if nu <= 2 else scale**2 * nu / (nu - 2)
    assert got == pytest.approx(expected, rel=1e-5 if nu > 2.1 else 1e-3)
    assert float(family.mean(jnp.full((1, 1), 7.0))[0, 0]) == 7.0


CLIPPED = [-40.0, -11.0, -3.0, -0.4, -1e-3, 0.0, 0.3, 2.0, 5.0, 9.7, 10.0, 10.4, 14.0, 60.0]


def normal_excess(t: mpf) -> mpf:
    return mpmath.npdf(t) - t * mpmath.erfc(t / mpmath.sqrt(2)) / 2


def laplace_excess(t: mpf) -> mpf:
    return exp(-t) / 2


def student_excess(df: int) -> Callable[[mpf], mpf]:
    def excess(t: mpf) -> mpf:
        half = mpf(df + 1) / 2
        constant = mpmath.gamma(half) / mpmath.gamma(mpf(df) / 2) / mpmath.sqrt(df * mpmath.pi)
        density = constant * (1 + t * t / df) ** -half
        x = df / (df + t * t)
        tail = mpmath.betainc(mpf(df) / 2, mpf(1) / 2, 0, x, regularized=True) / 2
        return (df + t * t) / (df - 1) * density - t * tail

    return excess


@pytest.mark.parametrize(
    ("family", "excess"),
    [
        (likelihoods.Gaussian(1.0), normal_excess),
        (likelihoods.Laplace(1.0), laplace_excess),
        (likelihoods.StudentT(3.0), student_excess(3)),
        (likelihoods.StudentT(40.0), student_excess(40)),
    ],
    ids=["gaussian", "laplace", "student 3", "student 40"],
)
@pytest.mark.parametrize("limits", [(0.0, 10.0), (-10.0, 0.0), (0.0, np.inf)])
def test_clipped(family: likelihoods.Factorized, excess: Callable, limits: tuple) -> None:
    """The mean of a continuous family clipped to the limits, also far beyond them."""
    clipped = likelihoods.Discretized(family, limits=limits)

    def signed(t: mpf) -> mpf:
        return excess(t) if t >= 0 else excess(-t) - t

    def mean(a: mpf) -> mpf:
        above = signed(limits[1] - a) if np.isfinite(limits[1]) else 0
        return limits[0] + signed(limits[0] - a) - above

    points = [(a + min(limits[0], 0),) for a in CLIPPED]
    if limits[1] == np.inf:
        points = [(a,) for a in CLIPPED]
    assert_moments(entry(clipped.mean, 0), mean, points, smallest=1e-30)


def test_clipped_at_infinity() -> None:
    clipped = likelihoods.Discretized(likelihoods.Gaussian(), limits=(0, 10))
    for location, expected in ((np.inf, 10.0), (-np.inf, 0.0)):
        value, slope = jax.value_and_grad(lambda a: clipped.mean(a)[0, 0])(jnp.array([[location]]))
        assert float(value) == expected
        assert float(slope[0, 0]) == 0.0


INFINITE = [
    (likelihoods.Bernoulli(), [np.inf], 1.0, 0.0),
    (likelihoods.Bernoulli(), [-np.inf], 0.0, 0.0),
    (likelihoods.ContinuousBernoulli(), [np.inf], 1.0, 0.0),
    (likelihoods.ContinuousBernoulli(), [-np.inf], 0.0, 0.0),
    (likelihoods.Poisson(), [-np.inf], 0.0, 0.0),
    (likelihoods.NegativeBinomial(0.5), [-np.inf], 0.0, 0.0),
    (likelihoods.ZeroInflatedNegativeBinomial(0.5), [-np.inf, 0.0], 0.0, 0.0),
    (likelihoods.ZeroInflatedNegativeBinomial(0.5), [0.0, np.inf], 0.0, 0.0),
    (likelihoods.ZeroInflatedNegativeBinomial(0.5), [0.0, -np.inf], 1.0, 1.5),
    (likelihoods.Ordinal([3]), [np.inf], 2.0, 0.0),
    (likelihoods.Ordinal([3]), [-np.inf], 0.0, 0.0),
    (likelihoods.Categorical(2), [-np.inf, 0.0], 0.0, 0.0),
    (likelihoods.Categorical(2), [np.inf, 0.0], 1.0, 0.0),
]


@pytest.mark.parametrize(("family", "outputs", "mean", "variance"), INFINITE)
def test_at_infinity(
    family: likelihoods.Factorized, outputs: list[float], mean: float, variance: float
) -> None:
    raw = jnp.array([outputs if len(outputs) == 1 else [outputs]])
    for function, expected in ((family.mean, mean), (family.variance, variance)):
        value, gradient = jax.value_and_grad(lambda a, f=function: f(a).ravel()[0])(raw)
        assert float(value) == pytest.approx(expected, abs=1e-12)
        assert jnp.isfinite(gradient).all()

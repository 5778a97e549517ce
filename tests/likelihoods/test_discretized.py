"""Masses of bins, in both tails: against mpmath, and as a likelihood."""

import itertools
import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flax import nnx
from scipy import integrate, stats

from aelib.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    Discretized,
    Factorized,
    Gaussian,
    Laplace,
    Poisson,
    StudentT,
)
from aelib.likelihoods._interval import laplace_log_mass, normal_log_mass, student_t_log_mass

# As many units in the last place as the longest sum has terms: 16, and twice 32 in float64.
PRECISIONS = [(np.float32, 16 * 2.0**-23), (np.float64, 64 * 2.0**-52)]


def normal_tail(c):
    return mpmath.erfc(c / mpmath.sqrt(2)) / 2


def laplace_tail(c):
    return mpmath.exp(-c) / 2


def laplace_density(z):
    return mpmath.exp(-abs(z)) / 2


def student_tail(df):
    """Closed forms for 1, 2 and 4 degrees of freedom."""

    def tail(c):
        x = c / mpmath.sqrt(df + c * c)
        if df == 1:
            return mpmath.atan2(1, c) / mpmath.pi
        return (1 - x) / 2 if df == 2 else mpmath.mpf(1) / 2 - (3 * x - x**3) / 4

    return tail


def student_density(df):
    def density(z):
        half = mpmath.mpf(df + 1) / 2
        constant = mpmath.gamma(half) / mpmath.gamma(mpmath.mpf(df) / 2)
        return constant / mpmath.sqrt(df * mpmath.pi) * (1 + z * z / df) ** -half

    return density


LAWS = {
    "normal": (normal_log_mass, [(normal_tail, mpmath.npdf)]),
    "laplace": (laplace_log_mass, [(laplace_tail, laplace_density)]),
    "t": (student_t_log_mass, [(student_tail(df), student_density(df)) for df in (1, 2, 4)]),
}
EDGES = [
    0.0,
    1e-6,
    1e-3,
    0.1,
    0.3,
    1.0,
    3.0,
    5.0,
    9.9,
    10.1,
    13.1,
    14.0,
    29.0,
    37.5,
    100.0,
    1e4,
    1e6,
]
LENGTHS = [1e-6, 1e-3, 0.1, 0.3, 0.69, 0.99, 1.01, 2.0, 5.0, 300.0, np.inf]
INTERVALS = [
    *itertools.product(EDGES, LENGTHS),
    *((-f * length, length) for f in (0.5, 0.3, 0.01, 1e-4) for length in LENGTHS[:-1]),
    *((-edge, np.inf) for edge in EDGES[1:]),
]


def truth(tail, density, edge, length):
    """Log-mass and its derivatives by the edge and by the length."""
    with mpmath.workdps(60):
        a = mpmath.mpf(float(edge))
        b = a + mpmath.mpf(float(length))
        beyond = 0 if mpmath.isinf(b) else tail(b)
        mass = tail(a) - beyond if a >= 0 else 1 - tail(-a) - beyond
        far = 0 if mpmath.isinf(b) else density(b)
        return [float(v) for v in (mpmath.log(mass), (far - density(a)) / mass, far / mass)]


@pytest.mark.exact
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
def test_values_and_gradients_in_both_tails(law, dtype, tolerance):
    function, references = LAWS[law]
    points = np.array(INTERVALS, dtype)
    if law == "t":
        # Beyond, 60 digits do not tell the mass of a narrow interval from nothing.
        points = points[np.abs(points[:, 0]) <= 1e4]
    exact = np.array([truth(*each, *row) for each in references for row in points])
    points = np.tile(points, (len(references), 1))
    arguments = [points[:, 0], points[:, 1]]
    if law == "t":
        arguments.append(np.repeat([1, 2, 4], len(points) // 3).astype(dtype))

    @jax.jit
    def value_and_slopes(*arguments):
        value, pull = jax.vjp(function, *arguments)
        return value, pull(jnp.ones_like(value))[:2]

    with jax.enable_x64(dtype == np.float64):
        value, slopes = value_and_slopes(*map(jnp.asarray, arguments))
    assert value.dtype == dtype
    assert (np.asarray(value) <= 0).all()
    got = np.stack([value, *slopes], axis=1).astype(float)
    got[np.isinf(points[:, 1]), 2] = 0.0  # nobody asks for the slope by an infinite length
    error = np.abs(got - exact) / np.maximum(1.0, np.abs(exact))
    assert error.max() < tolerance


class FreeScale(Gaussian):
    """A Gaussian whose scale is the second raw output as it is."""

    def __init__(self):
        super().__init__()
        self.num_outputs = 2

    def scale_of(self, parts):
        return parts[1]


def reference(x, loc, scale, width, limits=None):
    """Log-mass of a normal bin and its derivatives by loc and scale."""
    with mpmath.workdps(60):
        x, loc, scale, width = (mpmath.mpf(float(v)) for v in (x, loc, scale, width))
        low, high = x - width / 2 - loc, x + width / 2 - loc
        if limits is not None and x == limits[0]:
            low = -mpmath.inf
        if limits is not None and x == limits[1]:
            high = mpmath.inf
        a, b = low / scale, high / scale
        if a + b > 0:  # erfc of a large positive number keeps its digits, 1 - erfc does not
            mass = (mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2
        else:
            mass = (mpmath.erfc(-b / mpmath.sqrt(2)) - mpmath.erfc(-a / mpmath.sqrt(2))) / 2
        left = 0 if mpmath.isinf(a) else mpmath.npdf(a)
        right = 0 if mpmath.isinf(b) else mpmath.npdf(b)
        left_a = 0 if mpmath.isinf(a) else a * left
        right_b = 0 if mpmath.isinf(b) else b * right
        return (
            float(mpmath.log(mass)),
            float((left - right) / (mass * scale)),
            float((left_a - right_b) / (mass * scale)),
        )


GAPS = [0.0, 1e-6, 0.3, 0.499999, 0.5, 0.500001, 1.0, 7.0, 120.0, 3e4]
WIDTHS = [1e-6, 1 / 255, 0.9, 1.0, 5.0, 300.0]
SCALES = [1e-3, 0.05, 0.5, 1.0, 40.0]


@pytest.mark.exact
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_values_and_gradients_by_location_and_scale(dtype, tolerance):
    signed = [sign * gap for gap in GAPS for sign in (-1, 1)]
    points = np.array([(g, 0.0, s, w) for g in signed for s in SCALES for w in WIDTHS], dtype)
    exact = np.array([reference(*row) for row in points])
    likelihood = Discretized(FreeScale(), bin_width=points[:, 3])
    with jax.enable_x64(dtype == np.float64):
        x, loc, scale = (jnp.asarray(points[:, i]) for i in range(3))

        @jax.jit
        def value_and_slopes(loc, scale):
            def value(loc, scale):
                outputs = jnp.stack([loc, scale], axis=-1)[None]
                return likelihood.log_prob_per_feature(outputs, x[None])[0]

            got, pull = jax.vjp(value, loc, scale)
            return got, *pull(jnp.ones_like(got))

        got, d_loc, d_scale = (np.asarray(v, float) for v in value_and_slopes(loc, scale))
    error = np.abs(got - exact[:, 0])
    assert (error <= tolerance * np.maximum(1, np.abs(exact[:, 0]))).all()
    for slope, column in ((d_loc, 1), (d_scale, 2)):
        assert np.isfinite(slope).all()
        error = np.abs(slope - exact[:, column])
        # An edge 1 part in 1e6 from the mean is known to 1e-7 / 1e-6 only in float32, and
        # slopes at such places are large: 1 / scale is their natural unit.
        size = np.maximum(1 / points[:, 2].astype(float), np.abs(exact[:, column]))
        assert (error <= 30 * tolerance * size).all()


@pytest.mark.exact
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_open_ends(dtype, tolerance):
    locs, scales = [-40.0, -1.0, 0.0, 0.5, 0.75, 1.0, 9.0], [0.02, 0.5, 3.0]
    points = np.array(list(itertools.product([0.0, 0.5, 1.0], locs, scales)), dtype)
    likelihood = Discretized(FreeScale(), bin_width=0.5, limits=(0.0, 1.0))
    with jax.enable_x64(dtype == np.float64):
        got = jax.jit(likelihood.log_prob)(points[:, None, 1:], points[:, :1])
    exact = [reference(*point, 0.5, (0.0, 1.0))[0] for point in points]
    assert np.asarray(got) == pytest.approx(np.array(exact), rel=tolerance, abs=tolerance)


@pytest.mark.exact
@pytest.mark.parametrize(
    "family",
    [lambda _: FreeScale(), Laplace, lambda scale: StudentT(1.5, scale)],
    ids=["gaussian", "laplace", "student"],
)
def test_a_grid_with_open_ends_sums_to_one(family):
    levels = np.arange(256.0) / 255
    cases = np.array(list(itertools.product([0.001, 0.1, 10.0], [-2.0, 0.1, 0.5, 1.3])))
    scale, loc = (np.tile(column, (256, 1)) for column in cases.T)
    likelihood = Discretized(family(cases[:, 0]), bin_width=1 / 255, limits=(0.0, 1.0))
    outputs = np.stack([loc, scale], axis=-1)[..., : likelihood.num_outputs]
    x = np.tile(levels[:, None], len(cases))
    with jax.enable_x64(True):
        mass = np.asarray(jax.jit(likelihood.log_prob_per_feature)(outputs, x))
    assert (mass <= 0).all()
    assert np.exp(mass).sum(axis=0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.exact
def test_narrow_bins_are_density_times_width():
    with jax.enable_x64(True):
        outputs, x = jnp.array([[0.2, -1.0]]), jnp.array([[0.9, 4.0]])
        for family in (Gaussian(0.7), Laplace(0.7), StudentT(3.0, 0.7)):
            mass = jax.jit(Discretized(family, bin_width=1e-6).log_prob)(outputs, x)
            density = family.log_prob(outputs, x) + 2 * np.log(1e-6)
            assert mass == pytest.approx(np.asarray(density), rel=1e-10)


@pytest.mark.exact
def test_renormalized_on_zero_and_one_it_is_a_bernoulli():
    with jax.enable_x64(True):
        mean, scale = jnp.linspace(-3, 4, 29)[:, None], 0.6
        gaussian, ones = Gaussian(scale), jnp.ones((29, 1))
        both = jnp.stack([gaussian.log_prob(mean, 0 * ones), gaussian.log_prob(mean, ones)])
        logits = (mean - 0.5) / scale**2
        for value in (0, 1):
            renormalized = both[value] - jax.nn.logsumexp(both, axis=0)
            bernoulli = Bernoulli().log_prob(logits, value * ones)
            assert renormalized == pytest.approx(np.asarray(bernoulli), abs=1e-12)


def test_masks_do_not_leak():
    outputs = jnp.array([[0.1, 0.7]])
    x, mask = jnp.array([[0.0, jnp.nan]]), jnp.array([[True, False]])
    for family in (Gaussian(0.3), Laplace(0.3), StudentT(2.0, 0.3), ContinuousBernoulli()):
        likelihood = Discretized(family, limits=(0, 1))

        def value(outputs, likelihood=likelihood):
            return likelihood.log_prob(outputs, x, mask=mask).sum()

        got, grad = jax.jit(jax.value_and_grad(value))(outputs)
        alone = jax.jit(likelihood.log_prob)(outputs[:, :1], x[:, :1])
        assert got == pytest.approx(float(alone[0]), rel=1e-6)
        assert jnp.isfinite(grad).all()
        assert grad[0, 1] == 0


@pytest.mark.parametrize("logit", [-40.0, -1.0, 1e-3, 3.0, 60.0])
def test_a_continuous_bernoulli_is_stretched_over_the_limits(logit):
    likelihood = Discretized(ContinuousBernoulli(), limits=(0, 8))
    got = likelihood.log_prob(jnp.full((9, 1), logit), jnp.arange(9.0)[:, None])
    with mpmath.workdps(40):
        a, edges = mpmath.mpf(logit), [0, *(mpmath.mpf(2 * k + 1) / 16 for k in range(8)), 1]
        above = [mpmath.expm1(a * edge) / mpmath.expm1(a) for edge in edges]
        exact = [float(mpmath.log(b - c)) for c, b in itertools.pairwise(above)]
    assert got == pytest.approx(np.array(exact), rel=2e-6, abs=2e-6)
    assert likelihood.mean(jnp.zeros((1, 1)))[0, 0] == pytest.approx(4.0)


class Exponential(Factorized):
    """Waiting times; a family of one's own, whose bins are integrated."""

    support, inside = (0.0, math.inf), 1.0

    def elementwise_nll(self, parts, x):
        return x * jnp.exp(-parts[0]) + parts[0]

    def elementwise_mean(self, parts):
        return jnp.exp(parts[0])


def test_a_family_of_ones_own_is_integrated():
    likelihood = Discretized(Exponential(), limits=(0, np.inf))
    x = np.array([[0.0, 1.0, 7.0]])
    got = likelihood.log_prob_per_feature(jnp.full((1, 3), 0.3), x)
    edges = stats.expon.cdf(np.array([0.0, 0.5, 1.5, 6.5, 7.5]), scale=np.exp(0.3))
    exact = np.log([edges[1] - edges[0], edges[2] - edges[1], edges[4] - edges[3]])
    assert got[0] == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("family", "law"),
    [
        (Gaussian(2.0), stats.norm),
        (Laplace(2.0), stats.laplace),
        (StudentT(5.0, 2.0), stats.t(5.0)),
    ],
    ids=["gaussian", "laplace", "t"],
)
def test_means_are_clipped_and_samples_on_the_grid(family, law):
    likelihood = Discretized(family, bin_width=0.25, limits=(0.0, 3.0))
    outputs = np.array([[-1.0, 1.0, 5.0]])
    # The mean of a number clipped to [0, 3] is the area under its survival function there.
    clipped = [integrate.quad(lambda u: law.sf((u - loc) / 2), 0, 3)[0] for loc in outputs[0]]  # noqa: B023
    assert jax.jit(likelihood.mean)(outputs)[0] == pytest.approx(clipped, rel=1e-5)
    many = np.tile(outputs, (2_000, 1))
    draws = np.asarray(jax.jit(likelihood.sample)(jax.random.key(0), many), float)
    likelihood.check(draws)
    assert (np.abs(draws.mean(0) - clipped) < 5 * draws.std(0) / len(draws) ** 0.5).all()
    assert likelihood.variance(outputs) == pytest.approx(np.asarray(family.variance(outputs)))


def test_a_feature_without_steps_has_a_density():
    both = Discretized(Gaussian(0.5), bin_width=(1.0, 0.0), limits=[(0, 2), (-np.inf, np.inf)])
    cells = both.log_prob_per_feature(jnp.zeros((1, 2)), jnp.zeros((1, 2)))[0]
    expected = [stats.norm.logcdf(1.0), stats.norm.logpdf(0, 0, 0.5)]
    assert cells == pytest.approx(np.array(expected), rel=1e-6)
    both.check(np.array([[2.0, 0.123]]))
    with pytest.raises(ValueError, match=r"values in steps of .* got 3.0 at index \(0, 0\)"):
        both.check(np.array([[3.0, 0.123]]))


def test_its_parameters_are_trained_and_equal_settings_are_one_program():
    make = lambda: Discretized(Gaussian("shared", initial=0.4), limits=(0, 9))  # noqa: E731
    assert len(jax.tree.leaves(nnx.state(make(), nnx.Param))) == 1
    assert nnx.split(make())[0] == nnx.split(make())[0]


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"likelihood: expected a continuous .* got Poisson"):
        Discretized(Poisson())
    with pytest.raises(ValueError, match=r"bin_width: expected a positive number, got 0.0"):
        Discretized(Gaussian(), bin_width=0.0)
    with pytest.raises(ValueError, match=r"limits: expected .first, last. in order"):
        Discretized(Gaussian(), limits=(1.0, 0.0))
    with pytest.raises(ValueError, match="limits: expected finite ones for ContinuousBernoulli"):
        Discretized(ContinuousBernoulli(), limits=(0, np.inf))
    with pytest.raises(ValueError, match=r"steps of 1 from 0 to 2, got 3 at index \(1, 0\)"):
        Discretized(Gaussian(), limits=(0, 2)).check(np.array([[0], [3]]))
    with pytest.raises(ValueError, match="outputs: expected shape"):
        Discretized(Gaussian()).log_prob(jnp.zeros((1, 3)), jnp.zeros((2, 3)))


def test_a_value_beyond_the_limits_is_none_that_can_occur():
    graded = Discretized(Gaussian(), limits=(0, 4))
    nats = graded.log_prob_per_feature(jnp.zeros((1, 4)), jnp.array([[-1.0, 0.0, 4.0, 9.0]]))
    assert jnp.isnan(nats).tolist() == [[True, False, False, True]]


def test_what_stands_under_a_mask_need_not_be_within_every_limit():
    """One number is put there for all features, of which each has limits of its own."""
    graded = Discretized(Gaussian(), limits=[(0.0, 4.0), (100.0, 104.0)])
    x, mask = jnp.array([[1.0, jnp.nan]]), jnp.array([[True, False]])
    slope = jax.grad(lambda outputs: graded.log_prob(outputs, x, mask=mask).sum())(jnp.ones((1, 2)))
    assert jnp.isfinite(slope).all()
    assert slope[0, 1] == 0

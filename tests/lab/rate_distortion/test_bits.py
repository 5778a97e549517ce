"""How many bits: water-filling against an optimizer, code models, curves against the bound."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import logistic, norm

from aelib import pca
from aelib.lab import rate_distortion as rd

RNG = np.random.default_rng(0)


def optimal_rate(variances, distortion):
    """The least rate found by a general optimizer, over log distortions."""

    def rate(logs):
        return 0.5 * np.sum(np.log(variances) - logs)

    def left(logs):
        return distortion - np.exp(logs).sum()

    start = np.log(variances * min(0.9, distortion / variances.sum()))
    found = minimize(
        rate,
        start,
        bounds=[(None, b) for b in np.log(variances)],
        constraints={"type": "ineq", "fun": left},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return found.fun


@pytest.mark.parametrize("fraction", [0.9, 0.5, 0.1, 0.01])
def test_water_filling_is_the_optimum(fraction):
    variances = np.array([5.0, 0.3, 1.0, 0.04, 1.0])
    distortion = fraction * variances.sum()
    found = rd.reverse_water_filling(variances, distortion=distortion)
    np.testing.assert_allclose(found.rate, optimal_rate(variances, distortion), atol=1e-6)
    np.testing.assert_allclose(found.distortion, distortion, rtol=1e-12)
    np.testing.assert_allclose(found.rates.sum(), found.rate, rtol=1e-12)


def test_water_filling_inverts_itself_over_many_decades():
    variances = np.geomspace(1e6, 1e-6, 40)
    for distortion in np.geomspace(1e-9, 0.999 * variances.sum(), 25):
        there = rd.reverse_water_filling(variances, distortion=distortion)
        back = rd.reverse_water_filling(variances, rate=there.rate)
        np.testing.assert_allclose(back.distortion, distortion, rtol=1e-9)


def test_slope_of_the_rate_is_the_water_level():
    variances = np.array([4.0, 2.0, 0.5])
    for distortion in (0.3, 1.0, 3.0):
        step = 1e-5
        near = [
            rd.reverse_water_filling(variances, distortion=distortion + s) for s in (-step, step)
        ]
        slope = (near[1].rate - near[0].rate) / (2 * step)
        level = rd.reverse_water_filling(variances, distortion=distortion).level
        np.testing.assert_allclose(slope, -1 / (2 * level), rtol=1e-6)


def test_water_filling_at_its_ends():
    nothing = rd.reverse_water_filling([2.0, 1.0, 0.0], distortion=99.0)
    assert (nothing.rate, nothing.distortion, nothing.active) == (0, 3, 0)
    assert rd.reverse_water_filling([2.0, 1.0, 0.0], rate=0.0).distortion == 3
    one = rd.reverse_water_filling([4.0], distortion=1.0)
    np.testing.assert_allclose(one.bits, 1.0)
    assert rd.reverse_water_filling([0.0], distortion=1.0).rate == 0


@pytest.mark.parametrize("density", ["gaussian", "logistic"])
def test_code_model_is_a_distribution_even_far_out(density):
    cells = RNG.integers(-3, 4, size=(50, 1)) * 2
    model = rd.CodeModel.fit(cells, density=density)
    everywhere = np.arange(-600, 601)[:, None]
    np.testing.assert_allclose(np.exp(-model.code_length(everywhere)).sum(), 1, rtol=1e-9)
    far = model.code_length(np.array([[10**6]]))
    assert np.isfinite(far).all()
    assert far[0] > 1000


def test_masses_against_scipy():
    from aelib.lab.rate_distortion._code_model import _log_mass

    cells = np.array([-40, -3, 0, 1, 2, 30])
    for density, law, scale in (
        ("gaussian", norm, 1.7),
        ("logistic", logistic, 1.7 * np.sqrt(3) / np.pi),
    ):
        law = law(0.3, scale)
        upper = law.sf(cells - 0.5) - law.sf(cells + 0.5)
        lower = law.cdf(cells + 0.5) - law.cdf(cells - 0.5)
        expected = np.log(np.where(cells > 0.3, upper, lower))
        np.testing.assert_allclose(_log_mass(cells, 0.3, 1.7, density), expected, rtol=1e-9)


def test_held_out_length_of_a_known_law():
    law = np.array([0.5, 0.25, 0.125, 0.125])
    cells = RNG.choice(4, p=law, size=(20000, 2))
    found = rd.CodeModel.fit(cells[:10000]).code_length(cells[10000:]).mean() / np.log(2)
    np.testing.assert_allclose(found, 2 * 1.75, rtol=0.01)  # 10,000 words of spread 1.2 bits


def test_quantizer_goes_there_and_back():
    codes = RNG.normal(size=(100, 3))
    grid = rd.Quantizer.fit(codes, 0.25)
    back = grid.dequantize(grid.quantize(codes))
    assert np.abs(back - codes).max() <= 0.125 + 1e-12
    assert grid.quantize(codes).dtype == np.int64


def test_curve_stays_above_the_bound_and_ends_at_the_scalar_gap():
    variances = np.geomspace(4, 0.1, 6)
    x = RNG.normal(size=(12000, 6)) * np.sqrt(variances)
    steps = [0.1, 0.5, 2.0]
    curve = rd.rate_curve(x[:6000], x[6000:], np.array, x[6000:], steps, density="gaussian")
    bound = [rd.reverse_water_filling(variances, distortion=d).rate for d in curve.distortions]
    assert (curve.rates > bound).all()
    np.testing.assert_allclose((curve.rates[0] - bound[0]) / 6, rd.SCALAR_GAP, atol=0.015)
    np.testing.assert_allclose(curve.distortions[0], 6 * 0.1**2 / 12, rtol=0.02)


CELLS = np.array([[0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: rd.reverse_water_filling([1.0]), TypeError, "exactly one"),
        (lambda: rd.reverse_water_filling([1.0], distortion=1, rate=1), TypeError, "exactly one"),
        (
            lambda: rd.reverse_water_filling([1.0], distortion=0),
            ValueError,
            "distortion: .*, above 0, got 0",
        ),
        (
            lambda: rd.reverse_water_filling([1.0], rate=-1),
            ValueError,
            "rate: .* at least 0, got -1",
        ),
        (lambda: rd.reverse_water_filling([1, -2], rate=1), ValueError, "got -2.0 at index"),
        (
            lambda: rd.reverse_water_filling([[1.0]], rate=1),
            ValueError,
            r"variances: expected shape \[d\]",
        ),
        (lambda: rd.reverse_water_filling([0.0], rate=1), ValueError, "rate: expected 0"),
        (lambda: rd.Quantizer(0.0, np.zeros(1)), ValueError, "step: .* above 0"),
        (lambda: rd.Quantizer(1e-300, np.zeros(1)).quantize([[1.0]]), ValueError, "2..53"),
        (lambda: rd.CodeModel.fit(CELLS * 1.0), TypeError, "indices: expected whole numbers"),
        (lambda: rd.CodeModel.fit(CELLS[:1]), ValueError, "at least two rows"),
        (lambda: rd.CodeModel.fit(CELLS, density="flat"), ValueError, "density: .* got 'flat'"),
        (lambda: rd.CodeModel.fit(CELLS).code_length(CELLS[:, :1]), ValueError, r"\[n, 2\], got"),
        (
            lambda: rd.rate_curve(CELLS, CELLS, lambda z: z[:, :1], CELLS, [1.0]),
            ValueError,
            r"decode: expected shape \(2, 2\)",
        ),
    ],
)
def test_bad_input_is_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_axes_of_any_linear_code_are_its_principal_components():
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 6)) * np.geomspace(4, 0.5, 6)
    model = pca.fit(x, 3)
    scores = model.transform(x)
    mixed = scores @ random.normal(size=(3, 3)) + 7.0
    axes = rd.ReconstructionAxes.fit(mixed, model.inverse_transform(scores))
    turned = axes.transform(mixed)
    np.testing.assert_allclose(np.abs(turned), np.abs(scores), atol=1e-9)
    np.testing.assert_allclose(axes.inverse_transform(turned), mixed, rtol=1e-9)


def test_axes_leave_out_what_has_no_effect():
    codes = np.random.default_rng(0).normal(size=(50, 3))
    reconstructions = codes[:, :2] @ np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    axes = rd.ReconstructionAxes.fit(codes, reconstructions)
    assert axes.transform(codes).shape == (50, 2)
    back = axes.inverse_transform(axes.transform(codes))
    np.testing.assert_allclose(back[:, :2], codes[:, :2], atol=1e-9)


@pytest.mark.parametrize(
    ("codes", "reconstructions", "message"),
    [
        (
            np.ones((4, 2)),
            np.ones((3, 5)),
            "reconstructions: expected 4 rows, one for each code, got 3",
        ),
        (np.eye(2), np.eye(2), "codes: expected more rows than the 2 columns, got 2"),
        (
            np.eye(3)[:, :2],
            np.ones((3, 5)),
            "reconstructions: expected them to depend on the codes",
        ),
        (np.full((3, 2), np.nan), np.ones((3, 5)), "codes: "),
    ],
)
def test_axes_say_what_is_wrong(codes, reconstructions, message):
    with pytest.raises(ValueError, match=message):
        rd.ReconstructionAxes.fit(codes, reconstructions)


def test_a_quantizer_takes_codes_of_its_own_length():
    quantizer = rd.Quantizer(0.5, np.zeros(2))
    for codes in ([[0.6]], [[0.6, 0.1, 0.2]], [0.6, 0.1]):
        with pytest.raises(ValueError, match="codes: expected shape"):
            quantizer.quantize(codes)
    for indices, message in (([[1]], "shape"), ([[1, 0.5]], "whole numbers")):
        with pytest.raises(ValueError, match=f"indices: expected {message}"):
            quantizer.dequantize(indices)

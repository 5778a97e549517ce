"""The joint likelihood of a mixed table, against SciPy column by column."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy import stats

from aelib.data import Column
from aelib.likelihoods import Columns, Composite, Likelihood
from tests.likelihoods.composite_reference import COLUMNS, N, draw, log_probs

STEP = 1e-5
# A negative binomial takes as long to compile as all else: it has a test of its own.
FEWER = COLUMNS.drop("visits")
ONCE = np.ones(N, np.float32)  # an exposure that changes nothing


def raw_parameters(likelihood):
    """The trained numbers, by the names that the reference uses."""
    found = {}
    for part in likelihood.parts:
        if part.kind == "continuous":
            found["scale"] = part.likelihood.likelihood.scale.raw
        elif part.kind == "ordinal":
            found["first"], found["gaps"] = part.likelihood.first, part.likelihood.raw_gaps
        elif part.kind == "count" and part.columns[0].distribution == "negative_binomial":
            found["dispersion"] = part.likelihood.dispersion.raw
    return found


def make(columns, dtype):
    """A likelihood whose trained numbers are not where they start."""
    likelihood = Composite(columns)
    random = np.random.default_rng(5)
    for variable in raw_parameters(likelihood).values():
        start = np.asarray(variable[...], float)
        moved = (start + 0.5 * random.normal(size=start.shape)).astype(np.float32)
        variable.set_value(jnp.asarray(moved, dtype))
    return likelihood


def differentiated(likelihood):
    """A compiled function of trained numbers, outputs, x and mask, and the numbers to give it.

    It returns the cells, the rows, and the derivatives of the cells' sum.
    """
    graphdef, trained, rest = nnx.split(likelihood, nnx.Param, ...)

    def cells(trained, outputs, x, mask):
        model = nnx.merge(graphdef, trained, rest)
        return model.log_prob_per_feature(outputs, x, mask=mask)

    @jax.jit
    def every(trained, outputs, x, mask):
        value, pull = jax.vjp(lambda t, o: cells(t, o, x, mask), trained, outputs)
        by_trained, by_outputs = pull(jnp.ones_like(value))
        slopes = raw_parameters(nnx.merge(graphdef, by_trained, rest))
        return value, {k: v[...] for k, v in slopes.items()}, by_outputs

    return every, nnx.as_pure(trained)


# SciPy's own logistic and normal tails keep 13 digits or so; slopes are finite differences of it.
@pytest.mark.exact
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 5e-6), (np.float64, 1e-11)])
def test_values_and_gradients_are_scipys(dtype, tolerance):
    columns = FEWER
    slope_tolerance = max(10 * tolerance, 2e-6)
    with jax.enable_x64(dtype == np.float64):
        likelihood = make(columns, dtype)
        raw = {k: np.asarray(v[...], float) for k, v in raw_parameters(likelihood).items()}
        every, trained = differentiated(likelihood)
        for extreme in (False, True):
            outputs, x, mask = draw(1, extreme, columns)
            truth = np.where(mask, log_probs(outputs, x, raw, columns), 0.0)
            given = {name: jnp.asarray(value, dtype) for name, value in outputs.items()}
            hidden = jnp.asarray(np.where(mask, x, np.nan), dtype)
            got, by_raw, by_outputs = every(trained, given, hidden, jnp.asarray(mask))
            assert got.dtype == dtype
            size = np.maximum(1.0, np.abs(truth))
            assert np.max(np.abs(np.asarray(got, float) - truth) / size) < tolerance
            for name, value in outputs.items():
                j = columns.position(name)
                for k in range(value.shape[1]):
                    ends = []
                    for sign in (1, -1):
                        moved = value.copy()
                        moved[:, k] += sign * STEP
                        ends.append(log_probs({**outputs, name: moved}, x, raw, columns)[:, j])
                    slope = np.where(mask[:, j], (ends[0] - ends[1]) / (2 * STEP), 0.0)
                    error = np.abs(np.asarray(by_outputs[name][:, k], float) - slope)
                    assert np.max(error / np.maximum(1.0, np.abs(slope))) < slope_tolerance, name
            for name, value in raw.items():
                for index in np.ndindex(value.shape):
                    ends = []
                    for sign in (1, -1):
                        moved = value.copy()
                        moved[index] += sign * STEP
                        cells = log_probs(outputs, x, {**raw, name: moved}, columns)
                        ends.append(np.where(mask, cells, 0))
                    slopes = (ends[0] - ends[1]) / (2 * STEP)
                    size = max(1.0, np.abs(slopes).sum())
                    assert abs(float(by_raw[name][index]) - slopes.sum()) < slope_tolerance * size


@pytest.mark.exact
def test_overdispersed_counts_are_scipys():
    columns = Columns((COLUMNS["visits"],))
    likelihood = make(columns, np.float32)
    alpha = float(likelihood.dispersions()["visits"])
    assert alpha != pytest.approx(1.0, abs=0.1)
    outputs, x, mask = draw(3, True, columns)
    given = {"visits": np.float32(outputs["visits"])}
    got = np.asarray(likelihood.log_prob_per_feature(given, np.float32(x), mask=mask))[:, 0]
    mean = np.exp(outputs["visits"][:, 0])
    truth = stats.nbinom.logpmf(x[:, 0], 1 / alpha, 1 / (1 + alpha * mean))
    assert got == pytest.approx(np.where(mask[:, 0], truth, 0.0), rel=5e-6, abs=1e-6)


@pytest.fixture(scope="module")
def likelihood():
    return Composite(FEWER)


@nnx.jit
def cells_of(likelihood, outputs, x, mask, exposure):
    return likelihood.log_prob_per_feature(outputs, x, mask=mask, exposure=exposure)


@pytest.fixture(scope="module")
def table():
    outputs, x, mask = draw(2, False, FEWER)
    return {k: np.float32(v) for k, v in outputs.items()}, np.float32(x), mask


def test_it_has_the_face_of_a_likelihood(likelihood):
    assert isinstance(likelihood, Likelihood)
    assert likelihood.num_outputs == sum(column.num_outputs for column in FEWER)


def test_an_observed_nan_is_an_answer_and_not_a_mask(likelihood, table):
    outputs, x, mask = table
    x, mask = x.copy(), mask.copy()
    x[3], mask[3] = np.nan, True
    cells = np.asarray(cells_of(likelihood, outputs, x, mask, ONCE))
    assert np.isnan(cells[3]).all()
    assert np.isfinite(np.delete(cells, 3, axis=0)).all()
    assert (cells[~mask] == 0).all()
    joint = np.asarray(likelihood.log_prob(outputs, x, mask=mask))
    assert np.delete(joint, 3) == pytest.approx(np.delete(cells.sum(1), 3), rel=1e-5)
    assert np.isnan(joint[3])


def test_codes_that_are_none_cost_nan_and_check_names_them(likelihood, table):
    outputs, x, mask = table
    j, x, mask = FEWER.position("mode"), x.copy(), mask.copy()
    x[5, j], mask[5, j] = 4.0, True
    with pytest.raises(
        ValueError,
        match=r"x: column 'mode': expected a level number from 0 to 3, got 4.0 at index \(5, 2\)",
    ):
        likelihood.check(x, mask=mask)
    assert jnp.isnan(likelihood.log_prob(outputs, x, mask=mask)[5])
    x[5, j] = np.nan
    with pytest.raises(ValueError, match=r"got nan at index \(5, 2\); is it missing\? then mask"):
        likelihood.check(x, mask=mask)


def test_draws_are_in_the_support_and_have_the_mean():
    # Counts have their own tests of samplers, and take seconds to compile.
    columns = FEWER.drop("calls")
    n, likelihood = 4000, Composite(columns)
    outputs = {
        column.name: np.tile(np.linspace(0.4, -0.3, column.num_outputs), (n, 1)).astype(np.float32)
        for column in columns
    }

    @jax.jit
    def drawn(key, outputs):
        mean = likelihood.mean(outputs)
        assert list(mean) == list(columns.names)
        return likelihood.sample(key, outputs), mean

    x, mean = drawn(jax.random.key(0), outputs)
    likelihood.check(x)
    for j, column in enumerate(columns):
        values = np.asarray(x[:, j], float)
        expected = np.asarray(mean[column.name][0], float)
        if column.kind == "categorical":
            values = values[:, None] == np.arange(column.num_levels)
        error = values.std(0) / np.sqrt(n)
        assert (np.abs(values.mean(0) - expected) < 5 * error).all(), column.name


def test_probabilities_sum_to_one_and_are_those_of_the_cells(likelihood, table):
    outputs, x, _ = table
    mass = likelihood.probabilities(outputs)
    assert list(mass) == ["smokes", "mode", "educ", "color", "health", "owns"]
    cells = cells_of(likelihood, outputs, x, np.ones_like(x, bool), ONCE)
    for name, value in mass.items():
        j = FEWER.position(name)
        assert value.sum(1) == pytest.approx(np.ones(N), abs=1e-6)
        picked = np.asarray(value)[np.arange(N), x[:, j].astype(int)]
        assert np.log(picked) == pytest.approx(np.asarray(cells[:, j]), rel=1e-4, abs=1e-6)


def test_a_linear_change_of_unit_costs_the_log_of_the_unit():
    x = np.array([[1.5], [2.0], [-0.3]], np.float32)
    outputs = {"y": np.array([0.1, 0.2, 0.3], np.float32)}
    meters = Composite([Column("y", "continuous", center=0.5, spread=1.25)])
    millimeters = Composite([Column("y", "continuous", center=500.0, spread=1250.0)])
    gap = meters.log_prob(outputs, x) - millimeters.log_prob(outputs, 1000 * x)
    assert gap == pytest.approx(np.full(3, np.log(1000.0)), rel=1e-5)
    assert float(meters.scales()["y"]) == pytest.approx(1.25)


def test_everything_as_numbers_is_a_mean_squared_error():
    """Without grids and with one scale, the nats are the squared error but for two constants."""
    numbers = Columns(
        tuple(Column(f"y{i}", "continuous", center=i, spread=1.0 + i) for i in range(3))
    )
    likelihood = Composite(numbers, shared_scale=True)
    random = np.random.default_rng(0)
    x, raw = random.normal(size=(2, 5, 3)).astype(np.float32)
    nats = -likelihood.log_prob({f"y{i}": raw[:, i] for i in range(3)}, x)
    standard = (x - np.arange(3)) / (1.0 + np.arange(3))
    squares = 0.5 * np.square(standard - raw).sum(1)
    constant = 1.5 * np.log(2 * np.pi) + np.log([1, 2, 3]).sum()
    assert nats == pytest.approx(squares + constant, rel=1e-5)
    scales = [float(likelihood.scales()[column.name]) / column.spread for column in numbers]
    assert scales == pytest.approx([1.0, 1.0, 1.0])


def test_impute_keeps_what_was_observed(likelihood, table):
    outputs, x, mask = table
    full = np.asarray(likelihood.impute(outputs, np.where(mask, x, np.nan), mask))
    assert (full[mask] == x[mask]).all()
    guess = np.asarray(likelihood.predict(outputs))
    assert (full[~mask] == guess[~mask]).all()
    frame = FEWER.decode(full)
    assert set(frame["mode"]) <= {"air", "train", "bus", "car"}


def test_counts_have_an_exposure_and_others_have_none(likelihood, table):
    outputs, x, _ = table
    full = np.ones_like(x, bool)
    twice = cells_of(likelihood, outputs, x, full, 2 * ONCE)
    moved = {k: v + np.float32(np.log(2) * (k in ("calls",))) for k, v in outputs.items()}
    expected = cells_of(likelihood, moved, x, full, ONCE)
    assert twice == pytest.approx(np.asarray(expected), rel=1e-5, abs=1e-5)
    with pytest.raises(ValueError, match="exposure: this table has no count, expected None"):
        Composite([COLUMNS["mode"]]).log_prob({"mode": outputs["mode"]}, x[:, 2:3], exposure=2.0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda o: o["mode"], TypeError, "outputs: expected a dict of raw outputs by column name"),
        (lambda o: {**o, "extra": o["mode"]}, ValueError, r"not expected \['extra'\]"),
        (lambda o: {k: o[k] for k in o if k != "age"}, ValueError, r"missing \['age'\]"),
        (
            lambda o: {**o, "mode": o["mode"][:, :3]},
            ValueError,
            r"outputs\['mode'\]: expected shape \(48, 4\), got \(48, 3\)",
        ),
    ],
)
def test_outputs_that_do_not_fit(likelihood, table, change, error, message):
    outputs, x, mask = table
    with pytest.raises(error, match=message):
        likelihood.log_prob(change(outputs), x, mask=mask)


def test_masks_and_tables_that_do_not_fit(likelihood, table):
    outputs, x, mask = table
    with pytest.raises(TypeError, match=r"mask: expected booleans \(True = observed\)"):
        likelihood.log_prob(outputs, x, mask=mask.astype(float))
    with pytest.raises(ValueError, match=r"x: expected \[batch, 10\], one for each column"):
        likelihood.log_prob(outputs, x[:, :4])
    with pytest.raises(ValueError, match=r"floor: expected a number in \(0, 1\)"):
        Composite(COLUMNS, floor=0.0)

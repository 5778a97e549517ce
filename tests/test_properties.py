"""Properties that hold for inputs nobody thought of, drawn by hypothesis."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from aelib import _arrays, _checks, likelihoods, losses, pca

FEW = settings(max_examples=60, deadline=None)
finite = st.floats(-1e6, 1e6, width=32)
anything = st.one_of(
    st.none(), st.text(), st.booleans(), st.binary(), st.complex_numbers(), st.floats(),
    st.integers(), st.lists(st.floats(), max_size=3), hnp.arrays(float, (2,)),
)  # fmt: skip


def outcome(check: Any, *args: Any, **options: Any) -> tuple[Any, str]:
    """What a check returns, or None and the words it refuses with."""
    try:
        return check(*args, **options), ""
    except (TypeError, ValueError) as error:
        return None, str(error)


@FEW
@given(anything)
def test_a_number_is_accepted_or_refused_by_its_name(value: Any):
    accepted, refused = outcome(_checks.check_number, "scale", value, above=0)
    if accepted is None:
        assert refused.startswith("scale: expected")
    else:
        assert accepted > 0
        assert accepted == value


@FEW
@given(anything)
def test_a_count_is_accepted_or_refused_by_its_name(value: Any):
    accepted, refused = outcome(_checks.check_count, "steps", value)
    if accepted is None:
        assert refused.startswith("steps: expected")
    else:
        assert accepted >= 1
        assert accepted == value


@FEW
@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["float32", "int32", "uint8", "float16"]))
def test_a_cast_keeps_the_number_or_is_refused(value: int, dtype: str):
    cast, refused = outcome(_checks.check_cast, "counts", np.array([value]), dtype)
    if cast is None:
        assert refused.startswith("counts: expected")
    else:
        assert int(cast[0]) == value


@FEW
@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=4), elements=finite))
def test_a_masked_array_is_never_taken_for_its_data(values: np.ndarray):
    with pytest.raises(TypeError, match="x: expected"):
        _checks.check_array("x", np.ma.masked_array(values, mask=np.zeros(values.shape, bool)))


SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


@FEW
@given(SHAPES, SHAPES)
def test_losses_never_broadcast(shape: tuple[int, ...], other: tuple[int, ...]):
    outputs, targets = jnp.zeros(shape), jnp.zeros(other)
    for loss in (losses.gaussian_nll, losses.bernoulli_nll, losses.poisson_nll):
        if shape == other:
            assert loss(outputs, targets).shape == shape
        else:
            with pytest.raises(ValueError, match="shape"):
                loss(outputs, targets)


@FEW
@given(st.floats(-80, 80, width=32), st.sampled_from([0.0, 1.0]))
def test_bernoulli_is_a_distribution(logit: float, pixel: float):
    both = losses.bernoulli_nll(jnp.array([logit, logit]), jnp.array([pixel, 1 - pixel]))
    assert float(jnp.min(both)) >= 0
    np.testing.assert_allclose(np.exp(-np.asarray(both, float)).sum(), 1, rtol=1e-6)


@FEW
@given(st.floats(-5, 10, width=32), st.integers(0, 2000))
def test_poisson_agrees_with_scipy(log_rate: float, count: int):
    ours = float(losses.poisson_nll(jnp.array([log_rate]), jnp.array([float(count)]))[0])
    theirs = -stats.poisson.logpmf(count, np.exp(np.float64(log_rate)))
    # float32 has 24 bits, and the rate itself is rounded once in exp.
    np.testing.assert_allclose(ours, theirs, rtol=5e-6, atol=5e-6 * max(1, np.exp(log_rate)))


@FEW
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_principal_angles_do_not_see_the_basis(seed: int, size: int):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 6, size))
    mixed = a @ (np.eye(size) + 0.1 * rng.normal(size=(size, size)))
    np.testing.assert_allclose(
        pca.principal_angles(mixed, b), pca.principal_angles(a, b), atol=1e-9
    )


DTYPES = st.sampled_from(
    [
        "bool",
        "int8",
        "uint16",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "U3",
    ]
)


@FEW
@given(DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=2, max_side=3))))
def test_an_array_keeps_its_numbers_or_is_refused_by_its_name(array: np.ndarray):
    accepted, refused = outcome(_arrays.as_jax, "x", array, "float32")
    if accepted is None:
        assert refused.startswith("x: expected")
        return
    assert accepted.shape == array.shape
    if array.dtype.kind in "biu":
        assert (np.asarray(accepted).astype(object) == array.astype(object)).all()
    else:
        same = np.asarray(array, np.float64)
        np.testing.assert_allclose(accepted, same, rtol=2.0**-23, atol=1e-37, equal_nan=True)


FAMILIES = {
    "Gaussian": likelihoods.Gaussian(0.5),
    "Laplace": likelihoods.Laplace(0.5),
    "StudentT": likelihoods.StudentT(3.0),
    "Bernoulli": likelihoods.Bernoulli(),
    "ContinuousBernoulli": likelihoods.ContinuousBernoulli(),
    "Poisson": likelihoods.Poisson(),
    "NegativeBinomial": likelihoods.NegativeBinomial(0.5),
    "Ordinal": likelihoods.Ordinal([3, 5]),
    "Discretized": likelihoods.Discretized(likelihoods.Gaussian(), limits=(0, 9)),
    "Multinomial": likelihoods.Multinomial(),
}
values = st.one_of(
    st.floats(width=32),
    st.integers(-3, 12).map(float),
    st.sampled_from([0.0, 0.25, 1.0, 1e7, 1e30]),
)


@pytest.mark.parametrize("name", FAMILIES)
@FEW
@given(
    st.tuples(values, values), st.tuples(st.floats(-90, 90, width=32), st.floats(-5, 5, width=32))
)
def test_what_a_check_lets_pass_has_a_probability(
    name: str, x: tuple[float, float], outputs: tuple[float, float]
):
    family, data = FAMILIES[name], np.array([x], np.float32)
    if outcome(family.check, data)[1]:
        return  # refused
    log_prob = family.log_prob(jnp.array([outputs], jnp.float32), data)
    assert not jnp.isnan(log_prob).any()


@pytest.mark.parametrize("name", FAMILIES)
@FEW
@given(st.integers(0, 2**32 - 1), st.tuples(finite, st.floats(-5, 5, width=32)))
def test_what_is_drawn_passes_the_check(name: str, seed: int, outputs: tuple[float, float]):
    raw = jnp.clip(jnp.array([outputs], jnp.float32), -20.0, 20.0)
    family = FAMILIES[name]
    family.check(family.sample(jax.random.key(seed), raw))

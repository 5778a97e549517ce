"""``check`` says what is outside the support, and where."""

import jax.numpy as jnp
import numpy as np
import pytest

from aelib import likelihoods

REAL = {
    "gaussian": likelihoods.Gaussian(),
    "laplace": likelihoods.Laplace(),
    "student t": likelihoods.StudentT(4.0),
}
COUNTS = {
    "poisson": likelihoods.Poisson(),
    "negative binomial": likelihoods.NegativeBinomial(0.1),
    "zinb": likelihoods.ZeroInflatedNegativeBinomial(0.1),
    "multinomial": likelihoods.Multinomial(),
}
BOUNDED = {
    "bernoulli": likelihoods.Bernoulli(),
    "soft": likelihoods.Bernoulli(soft_targets=True),
    "continuous": likelihoods.ContinuousBernoulli(),
}
EVERY = REAL | COUNTS | BOUNDED | {"categorical": likelihoods.Categorical(3)}


def spoiled(value, shape=(4, 13), index=(3, 12), dtype=np.float32):
    x = np.zeros(shape, dtype)
    x[index] = value
    return x


@pytest.mark.parametrize("name", EVERY)
def test_accepts_its_support(name):
    x = spoiled(1)
    EVERY[name].check(x.astype(np.int32) if name == "categorical" else x)
    EVERY[name].check(jnp.asarray(x, jnp.int32))


@pytest.mark.parametrize("name", REAL | COUNTS | BOUNDED)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rejects_what_is_not_a_number(name, value):
    with pytest.raises(ValueError, match=rf"^x: expected .*, got {value} at index \(3, 12\)"):
        EVERY[name].check(spoiled(value))


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [-1.0, 0.5])
def test_rejects_what_is_not_a_count(name, value):
    with pytest.raises(ValueError, match=rf"counts .*, got {value} at index \(3, 12\)"):
        COUNTS[name].check(spoiled(value))


def test_rejects_negative_integers():
    with pytest.raises(ValueError, match=r"got -2 at index \(3, 12\)"):
        likelihoods.Poisson().check(spoiled(-2, dtype=np.int64))


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("value", [-0.25, 1.75])
def test_rejects_what_is_outside_the_unit_interval(name, value):
    with pytest.raises(ValueError, match=rf"got {value} at index \(3, 12\)"):
        BOUNDED[name].check(spoiled(value))


def test_gray_pixels_do_not_go_unnoticed():
    gray = spoiled(0.5)
    with pytest.raises(ValueError, match=r"got 0.5 at index \(3, 12\); .*ContinuousBernoulli"):
        likelihoods.Bernoulli().check(gray)
    likelihoods.Bernoulli(soft_targets=True).check(gray)
    likelihoods.ContinuousBernoulli().check(gray)


def test_the_rest_is_counted():
    with pytest.raises(ValueError, match=r"got -1.0 at index \(0, 0\) \(and 51 more\)"):
        likelihoods.Poisson().check(np.full((4, 13), -1.0))


@pytest.mark.parametrize("label", [-1, 3])
def test_rejects_labels_without_a_class(label):
    with pytest.raises(ValueError, match=rf"labels from 0 to 2, got {label} at index \(3, 12\)"):
        likelihoods.Categorical(3).check(spoiled(label, dtype=np.int32))


def test_rejects_labels_that_are_not_integers():
    with pytest.raises(ValueError, match="expected integer labels, got dtype float32"):
        likelihoods.Categorical(3).check(spoiled(1.0))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "x", [np.array([["a", "b"]]), np.array([[1j]]), np.array([[None]], dtype=object)]
)
def test_rejects_what_is_not_real(name, x):
    with pytest.raises(TypeError, match="x: expected real numbers, got dtype"):
        EVERY[name].check(x)


@pytest.mark.parametrize("name", EVERY)
def test_rejects_a_single_number(name):
    with pytest.raises(ValueError, match="x: expected"):
        EVERY[name].check(np.float32(1.0))


def test_rejects_shapes_it_was_not_made_for():
    x = np.zeros((2, 5), np.float32)
    for likelihood in (
        likelihoods.Gaussian("feature", num_features=4),
        likelihoods.Laplace([1.0, 2.0]),
        likelihoods.StudentT("feature", 1.0, num_features=4),
        likelihoods.NegativeBinomial("feature", num_features=4),
    ):
        with pytest.raises(ValueError, match=r"x: expected features of shape .* got \(5,\)"):
            likelihood.check(x)
    with pytest.raises(ValueError, match=r"expected counts \[batch, vocabulary\]"):
        likelihoods.Multinomial().check(np.zeros((2, 3, 4)))


def test_looks_only_where_the_mask_says_observed():
    x, mask = spoiled(np.nan), np.ones((4, 13), bool)
    mask[3, 12] = False
    for likelihood in (REAL | COUNTS | BOUNDED).values():
        likelihood.check(x, mask=mask)
    with pytest.raises(ValueError, match="mask: expected booleans"):
        likelihoods.Gaussian().check(x, mask=mask.astype(int))
    with pytest.raises(ValueError, match="mask: expected the shape of x"):
        likelihoods.Gaussian().check(x, mask=mask[0])


def test_exposures_are_checked():
    x = np.ones((2, 3), np.float32)
    likelihoods.Poisson().check(x, exposure=np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"exposure: expected positive.*got 0.0 at index \(1,\)"):
        likelihoods.Poisson().check(x, exposure=np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"totals of x, 3.0, got 4.0 at index \(1,\)"):
        likelihoods.Multinomial().check(x, exposure=np.array([3.0, 4.0]))
    with pytest.raises(ValueError, match="Gaussian has none"):
        likelihoods.Gaussian().check(x, exposure=2.0)

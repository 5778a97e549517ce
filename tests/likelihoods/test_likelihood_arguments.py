"""Shapes, dtypes, masks and exposure of ``log_prob``."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from aelib import likelihoods

FAMILIES = {
    "gaussian": likelihoods.Gaussian(0.5),
    "gaussian from decoder": likelihoods.Gaussian("example"),
    "laplace": likelihoods.Laplace(0.5),
    "student t": likelihoods.StudentT(3.0),
    "bernoulli": likelihoods.Bernoulli(),
    "continuous": likelihoods.ContinuousBernoulli(),
    "categorical": likelihoods.Categorical(4),
    "multinomial": likelihoods.Multinomial(),
    "poisson": likelihoods.Poisson(),
    "negative binomial": likelihoods.NegativeBinomial("example"),
    "zinb": likelihoods.ZeroInflatedNegativeBinomial("example"),
}


def example(name, key=0):
    """Raw outputs, data in every support, and a mask with something hidden in each row."""
    p = FAMILIES[name].num_outputs
    outputs = jax.random.normal(jax.random.key(key), (3, 5, p))
    x = jax.random.bernoulli(jax.random.key(key + 1), 0.5, (3, 5)).astype(jnp.float32)
    mask = jnp.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], bool)
    return outputs, (x.astype(jnp.int32) if name == "categorical" else x), mask


@pytest.mark.parametrize("name", FAMILIES)
def test_one_number_per_example(name):
    outputs, x, _ = example(name)
    log_prob = FAMILIES[name].log_prob(outputs, x)
    assert log_prob.shape == (3,)
    assert log_prob.dtype == jnp.float32
    if FAMILIES[name].num_outputs == 1:
        assert (FAMILIES[name].log_prob(outputs[..., 0], x) == log_prob).all()


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"multinomial"}))
def test_feature_axes_are_summed(name):
    outputs, x, _ = example(name)
    images = FAMILIES[name].log_prob(
        outputs[:, :4].reshape(3, 2, 2, 1, -1), x[:, :4].reshape(3, 2, 2, 1)
    )
    assert images == pytest.approx(
        np.asarray(FAMILIES[name].log_prob(outputs[:, :4], x[:, :4])), rel=1e-6
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_dtypes(name):
    outputs, x, _ = example(name)
    half = FAMILIES[name].log_prob(outputs.astype(jnp.bfloat16), x)
    assert half.dtype == jnp.float32
    rounded = outputs.astype(jnp.bfloat16).astype(jnp.float32)
    assert (half == FAMILIES[name].log_prob(rounded, x)).all()
    with jax.enable_x64(True):
        wide = FAMILIES[name].log_prob(np.asarray(outputs, np.float64), np.asarray(x))
        assert wide.dtype == jnp.float64
    with pytest.raises(
        TypeError, match="outputs: expected floating-point numbers, got dtype int32"
    ):
        FAMILIES[name].log_prob(jnp.zeros(outputs.shape, jnp.int32), x)


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_broadcast(name):
    outputs, x, _ = example(name)
    for wrong in (outputs[:1], outputs[:, :1], outputs[..., None], outputs[:, :4]):
        with pytest.raises(ValueError, match=r"outputs: expected"):
            FAMILIES[name].log_prob(wrong, x)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("unusable", [np.nan, np.inf, 1e30])
def test_what_is_masked_leaks_nowhere(name, unusable):
    outputs, x, mask = example(name)
    hidden = -7 if name == "categorical" else unusable
    spoiled = jnp.where(mask, x, jnp.asarray(hidden, x.dtype))
    other = jnp.where(mask[..., None], outputs, jnp.nan)

    def value(outputs, x):
        return FAMILIES[name].log_prob(outputs, x, mask=mask).sum()

    clean, clean_grad = jax.value_and_grad(value)(outputs, x)
    for o in (outputs, other):
        got, grad = jax.value_and_grad(value)(o, spoiled)
        assert got == clean
        assert (grad == clean_grad).all()
        assert (jnp.where(mask[..., None], 0, grad) == 0).all()
    assert FAMILIES[name].log_prob(outputs, spoiled, mask=mask)[2] == 0  # nothing observed


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"multinomial"}))
def test_a_mask_takes_terms_out_of_the_sum(name):
    outputs, x, mask = example(name)
    terms = FAMILIES[name].log_prob_per_feature(outputs, x)
    assert terms.shape == x.shape
    expected = jnp.where(mask, terms, 0).sum(-1)
    assert FAMILIES[name].log_prob(outputs, x, mask=mask) == pytest.approx(
        np.asarray(expected), rel=1e-6
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_nan_is_never_itself_a_mask(name):
    outputs, x, _ = example(name)
    if name == "categorical":
        return
    log_prob = FAMILIES[name].log_prob(outputs, x.at[1, 2].set(jnp.nan))
    assert jnp.isnan(log_prob).tolist() == [False, True, False]


@pytest.mark.parametrize("name", FAMILIES)
def test_masks_are_boolean_and_shaped_like_the_data(name):
    outputs, x, mask = example(name)
    with pytest.raises(TypeError, match="mask: expected booleans"):
        FAMILIES[name].log_prob(outputs, x, mask=mask.astype(jnp.float32))
    with pytest.raises(ValueError, match="mask: expected the shape of x"):
        FAMILIES[name].log_prob(outputs, x, mask=mask[:1])


@pytest.mark.parametrize("name", ["gaussian", "laplace", "student t", "bernoulli", "continuous"])
def test_exposure_is_refused_where_it_means_nothing(name):
    outputs, x, _ = example(name)
    with pytest.raises(ValueError, match=r"exposure: .* has none"):
        FAMILIES[name].log_prob(outputs, x, exposure=2.0)
    with pytest.raises(ValueError, match=r"exposure: .* has none"):
        FAMILIES[name].mean(outputs, exposure=2.0)
    with pytest.raises(ValueError, match=r"exposure: .* has none"):
        likelihoods.Categorical(4).mean(jnp.zeros((2, 4)), exposure=2.0)


def test_exposure_multiplies_the_rate():
    log_rate = jnp.array([[0.3, -1.0], [2.0, 0.0]])
    x, exposure = jnp.array([[3, 0], [40, 7]]), jnp.array([2.0, 5.0])
    mean = np.exp(np.asarray(log_rate)) * np.asarray(exposure)[:, None]
    got = likelihoods.Poisson().log_prob(log_rate, x, exposure=exposure)
    assert got == pytest.approx(stats.poisson.logpmf(x, mean).sum(-1), rel=1e-5)
    theta = 1 / 0.7
    expected = stats.nbinom.logpmf(x, theta, theta / (theta + mean)).sum(-1)
    got = likelihoods.NegativeBinomial(0.7).log_prob(log_rate, x, exposure=exposure)
    assert got == pytest.approx(expected, rel=1e-5)
    zinb = likelihoods.ZeroInflatedNegativeBinomial(0.7)
    outputs = jnp.stack([log_rate, jnp.full((2, 2), -50.0)], -1)
    assert zinb.log_prob(outputs, x, exposure=exposure) == pytest.approx(expected, rel=1e-5)
    assert zinb.rate(outputs, exposure=exposure) == pytest.approx(mean, rel=1e-5)
    for shape in ((3,), (1, 2), (2, 1, 1)):
        with pytest.raises(ValueError, match="exposure: expected shape"):
            likelihoods.Poisson().log_prob(log_rate, x, exposure=jnp.ones(shape))


def test_a_document_of_another_length_is_impossible():
    x = jnp.array([[1, 2, 0], [0, 0, 3]])
    got = likelihoods.Multinomial().log_prob(jnp.zeros((2, 3)), x, exposure=jnp.array([3.0, 4.0]))
    assert got[0] == pytest.approx(stats.multinomial.logpmf([1, 2, 0], 3, [1 / 3] * 3), rel=1e-5)
    assert got[1] == -jnp.inf


def test_outputs_without_data_to_compare_with():
    gaussian = likelihoods.Gaussian()
    assert gaussian.mean(jnp.zeros((3, 5))).shape == (3, 5)
    assert gaussian.mean(jnp.zeros((3, 5, 1))).shape == (3, 5)
    assert gaussian.mean(jnp.zeros((3, 5, 7))).shape == (3, 5, 7)
    assert gaussian.mean(jnp.zeros((3, 5, 7, 1))).shape == (3, 5, 7, 1)
    assert gaussian.mean(jnp.zeros((3, 5, 7, 1, 1))).shape == (3, 5, 7, 1)
    with pytest.raises(ValueError, match=r"outputs: expected \[batch, ..., 2\]"):
        likelihoods.Gaussian("example").mean(jnp.zeros((3, 5)))

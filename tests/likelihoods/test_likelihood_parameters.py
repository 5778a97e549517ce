"""Scales and dispersions: fixed, learned, or from the decoder."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from scipy import stats

from aelib import likelihoods


def test_a_fixed_scale_has_nothing_to_train():
    for scale in (0.5, np.array([0.5, 2.0])):
        assert not jax.tree.leaves(nnx.state(likelihoods.Gaussian(scale), nnx.Param))
    got = likelihoods.Gaussian([0.5, 2.0]).log_prob(jnp.zeros((1, 2)), jnp.ones((1, 2)))
    assert got == pytest.approx(stats.norm.logpdf(1, 0, [0.5, 2.0]).sum(), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "shape"), [("shared", ()), ("feature", (2,))], ids=["shared", "feature"]
)
def test_a_learned_scale_finds_the_standard_deviation(kind, shape):
    x = jax.random.normal(jax.random.key(0), (4000, 2)) * jnp.array([0.2, 3.0])
    likelihood = likelihoods.Gaussian(kind, num_features=2, floor=1e-3, initial=0.7)
    assert likelihood.scale.raw.shape == shape
    graph, params, rest = nnx.split(likelihood, nnx.Param, ...)
    optimizer = optax.adam(0.05)

    def loss(params):
        return -nnx.merge(graph, params, rest).log_prob(jnp.zeros_like(x), x).mean()

    def step(carry, _):
        params, state = carry
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        return (optax.apply_updates(params, updates), state), None

    (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), length=2000)
    fitted = nnx.merge(graph, params, rest)
    expected = jnp.sqrt(jnp.square(x).mean(0 if kind == "feature" else None))
    scale = jnp.sqrt(fitted.variance(jnp.zeros((1, 2))))[0]
    assert scale == pytest.approx(np.broadcast_to(expected, (2,)), rel=1e-3)


def test_a_learned_scale_starts_where_it_is_told_and_stays_above_its_floor():
    outputs = jnp.zeros((1, 1))
    likelihood = likelihoods.Gaussian("feature", num_features=1, floor=0.1, initial=0.4)
    assert jnp.sqrt(likelihood.variance(outputs)) == pytest.approx(0.4, rel=1e-6)
    likelihood.scale.raw[...] = jnp.array([-1e4])
    assert jnp.sqrt(likelihood.variance(outputs)) == pytest.approx(0.1, rel=1e-6)
    example = likelihoods.Gaussian("example", floor=0.1, initial=0.4)
    scales = jnp.sqrt(example.variance(jnp.array([[[0.0, 0.0], [0.0, -1e4], [0.0, 1e4]]])))
    assert scales == pytest.approx(np.array([[0.4, 0.1, 1e4]]), rel=1e-4)


def test_images_have_a_scale_per_pixel():
    likelihood = likelihoods.Laplace("feature", num_features=(2, 3, 1))
    x = jnp.zeros((4, 2, 3, 1))
    likelihood.check(x)
    assert likelihood.log_prob(x, x) == pytest.approx(np.full(4, -6 * np.log(2)), rel=1e-6)
    with pytest.raises(ValueError, match=r"scale: made for features of shape \(2, 3, 1\)"):
        likelihood.log_prob(jnp.zeros((4, 3, 2, 1)), jnp.zeros((4, 3, 2, 1)))


def test_student_t_learns_its_degrees_of_freedom():
    likelihood = likelihoods.StudentT(df="shared", scale="shared", df_initial=5.0)
    assert len(jax.tree.leaves(nnx.state(likelihood, nnx.Param))) == 2
    got = likelihood.log_prob(jnp.zeros((1, 1)), jnp.full((1, 1), 2.0))
    assert got == pytest.approx(stats.t.logpdf(2.0, 5.0), rel=1e-5)
    grads = nnx.grad(lambda m: m.log_prob(jnp.zeros((1, 1)), jnp.full((1, 1), 2.0)).sum())(
        likelihood
    )
    assert all(float(g) != 0 for g in jax.tree.leaves(grads))


@pytest.mark.parametrize(
    "family", [likelihoods.NegativeBinomial, likelihoods.ZeroInflatedNegativeBinomial]
)
def test_dispersion_is_the_excess_over_poisson(family):
    base = family([0.5, 2.0]).num_outputs
    outputs = jnp.full((1, 2, base), -60.0).at[..., 0].set(jnp.log(3.0))
    variance = family([0.5, 2.0]).variance(outputs)
    assert variance == pytest.approx(np.array([[3 + 0.5 * 9, 3 + 2 * 9]]), rel=1e-5)
    assert family("feature", num_features=2).num_outputs == base
    assert family("example").num_outputs == base + 1


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf, [1.0, 0.0], "pixel"])
def test_bad_scales_are_refused(bad):
    for family in (likelihoods.Gaussian, likelihoods.Laplace, likelihoods.NegativeBinomial):
        with pytest.raises(ValueError, match=r"(scale|dispersion): expected"):
            family(bad)
    with pytest.raises(ValueError, match="df: expected"):
        likelihoods.StudentT(bad)


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match='num_features: scale="feature" needs it'):
        likelihoods.Gaussian("feature")
    with pytest.raises(ValueError, match="expected 0 < floor < initial"):
        likelihoods.Gaussian("shared", floor=0.0)
    with pytest.raises(ValueError, match="expected 0 < floor < initial"):
        likelihoods.Gaussian("shared", floor=0.5, initial=0.5)
    with pytest.raises(ValueError, match=r"scale: expected shape \(3,\)"):
        likelihoods.Gaussian([1.0, 2.0], num_features=3)
    with pytest.raises(ValueError, match=r'df: expected .*got "example"'):
        likelihoods.StudentT("example")
    with pytest.raises(ValueError, match="num_classes: expected a whole number of at least 2"):
        likelihoods.Categorical(1)


def test_log_prob_compiles_with_its_parameters():
    likelihood = likelihoods.Gaussian("feature", num_features=3)
    x = jnp.ones((2, 3))
    compiled = nnx.jit(lambda m, o, x: m.log_prob(o, x))(likelihood, jnp.zeros((2, 3)), x)
    plain = np.asarray(likelihood.log_prob(jnp.zeros((2, 3)), x))
    assert compiled == pytest.approx(plain, rel=1e-6)

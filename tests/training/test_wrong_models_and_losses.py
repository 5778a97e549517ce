"""What fit and sweep are given besides data: a clear no, or what they say they do."""

import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import likelihoods, models, penalties, training
from tests.compilations import compilations

X = np.random.default_rng(0).normal(size=(16, 4)).astype(np.float32)


def squares(outputs: jax.Array, x: jax.Array) -> jax.Array:
    return ((outputs - x) ** 2).sum(-1)


def fit(loss: Any = squares, x: Any = X, model: Any = None, **options: Any) -> np.ndarray:
    given = {"batch_size": None, "steps": 1, "progress": False, "key": jax.random.key(0), **options}
    return training.fit(
        model or models.linear(4, 2, rngs=nnx.Rngs(0)), x, loss, **given
    ).history.loss


def sweep(make: Any = None, **options: Any) -> Any:
    def linear(rngs: nnx.Rngs, latent: int = 2) -> models.Autoencoder:
        return models.linear(4, latent, rngs=rngs)

    given = {"seeds": [0], "batch_size": 8, "steps": 2, "progress": False, **options}
    return training.sweep(make or linear, X, likelihoods.Gaussian(), **given)


RESULTS = {
    "loss: expected a function that returns": {"loss": lambda *_: None},
    "loss: expected floating-point numbers from it": {
        "loss": lambda outputs, x: squares(outputs, x).astype(int)
    },
    r"penalties\[0\]: expected a function that returns": {"penalties": [(1.0, lambda *_: None)]},
    r"penalties\[0\]: strength: expected one number": {"penalties": [("a", squares)]},
    "penalties: expected a sequence": {"penalties": None},
    "corruption: expected a result of shape": {"corruption": lambda *_: None},
    "corruption: expected a callable": {"corruption": 3},
    "weights: expected real numbers": {"weights": np.array(["1"] * 16)},
    "x: expected a plain array": {"x": np.ma.masked_array(X, X > 0)},
    "x: expected real numbers": {"x": X.astype(object)},
    "x: expected values that int32": {"x": np.full((16, 4), 2**32 + 3)},
}


@pytest.mark.parametrize("message", RESULTS)
def test_what_is_no_argument_is_named(message: str) -> None:
    options: dict[str, Any] = dict(RESULTS[message])
    if message.startswith(r"penalties\[0\]: strength"):
        options["penalties"] = [("a", lambda *_: 0.0)]
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        fit(**options)


def test_a_count_is_not_taken_for_its_lower_half() -> None:
    with pytest.raises(ValueError, match="x: expected values that float32 can hold"):
        fit(likelihoods.Poisson(), np.full((8, 4), 2**32 + 3))


def test_weights_of_any_size_are_relative() -> None:
    np.testing.assert_allclose(fit(weights=np.full(16, 1e308)), fit(), rtol=1e-6)
    np.testing.assert_allclose(fit(weights=np.full(16, 1e-300)), fit(), rtol=1e-6)


def test_a_penalty_may_be_a_constant() -> None:
    loss = fit(penalties=[(2.0, lambda *_: 1.5)])
    np.testing.assert_allclose(loss, fit() + 3.0, rtol=1e-6)


class Counter(nnx.Module):
    """A model that counts its calls in a variable of its own."""

    def __init__(self) -> None:
        self.inner = models.linear(4, 2, rngs=nnx.Rngs(0))
        self.calls = nnx.Variable(jnp.zeros(()))

    def encode(self, x: jax.Array) -> jax.Array:
        self.calls[...] = self.calls[...] + 1.0
        return self.inner.encode(x)

    def decode(self, codes: jax.Array) -> jax.Array:
        return self.inner.decode(codes)


def test_state_that_would_be_thrown_away_is_refused() -> None:
    with pytest.raises(TypeError, match="model: expected one that changes nothing when it is"):
        fit(model=Counter())


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.contrib.sam(optax.sgd(0.1), optax.sgd(0.1)),  # takes no value
        optax.lbfgs(),
        optax.contrib.reduce_on_plateau(),
    ],
)
def test_an_optimizer_is_given_what_it_takes(optimizer: Any) -> None:
    assert np.isfinite(fit(optimizer=optimizer, steps=3)).all()


def mean_over_codes(codes: jax.Array) -> jax.Array:
    return jnp.abs(codes).mean(-1)


def entropy_of_softmax(codes: jax.Array) -> jax.Array:
    p = jax.nn.softmax(codes, axis=-1)
    return -(p * jnp.log(p)).sum(-1)


@pytest.mark.parametrize("function", [mean_over_codes, entropy_of_softmax])
def test_a_penalty_that_counts_missing_units_is_refused(function: Any) -> None:
    with pytest.raises(ValueError, match=r"penalties\[0\]: expected the same for"):
        sweep(sizes={"latent": (1, 3)}, penalties=[(1.0, penalties.on_codes(function))])
    sweep(sizes={"latent": (1, 3)}, penalties=[(1.0, penalties.on_codes(penalties.l1))])


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adafactor(1e-2),
        optax.contrib.muon(1e-2),
        optax.chain(optax.adaptive_grad_clip(0.01), optax.sgd(1.0)),
    ],
)
def test_an_optimizer_that_sees_the_size_of_a_model_is_refused(optimizer: Any) -> None:
    with pytest.raises(ValueError, match="optimizer: expected one that treats entries"):
        sweep(sizes={"latent": (1, 3)}, optimizer=optimizer)
    sweep(sizes={"latent": (3,)}, optimizer=optimizer)


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adam(1e-2),
        optax.adamw(1e-2),
        optax.sgd(0.1, momentum=0.9),
        optax.chain(optax.clip_by_global_norm(1.0), optax.rmsprop(1e-2)),
        optax.lion(1e-3),
        optax.lbfgs(),
    ],
)
def test_a_sweep_is_fit_under_other_optimizers(optimizer: Any) -> None:
    options = {"optimizer": optimizer, "batch_size": None}
    several = sweep(sizes={"latent": (1, 3)}, **options).table.loss
    alone = [sweep(sizes={"latent": (size,)}, **options).table.loss[0] for size in (1, 3)]
    np.testing.assert_allclose(several, alone, rtol=1e-4)


def test_names_do_not_collide() -> None:
    def loss(*given: Any) -> jax.Array:
        return 0.0 * given[2][:, 0] + 7.0

    table = sweep(penalties=[(0.0, loss)]).table
    assert table.loss[0] < 7.0
    assert table.loss_0[0] == 7.0
    for name in ("steps", "loss", "seed", "loss_0_strength"):
        with pytest.raises(ValueError, match="sizes: expected other names than those of"):
            sweep(
                lambda rngs, **_: models.linear(4, 1, rngs=rngs),
                sizes={name: (1, 2)},
                penalties=[(0.0, loss)],
            )


@pytest.mark.parametrize("seeds", [3, [2**32], [-1], "ab", [0.5], None])
def test_seeds_are_whole_numbers_of_32_bits(seeds: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^seeds"):
        sweep(seeds=seeds)


@pytest.mark.parametrize("sizes", [{"latent": 3}, {"latent": "12"}, [1, 2]])
def test_sizes_are_sequences(sizes: Any) -> None:
    with pytest.raises(TypeError, match=r"^sizes"):
        sweep(sizes=sizes)


def test_a_failure_can_be_handed_from_one_process_to_another() -> None:
    with pytest.raises(training.TrainingDiverged) as caught:
        fit(lambda outputs, x: jnp.log(-squares(outputs, x)))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert (copy.step, copy.part, copy.result) == (1, "likelihood", None)

    class Impatient(training.NoProgress):
        def update(self, *_: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(training.TrainingInterrupted) as stopped:
        fit(steps=20, tick_every=5, progress=Impatient())
    copy = pickle.loads(pickle.dumps(stopped.value))
    assert copy.result.history.steps == 5


def test_debugging_of_nans_finds_none_where_there_are_none() -> None:
    with jax.debug_nans(True):
        assert np.isfinite(fit(steps=3)).all()


COMPILED = {
    "a warm-up": lambda: {
        "optimizer": optax.adam(optax.warmup_cosine_decay_schedule(0, 0.1, 2, 9))
    },
    "an injected rate": lambda: {"optimizer": optax.inject_hyperparams(optax.adam)(0.1)},
    "an array in the loss": lambda: {"loss": closing_over(jnp.arange(4.0))},
}


def closing_over(weights: jax.Array) -> Any:
    return lambda outputs, x: ((outputs - x) ** 2 * weights).sum(-1)


@pytest.mark.parametrize("name", COMPILED)
def test_the_same_again_compiles_nothing(name: str) -> None:
    fit(**COMPILED[name](), steps=3)
    with compilations() as names:
        for _ in range(3):
            fit(**COMPILED[name](), steps=3)
    assert not names

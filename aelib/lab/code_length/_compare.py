"""Held-out code length of one kind of data under several families, over seeds."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Num, PyTree

from aelib import models
from aelib.lab.code_length._compiler import quick_compiler
from aelib.lab.code_length._train_many import train_many
from aelib.likelihoods import Likelihood
from aelib.models import Autoencoder


@dataclasses.dataclass(frozen=True)
class LikelihoodComparison:
    """What :func:`compare_likelihoods` returns.

    Attributes:
        nats: held-out nats per example, ``[seeds]`` for each family.
        models: the trained autoencoders, one per seed for each family.
        likelihoods: the likelihoods, whose scales were trained with them, one per seed for each
            family.
        losses: training loss, all families added up, ``[seeds, steps]``.
    """

    nats: dict[str, Float[np.ndarray, " seeds"]]
    models: dict[str, tuple[Autoencoder, ...]]
    likelihoods: dict[str, tuple[Likelihood, ...]]
    losses: Float[np.ndarray, "seeds steps"]


def compare_likelihoods(
    likelihoods: Mapping[str, Likelihood],
    train: Num[ArrayLike, "seeds n d"],
    test: Num[ArrayLike, "seeds m d"],
    *,
    code_size: int,
    hidden: tuple[int, ...] = (),
    preprocess: Callable[[Array], Array] = jnp.asarray,
    initial_biases: Mapping[str, Float[ArrayLike, " outputs"]] | None = None,
    exposures: tuple[Float[ArrayLike, "seeds n"], Float[ArrayLike, "seeds m"]] | None = None,
    seeds: Iterable[int] = range(5),
    steps: int = 250,
    batch_size: int = 16,
    learning_rate: float = 3e-2,
    corruption: Callable[[Array, Array], Array] | None = None,
    optimize_compiled_code: bool = False,
) -> LikelihoodComparison:
    """Train one autoencoder for each family and seed; return the code length of new examples.

    All have the same layers but for the last, which has as many outputs as its family needs; they
    see the same examples in the same order. What is compared is the conditional code length, so the
    numbers mean something at equal code size only, and only if the families share a support and a
    resolution: masses with masses, densities with densities.

    Args:
        likelihoods: the families by name.
        train: training examples, a split for each seed.
        test: held-out examples, a split for each seed.
        code_size: numbers in a code.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. None by
            default: one affine map in, one out.
        preprocess: what the encoders are given instead of the data, ``[batch, d] -> [batch, d]``.
        initial_biases: of the decoder's last layer, by family; 0 where left out.
        exposures: of the training and of the test examples, for the families that have one.
        seeds: of splits, weights and batches.
        steps: training steps.
        batch_size: examples in a batch.
        learning_rate: of Adam; it falls to zero along a cosine.
        corruption: as in :func:`aelib.training.fit`.
        optimize_compiled_code: whether the compiler takes its time. For small models it takes
            longer than it saves.

    Raises:
        ValueError: if the data are outside the support of a family, or shapes do not fit.

    Example:
        >>> import aelib
        >>> from aelib.likelihoods import Bernoulli, Poisson
        >>> import numpy as np
        >>> coins = np.random.default_rng(0).integers(0, 2, (2, 40, 3))
        >>> result = compare_likelihoods(
        ...     {"Bernoulli": Bernoulli(), "Poisson": Poisson()},
        ...     coins, coins, code_size=1, seeds=range(2), steps=3, batch_size=8)
        >>> {name: nats.shape for name, nats in result.nats.items()}
        {'Bernoulli': (2,), 'Poisson': (2,)}
    """
    train, test = np.asarray(train), np.asarray(test)
    if not likelihoods:
        raise ValueError("likelihoods: expected at least one, got none")
    if train.ndim != 3 or test.ndim != 3:
        raise ValueError(f"train, test: expected [seeds, n, d], got {train.shape}, {test.shape}")
    for name, likelihood in likelihoods.items():
        _check_support(name, likelihood, (*train, *test))
    seeds = tuple(seeds)

    sizes = {"num_features": train.shape[-1], "latent": code_size}
    build = functools.partial(models.mlp, **sizes, hidden=hidden)
    if not hidden:
        build = functools.partial(models.linear, **sizes)

    def make(seed: int) -> _Models:
        rngs, made = nnx.Rngs(seed), []
        for name, likelihood in likelihoods.items():
            model = build(outputs_per_feature=likelihood.num_outputs, rngs=rngs)
            if initial_biases is not None and name in initial_biases:
                bias = model.decoder.layers[-1].bias
                given = np.asarray(initial_biases[name])
                bias[...] = jnp.asarray(given, bias.dtype).reshape(bias.shape)
            made.append(model)
        return _Models(made, likelihoods.values())

    def code_lengths(pair: _Models, x: Array, exposure: Array | None, clean: Array) -> Array:
        return pair.code_lengths(preprocess(x), clean, exposure)

    def objective(pair: _Models, batch: PyTree, key: Array) -> Array:
        x, exposure = batch
        seen = x if corruption is None else corruption(key, x)
        return code_lengths(pair, seen, exposure, x).sum(axis=0).mean()

    def score(pair: _Models, test: PyTree) -> Array:
        x, exposure = test
        return code_lengths(pair, x, exposure, x).mean(axis=1)

    both = (None, None) if exposures is None else exposures
    exposure = [None if values is None else np.asarray(values, np.float32) for values in both]
    with quick_compiler(not optimize_compiled_code):
        found = train_many(
            [make(seed) for seed in seeds],
            objective,
            score,
            (train, exposure[0]),
            (test, exposure[1]),
            seeds=seeds,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
        )
    trained = found.modules
    return LikelihoodComparison(
        nats=dict(zip(likelihoods, found.scores.T, strict=True)),
        models={name: tuple(m.models[i] for m in trained) for i, name in enumerate(likelihoods)},
        likelihoods={
            name: tuple(m.likelihoods[i] for m in trained) for i, name in enumerate(likelihoods)
        },
        losses=found.losses,
    )


class _Models(nnx.Module):
    """One autoencoder and its likelihood for each family, which share nothing but the data.

    The loss is the sum of theirs and Adam works number by number, so each is trained as if it were
    alone; but all are compiled once.
    """

    def __init__(self, models: Iterable[Autoencoder], likelihoods: Iterable[Likelihood]) -> None:
        self.models: tuple[Autoencoder, ...] = nnx.data(tuple(models))
        own = (nnx.clone(each) if isinstance(each, nnx.Module) else each for each in likelihoods)
        self.likelihoods: tuple[Likelihood, ...] = nnx.data(tuple(own))

    def code_lengths(self, seen: Array, x: Array, exposure: Array | None) -> Array:
        """Nats of each example under each family, ``[families, batch]``.

        The exposure goes to those families that have one; the others do without.
        """
        if not jnp.issubdtype(seen.dtype, jnp.floating):
            seen = seen.astype(jnp.float32)
        lengths = []
        for model, likelihood in zip(self.models, self.likelihoods, strict=True):
            takes_one = getattr(likelihood, "uses_exposure", False) and exposure is not None
            given = {"exposure": exposure} if takes_one else {}
            lengths.append(-likelihood.log_prob(model(seen), x, **given))
        return jnp.stack(lengths)


def _check_support(name: str, likelihood: Likelihood, splits: Iterable[np.ndarray]) -> None:
    try:
        for x in splits:
            likelihood.check(x)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error

"""Held-out code length of one kind of data under several families, over seeds."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib import models
from aelib.lab.code_length._compiler import quick_compiler
from aelib.lab.code_length._panel import Panel, PanelLikelihood, View
from aelib.lab.code_length._together import together


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What :func:`compare` returns.

    Attributes:
        nats: held-out nats per item, ``[seeds]`` for each family.
        panels: the trained panels, one for each seed.
        likelihoods: their likelihoods, whose ``likelihoods`` are in the order of ``nats``.
        course: training loss of all families together, ``[seeds, steps]``.
    """

    nats: dict[str, np.ndarray]
    panels: tuple[Panel, ...]
    likelihoods: tuple[PanelLikelihood, ...]
    course: np.ndarray


def compare(
    likelihoods: Mapping[str, Any],
    train: Any,
    test: Any,
    *,
    code_size: int,
    hidden: tuple[int, ...] = (),
    view: View = jnp.asarray,
    starts: Mapping[str, Any] | None = None,
    exposures: tuple[Any, Any] | None = None,
    seeds: Iterable[int] = range(5),
    steps: int = 250,
    batch_size: int = 16,
    learning_rate: float = 3e-2,
    corruption: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    optimise_code: bool = False,
) -> Comparison:
    """Train one autoencoder for each family and seed; return the code length of new items.

    All have the same layers but for the last, which has as many outputs as its family needs; they
    see the same items in the same order. What is compared is the conditional code length, so the
    numbers mean something at equal code size only, and only if the families share a support and a
    resolution: masses with masses, densities with densities.

    Args:
        likelihoods: the families by name.
        train: ``[seeds, n, d]``, a split for each seed.
        test: ``[seeds, m, d]``.
        code_size: numbers in a code.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. None by
            default: one affine map in, one out.
        view: what the encoders see of the data, ``[batch, d] -> [batch, d]``.
        starts: where to start the biases of the decoder's last layer, by family; 0 where left out.
        exposures: of the training and of the test items, ``[seeds, n]`` and ``[seeds, m]``; for
            the families that have one.
        seeds: the seeds.
        steps: training steps.
        batch_size: items in a batch.
        learning_rate: of Adam; it falls to zero along a cosine.
        corruption: as in :func:`aelib.training.fit`.
        optimise_code: whether the compiler takes its time. For small models it takes longer than
            it saves.

    Returns:
        Comparison: ``nats``, and the trained panels with their likelihoods.

    Raises:
        ValueError: if the data are outside the support of a family, or shapes do not fit.

    >>> import aelib
    >>> coins = np.random.default_rng(0).integers(0, 2, (2, 40, 3))
    >>> result = compare(
    ...     {"Bernoulli": aelib.likelihoods.Bernoulli(), "Poisson": aelib.likelihoods.Poisson()},
    ...     coins, coins, code_size=1, seeds=range(2), steps=3, batch_size=8)
    >>> {name: nats.shape for name, nats in result.nats.items()}
    {'Bernoulli': (2,), 'Poisson': (2,)}
    """
    likelihood = PanelLikelihood(likelihoods)
    train, test = np.asarray(train), np.asarray(test)
    if train.ndim != 3 or test.ndim != 3:
        raise ValueError(f"train, test: expected [seeds, n, d], got {train.shape}, {test.shape}")

    sizes = {"num_features": train.shape[-1], "latent": code_size}
    build = functools.partial(models.mlp, **sizes, hidden=hidden)
    if not hidden:
        build = functools.partial(models.linear, **sizes)

    def make(rngs: nnx.Rngs) -> Panel:
        members = []
        for name, family in likelihoods.items():
            member = build(outputs_per_feature=family.num_outputs, rngs=rngs)
            if starts is not None and name in starts:
                bias = member.decoder.layers[-1].bias
                bias[...] = jnp.asarray(np.asarray(starts[name]), bias.dtype).reshape(bias.shape)
            members.append(member)
        return Panel(members, view)

    seeds = tuple(seeds)
    for items in (*train, *test):
        likelihood.check(items)

    def lengths(pair: _Pair, x: jax.Array, given: Any, clean: jax.Array) -> jax.Array:
        return pair.likelihood.lengths(pair.panel(x), clean, exposure=given)

    def objective(pair: _Pair, batch: Any, key: jax.Array) -> jax.Array:
        x, given = batch
        seen = x if corruption is None else corruption(key, x)
        return lengths(pair, seen, given, x).sum(axis=0).mean()

    def score(pair: _Pair, test: Any) -> jax.Array:
        x, given = test
        return lengths(pair, x, given, x).mean(axis=1)

    length = (None, None) if exposures is None else exposures
    given = [None if values is None else np.asarray(values, np.float32) for values in length]
    with quick_compiler(not optimise_code):
        found = together(
            [_Pair(make(nnx.Rngs(seed)), nnx.clone(likelihood)) for seed in seeds],
            objective,
            score,
            (train, given[0]),
            (test, given[1]),
            seeds=seeds,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
        )
    return Comparison(
        dict(zip(likelihood.names, found.scores.T, strict=True)),
        tuple(pair.panel for pair in found.modules),
        tuple(pair.likelihood for pair in found.modules),
        found.course,
    )


class _Pair(nnx.Module):
    """A panel and its likelihood, whose scales are trained with it."""

    def __init__(self, panel: Panel, likelihood: PanelLikelihood) -> None:
        self.panel = panel
        self.likelihood = likelihood

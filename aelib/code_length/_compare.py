"""Held-out code length of one kind of data under several families, over seeds."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from aelib import models, training
from aelib.code_length._panel import Panel, PanelLikelihood, View


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What :func:`compare` returns.

    Attributes:
        nats: held-out nats per item, ``[seeds]`` for each family.
        panels: the trained panels, one for each seed.
        likelihoods: their likelihoods, whose ``likelihoods`` are in the order of ``nats``.
    """

    nats: dict[str, np.ndarray]
    panels: tuple[Panel, ...]
    likelihoods: tuple[PanelLikelihood, ...]


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
        Comparison: ``nats``, ``panels`` and ``likelihoods``.

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

    with _compiler(optimise_code):
        result = training.sweep(
            make,
            train,
            likelihood,
            seeds=seeds,
            per_run_data=True,
            exposure=None if exposures is None else exposures[0],
            # One long vector instead of dozens of arrays: the same numbers, sooner compiled.
            optimizer=optax.flatten(optax.adam(optax.cosine_decay_schedule(learning_rate, steps))),
            batch_size=batch_size,
            steps=steps,
            tick_every=steps,
            corruption=corruption,
            progress=False,
        )
        exposure = None if exposures is None else jnp.asarray(np.asarray(exposures[1], np.float32))
        nats = np.asarray(lengths(result, jnp.asarray(test), exposure))
    return Comparison(
        dict(zip(likelihood.names, nats.T, strict=True)), result.models, result.likelihoods
    )


@contextlib.contextmanager
def _compiler(optimise: bool) -> Iterator[None]:
    before = bool(jax.config.read("jax_disable_most_optimizations"))
    jax.config.update("jax_disable_most_optimizations", before or not optimise)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


def lengths(result: training.SweepResult, x: jax.Array, exposure: jax.Array | None) -> jax.Array:
    """Mean nats per item, ``[seeds, members]``, in one compiled call."""
    pairs = zip(result.models, result.likelihoods, strict=True)
    parts = [nnx.split(pair) for pair in pairs]
    states = [nnx.as_pure(state) for _, state in parts]
    stacked = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *states)
    return _lengths(parts[0][0], stacked, x, exposure)


@functools.partial(jax.jit, static_argnums=0)
def _lengths(graphdef: Any, states: Any, x: jax.Array, exposure: jax.Array | None) -> jax.Array:
    def one(state: Any, x: jax.Array, exposure: jax.Array | None) -> jax.Array:
        panel, likelihood = nnx.merge(graphdef, state)
        return likelihood.lengths(panel(x), x, exposure=exposure).mean(axis=1)

    return jax.vmap(one)(states, x, exposure)

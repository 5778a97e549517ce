"""Classifiers trained on examples as they are or on attacked ones, and how much fools them."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, PyTree

from aelib._checks import check_array, check_count, check_fraction, require_all
from aelib._compile import compiled
from aelib.adversarial._attacks import move, slope
from aelib.adversarial._checks import Norm, check_examples, check_labels, check_norm
from aelib.losses import categorical_nll
from aelib.training._errors import require_finite_losses
from aelib.training._kernel import Problem, minimize

__all__ = ["TrainedClassifiers", "epsilon_needed", "train_classifiers"]


@dataclasses.dataclass(frozen=True)
class TrainedClassifiers:
    """What :func:`train_classifiers` returns; runs are strengths times seeds, seeds innermost.

    Attributes:
        epsilons: the strength of attack in training, of each run.
        seeds: the seed of each run.
        models: the trained networks, in the order of the runs.
        loss: cross-entropy of each batch, as attacked, in nats per example.
        graphdef: the structure of all networks.
        states: their parameters, stacked: each leaf has a leading axis of runs.
    """

    epsilons: Float[np.ndarray, " runs"]
    seeds: Int[np.ndarray, " runs"]
    models: tuple[Any, ...]
    loss: Float[np.ndarray, "runs steps"]
    graphdef: nnx.GraphDef
    states: PyTree

    def only(self, epsilon: float) -> Any:
        """The states of the runs of one strength, with a leading axis of seeds."""
        rows = np.flatnonzero(self.epsilons == epsilon)
        if not rows.size:
            raise ValueError(f"epsilon: expected one of {set(self.epsilons)}, got {epsilon!r}")
        return jax.tree.map(lambda leaf: leaf[rows], self.states)

    def network(self, state: PyTree) -> Any:
        """The network with the parameters of one run; works inside ``jax.vmap`` over the states."""
        return nnx.merge(self.graphdef, state)

    def __repr__(self) -> str:
        return f"TrainedClassifiers({len(self.models)} x {self.models[0]!r})"


def train_classifiers(
    make_model: Callable[[nnx.Rngs], nnx.Module],
    x: Float[ArrayLike, "n ..."],
    labels: Int[ArrayLike, "*seeds n"],
    *,
    seeds: Iterable[int],
    epsilons: Sequence[float] = (0.0,),
    norm: Norm = "linf",
    attack_steps: int = 5,
    per_run_data: bool = False,
    steps: int = 400,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
) -> TrainedClassifiers:
    """Train networks to tell classes apart, each batch attacked with a given strength.

    With ``epsilon`` 0 this is ordinary training by Adam on the cross-entropy; with more it is
    adversarial training: each batch is first attacked as by :func:`aelib.adversarial.pgd` from a
    random start to increase the loss, then a step is made on the attacked batch. The learning rate
    is decayed to zero along a cosine. All runs train in one compiled call.

    Args:
        make_model: makes a network ``[batch, ...] -> [batch, classes]`` from an ``nnx.Rngs``, of
            the same structure every time.
        x: examples, values in [0, 1]; with ``per_run_data``, ``[seeds, n, ...]``.
        labels: whole numbers from 0; with ``per_run_data``, ``[seeds, n]``.
        seeds: one run for each and each strength; a seed decides initial weights, batches and
            random starts.
        epsilons: strengths of attack in training.
        norm: ``"linf"`` or ``"l2"``.
        attack_steps: steps of the attack on each batch.
        per_run_data: whether data have a leading axis of seeds.
        steps: number of training steps.
        batch_size: examples in each, drawn with replacement.
        learning_rate: initial learning rate.

    Returns:
        The networks, one by one and stacked.

    Raises:
        TypeError: if examples are not floats or labels not whole numbers.
        ValueError: if an argument is out of its range; the message names it.

    Example:
        >>> import numpy as np
        >>> from aelib import models
        >>> x = np.array([[0.0, 0.2], [0.2, 0.0], [0.8, 1.0], [1.0, 0.8]] * 8, np.float32)
        >>> layers = lambda rngs: [models.Dense(2, 2, rngs=rngs)]
        >>> trained = train_classifiers(
        ...     lambda rngs: models.Stack(layers(rngs), (2,), (2,)), x, np.array([0, 0, 1, 1] * 8),
        ...     seeds=range(2), epsilons=(0.0, 0.1), batch_size=8, steps=100, learning_rate=0.1,
        ... )
        >>> len(trained.models), trained.loss.shape, bool((trained.loss[:, -1] < 0.1).all())
        (4, (4, 100), True)

    References:
        A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu (2018), *Towards deep learning
        models resistant to adversarial attacks*.
    """
    check_norm(norm)
    seeds = [check_count("seeds", seed, at_least=0) for seed in seeds]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds: expected one or more different seeds, got {seeds}")
    x, labels = check_array("x", x), check_array("labels", labels)
    n = x.shape[1 if per_run_data else 0] if x.ndim > 1 else 0
    lead = (len(seeds),) if per_run_data else ()
    if x.shape[: len(lead)] != lead or x.ndim < 2 + len(lead):
        raise ValueError(
            f"x: expected [{len(seeds)}, n, ...], an entry for each seed; got {x.shape}"
        )
    if labels.shape != (*lead, n):
        raise ValueError(
            f"labels: expected shape {(*lead, n)}, as x has examples; got {labels.shape}"
        )
    x = check_examples("x", x)
    labels = check_labels(labels.reshape(-1), labels.size).reshape(labels.shape)
    counts = {"attack_steps": attack_steps, "steps": steps, "batch_size": batch_size}
    plan = tuple(check_count(name, value) for name, value in counts.items())
    attacks = np.asarray(list(epsilons), float)
    finite = (attacks >= 0) & (attacks < np.inf)
    require_all("epsilons", attacks, finite, "finite numbers of at least 0")
    # A run for each strength and seed. Stacked on the host: on the device each shape would compile.
    keys = [jax.random.split(jax.random.key(seed)) for seed in seeds]
    parts = [nnx.split(make_model(nnx.Rngs(model_key))) for model_key, _ in keys]
    graphdef, many = parts[0][0], len(attacks)
    network = nnx.merge(*parts[0])
    shape = jax.eval_shape(network, x[0, :1] if per_run_data else x[:1]).shape
    if len(shape) != 2:
        raise ValueError(f"make_model: expected networks to [batch, classes], got {shape}")
    check_labels(labels.reshape(-1), labels.size, shape[1])
    states = jax.tree.map(
        lambda *leaves: np.concatenate([np.stack(leaves)] * many),
        *[nnx.as_pure(state) for _, state in parts],
    )
    run_keys = jnp.stack([key for _, key in keys] * many)
    strengths = np.repeat(attacks.astype(x.dtype), len(seeds))
    own = np.arange(len(seeds)) if per_run_data else np.zeros(len(seeds), int)
    numbers = np.tile(own, many)
    data = (x, labels) if per_run_data else (x[None], labels[None])
    train = functools.partial(_train, graphdef, norm, plan, learning_rate)
    given = jax.tree.map(jnp.asarray, ((states, run_keys, strengths, numbers), *data))
    trained, losses = compiled(train, *given)(*given)
    require_finite_losses(losses)
    flat = jax.tree.map(np.asarray, trained)
    models = tuple(
        nnx.merge(graphdef, jax.tree.map(lambda leaf, run=run: jnp.asarray(leaf[run]), flat))
        for run in range(len(numbers))
    )
    strengths = np.repeat(attacks, len(seeds))
    all_seeds = np.tile(np.asarray(seeds), many)
    return TrainedClassifiers(strengths, all_seeds, models, np.asarray(losses), graphdef, flat)


def epsilon_needed(
    epsilons: Float[ArrayLike, " k"], success: Float[ArrayLike, "*shape k"], fraction: float = 0.5
) -> Float[np.ndarray, "*shape"]:
    """The strength at which an attack succeeds on a given fraction of examples.

    Linear between the strengths that were tried, the first crossing; infinite if the fraction is
    not reached, and the first strength if it is reached there.

    Args:
        epsilons: strengths in ascending order.
        success: fraction of successes at each.
        fraction: the fraction to reach, in (0, 1].

    Returns:
        One strength for each row of ``success``.

    Raises:
        ValueError: if shapes do not fit or the fraction is out of range.

    Example:
        >>> epsilon_needed([0.0, 0.1, 0.2], [[0.0, 0.25, 0.75], [0.0, 0.1, 0.2]]).round(3)
        array([0.15,  inf])
    """
    if fraction != 1:
        fraction = check_fraction("fraction", fraction)
    at = check_array("epsilons", epsilons).astype(np.float64)
    rates = check_array("success", success).astype(np.float64)
    if at.ndim != 1 or rates.shape[-1:] != at.shape:
        raise ValueError(
            f"success: expected shape [..., {at.size}], as there are strengths, got {rates.shape}"
        )
    reached = rates >= fraction
    first = np.argmax(reached, axis=-1)
    before = np.maximum(first - 1, 0)
    high = np.take_along_axis(rates, first[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(rates, before[..., None], axis=-1)[..., 0]
    step = np.where(high > low, (fraction - low) / np.where(high > low, high - low, 1), 1)
    found = np.where(first == 0, at[0], at[before] + step * (at[first] - at[before]))
    return np.where(reached.any(axis=-1), found, np.inf)


def _train(
    graphdef: nnx.GraphDef,
    norm: Norm,
    plan: tuple[int, ...],
    learning_rate: float,
    runs: PyTree,
    x: Float[Array, "sets n ..."],
    labels: Int[Array, "sets n"],
) -> PyTree:
    """Train all runs of (state, key, strength, index of the data set); data sets are stacked."""
    attack_steps, steps, batch_size = plan
    reach = 1.0 if norm == "linf" else math.prod(x.shape[2:]) ** -0.5
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

    def losses(x: jax.Array, labels: jax.Array, state: PyTree) -> jax.Array:
        return categorical_nll(nnx.merge(graphdef, state)(x), labels)

    def one(run: PyTree) -> PyTree:
        state, key, strength, number = run
        length = 2.5 * strength / attack_steps
        # All batches at once: drawn within the loop they would have to be compiled there.
        rows_key, start_key = jax.random.split(key)
        rows = jax.random.randint(rows_key, (steps, batch_size), 0, x.shape[1])
        start_keys = jax.random.split(start_key, steps)

        def batch(_: None, step: jax.Array) -> tuple[None, PyTree]:
            return None, (x[number, rows[step]], labels[number, rows[step]], start_keys[step])

        def attack(state: PyTree, batch: PyTree) -> jax.Array:
            examples, targets, key = batch

            def climb(_: jax.Array, here: jax.Array) -> jax.Array:
                _, gradient = slope(losses, here, (targets, state))
                return move(here, gradient, examples, strength, length, norm)

            # Within the ball; the first step takes it back to the box. (Uniform in the ball of "l2"
            # would be one more thing to compile, and the start is soon left.)
            noise = jax.random.uniform(key, examples.shape, examples.dtype, -reach, reach)
            return jax.lax.fori_loop(0, attack_steps, climb, examples + strength * noise)

        def objective(state: PyTree, batch: PyTree, _: jax.Array) -> tuple[jax.Array, tuple[()]]:
            attacked = attack(jax.lax.stop_gradient(state), batch)
            return jnp.mean(losses(attacked, batch[1], state)), ()

        return minimize(Problem(objective, batch, optimizer), state, steps=steps)

    return jax.vmap(one)(runs)

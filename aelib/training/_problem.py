"""What is minimised: one pure function of parameters, a batch and a key, reduced in one place."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from aelib.training._fingerprint import fingerprint


class Examples(NamedTuple):
    """Training or validation data, or a batch of them; every field that is not None is [n, ...].

    Attributes:
        x: the items, with 0 where ``mask`` is False.
        mask: which entries were observed, or None for all.
        weights: weight of each example, with mean 1, or None for equal weights.
        exposure: exposure of each example, or None.
    """

    x: Any
    mask: jax.Array | None = None
    weights: jax.Array | None = None
    exposure: jax.Array | None = None


class Parts(NamedTuple):
    """The objective of one batch and what it is made of.

    Attributes:
        loss: [] nats + Σ strength · penalty, the number that is minimised.
        nats: [] mean negative log-likelihood (or plain loss) per example.
        penalties: [num_penalties] means of the penalties, before their strengths.
        outputs_finite: [] whether every raw output was finite.
    """

    loss: jax.Array
    nats: jax.Array
    penalties: jax.Array
    outputs_finite: jax.Array


class Variables(NamedTuple):
    """The numbers that the objective depends on besides the batch.

    Attributes:
        trained: every ``nnx.Param`` of model and likelihood.
        fixed: their other variables.
        strengths: [num_penalties] strengths of the penalties; their type is that of all sums.
        noise: [] the level that ``corruption`` is handed, or None if it takes none.
        present: like ``trained``, which entries are not padding, or None for all.
    """

    trained: Any
    fixed: Any
    strengths: jax.Array
    noise: jax.Array | None = None
    present: Any = None


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
    """All that is static about a training run; equal problems share one compilation.

    Equality is that of what the functions do, where this can be told (see ``_fingerprint``), so
    ``optax.adam(1e-3)`` written twice is the same optimiser.

    Attributes:
        graphdef: structure of (model, likelihood or None).
        loss: a callable (outputs, x) -> [batch] where there is no likelihood module, or an object
            with ``log_prob`` that is not an ``nnx.Module``; otherwise None.
        penalties: the penalties, in order.
        corruption: what is done to x before it is encoded, or hidden from the encoder, or None.
        optimizer: the optimiser.
        batch_size: examples in a batch; None for all of them, in order.
        patience: checks without improvement before training stops, or None.
        mesh: devices that share each batch, or None.
    """

    graphdef: nnx.GraphDef[Any]
    loss: Any
    penalties: tuple[Callable[..., jax.Array], ...]
    corruption: Callable[..., Any] | None
    optimizer: optax.GradientTransformationExtraArgs
    batch_size: int | None
    patience: int | None
    mesh: jax.sharding.Mesh | None
    identity: Any = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = [field.name for field in dataclasses.fields(self) if field.init]
        values = [getattr(self, name) for name in names]
        identity = (values[0], values[-1], *(fingerprint(value) for value in values[1:-1]))
        object.__setattr__(self, "identity", identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


def objective(
    problem: Problem, variables: Variables, batch: Examples, key: jax.Array
) -> tuple[jax.Array, Parts]:
    """Mean over the batch of (nats per example + Σ strength · penalty)."""
    model, likelihood = nnx.merge(problem.graphdef, variables.trained, variables.fixed)
    corruption_key, penalty_key = jax.random.split(key)
    inputs, seen, scored = batch.x, batch.mask, batch
    if problem.corruption is not None:
        corruption = problem.corruption
        if variables.noise is not None:
            corruption = functools.partial(_at_level, corruption, variables.noise)
        inputs, seen, scored = _corrupt(corruption, corruption_key, model, batch)
    codes = _encode(model, inputs, seen)
    outputs = model.decode(codes)
    dtype = variables.strengths.dtype
    nats = _mean(nats_per_example(problem, likelihood, outputs, scored), batch.weights, dtype)
    penalties = []
    for index, penalty in enumerate(problem.penalties):
        value = penalty(model, batch.x, codes, jax.random.fold_in(penalty_key, index))
        n = batch.x.shape[0]
        _expect(value.shape in ((), (n,)), f"penalties[{index}]", f"() or ({n},)", value)
        penalties.append(_mean(value, batch.weights if value.ndim else None, dtype))
    values = jnp.stack(penalties) if penalties else jnp.zeros(0, dtype)
    loss = nats + jnp.sum(variables.strengths * values)
    finite = [jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(outputs)]
    return loss, Parts(loss, nats, values, jnp.stack(finite).all())


def mean_nats(problem: Problem, variables: Variables, examples: Examples) -> jax.Array:
    """Mean nats per example without corruption or penalties: what validation looks at."""
    model, likelihood = nnx.merge(problem.graphdef, variables.trained, variables.fixed)
    outputs = model.decode(_encode(model, examples.x, examples.mask))
    nats = nats_per_example(problem, likelihood, outputs, examples)
    return _mean(nats, examples.weights, variables.strengths.dtype)


def nats_per_example(
    problem: Problem, likelihood: nnx.Module | None, outputs: Any, batch: Examples
) -> jax.Array:
    """The loss of each example, [batch]."""
    judge = problem.loss if likelihood is None else likelihood
    if hasattr(judge, "log_prob"):
        given = {"mask": batch.mask, "exposure": batch.exposure}
        given = {name: value for name, value in given.items() if value is not None}
        nats = -judge.log_prob(outputs, batch.x, **given)
    else:
        nats = judge(outputs, batch.x)
    n = batch.x.shape[0]
    _expect(nats.shape == (n,), "loss", f"({n},), one value per example", nats)
    return nats


def _at_level(
    corruption: Callable[..., Any], level: jax.Array, key: jax.Array, x: jax.Array
) -> Any:
    return corruption(key, x, level)


def _corrupt(
    corruption: Callable[..., Any], key: jax.Array, model: Any, batch: Examples
) -> tuple[jax.Array, jax.Array | None, Examples]:
    """A changed x, which of its entries the encoder may look at, and the batch to be scored."""
    given = corruption(key, batch.x)
    inputs, *masks = given if isinstance(given, tuple) else (given,)
    _expect(inputs.shape == batch.x.shape, "corruption", f"{batch.x.shape}", inputs)
    if masks and not getattr(model, "takes_mask", False):
        raise TypeError(
            "corruption: returned (x, seen), but the model's encode takes no mask to be told what "
            "is hidden (aelib.models.table makes one that does)"
        )
    for name, mask in zip(("seen", "scored"), masks, strict=False):
        fits = mask.shape == batch.x.shape and mask.dtype == jnp.bool_
        _expect(fits, f"corruption: {name}", f"{batch.x.shape}, of booleans", mask)
    if batch.mask is not None:
        masks = [mask & batch.mask for mask in masks]
    seen = masks[0] if masks else batch.mask
    scored = batch._replace(mask=masks[1]) if len(masks) > 1 else batch
    return (inputs if seen is None else jnp.where(seen, inputs, 0)), seen, scored


def _encode(model: Any, x: Any, mask: jax.Array | None) -> jax.Array:
    """Codes; a model that says ``takes_mask`` is told what it may look at."""
    if mask is not None and getattr(model, "takes_mask", False):
        return model.encode(x, mask=mask)
    return model.encode(x)


def _mean(value: jax.Array, weights: jax.Array | None, dtype: jnp.dtype) -> jax.Array:
    return jnp.mean(value if weights is None else weights * value, dtype=dtype)


def _expect(condition: bool, argument: str, expected: str, value: jax.Array) -> None:
    if not condition:
        raise ValueError(f"{argument}: expected a result of shape {expected}; got {value.shape}")

"""What is minimized: one pure function of parameters, a batch and a key, reduced in one place."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, PyTree, Shaped

from aelib._arrays import as_jax
from aelib.likelihoods import Likelihood
from aelib.training._corruption import corrupt
from aelib.training._examples import Examples
from aelib.training._settings import Settings

#: How many validation examples are looked at at once.
_BLOCK = 1024


class Variables(NamedTuple):
    """The numbers that the objective depends on besides the parameters and the batch.

    Attributes:
        fixed: variables of model and likelihood that are not trained.
        strengths: strengths of the penalties.
        noise: the level passed to ``corruption``, or None if it takes none.
        present: like the parameters, which entries are not padding, or None for all.
    """

    fixed: PyTree
    strengths: Float[Array, " penalties"]
    noise: Float[Array, ""] | None = None
    present: PyTree = None


class Report(NamedTuple):
    """What the objective of one batch is made of.

    Attributes:
        nats: mean negative log-likelihood (or plain loss) per example.
        penalties: means of the penalties, before their strengths.
        finite_outputs: whether every raw output was finite.
    """

    nats: Float[Array, ""]
    penalties: Float[Array, " penalties"]
    finite_outputs: Bool[Array, ""]


def empty_report(settings: Settings) -> Report:
    """A report of the right shapes and types."""
    zero = jnp.zeros((), settings.dtype)
    penalties = jnp.zeros(len(settings.penalties), settings.dtype)
    return Report(zero, penalties, jnp.ones((), bool))


def objective(
    settings: Settings, parameters: PyTree, variables: Variables, batch: Examples, key: jax.Array
) -> tuple[Float[Array, ""], Report]:
    """Mean over the batch of (nats per example + Σ strength · penalty)."""
    if variables.present is not None:
        # So the gradient of what is padding is zero, and it stays zero under every optimizer.
        parameters = jax.tree.map(
            lambda leaf, there: jnp.where(there, leaf, 0), parameters, variables.present
        )
    model, likelihood = nnx.merge(settings.graphdef, parameters, variables.fixed)
    corruption_key, penalty_key = jax.random.split(key)
    inputs, seen, scored = corrupt(
        settings.corruption, batch, corruption_key, noise=variables.noise, model=model
    )
    codes = _encode(model, inputs, seen)
    outputs = model.decode(codes)
    dtype = settings.dtype
    nats = _mean(_nats_per_example(settings, likelihood, outputs, scored), batch.weights, dtype)
    penalties = []
    for index, penalty in enumerate(settings.penalties):
        value = penalty(model, batch.x, codes, jax.random.fold_in(penalty_key, index))
        value = _floating(f"penalties[{index}]", value)
        n = batch.x.shape[0]
        if value.shape not in ((), (n,)):
            raise ValueError(
                f"penalties[{index}]: expected a result of shape () or ({n},); got {value.shape}"
            )
        penalties.append(_mean(value, batch.weights if value.ndim else None, dtype))
    values = jnp.stack(penalties) if penalties else jnp.zeros(0, dtype)
    _require_unchanged(model, likelihood, variables.fixed)
    loss = nats + jnp.sum(variables.strengths * values)
    finite = [jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(outputs)]
    return loss, Report(nats, values, jnp.stack(finite).all())


def mean_nats(
    settings: Settings, parameters: PyTree, variables: Variables, examples: Examples
) -> Float[Array, ""]:
    """Mean nats per example without corruption or penalties: what validation looks at."""
    model, likelihood = nnx.merge(settings.graphdef, parameters, variables.fixed)

    def nats(block: Examples) -> Float[Array, " block"]:
        outputs = model.decode(_encode(model, block.x, block.mask))
        return _nats_per_example(settings, likelihood, outputs, block)

    n = examples.x.shape[0]
    if n <= _BLOCK:
        values = nats(examples)
    else:  # one block after the other: the activations of all examples may not fit into memory
        rows = jnp.minimum(jnp.arange(-(-n // _BLOCK) * _BLOCK), n - 1).reshape(-1, _BLOCK)
        blocks = jax.lax.map(lambda row: nats(jax.tree.map(lambda v: v[row], examples)), rows)
        values = blocks.reshape(-1)[:n]  # the last example was repeated to fill the last block
    return _mean(values, examples.weights, settings.dtype)


def _encode(
    model: Any, x: Shaped[Array, "batch ..."], mask: Bool[Array, "batch ..."] | None
) -> jax.Array:
    """Codes; a model that says ``takes_mask`` is given the mask of what it may use."""
    if mask is not None and getattr(model, "takes_mask", False):
        return model.encode(x, mask=mask)
    return model.encode(x)


def _nats_per_example(
    settings: Settings, likelihood: Likelihood | None, outputs: PyTree, batch: Examples
) -> Float[Array, " batch"]:
    """The loss of each example."""
    loss = settings.loss if likelihood is None else likelihood
    assert loss is not None
    if hasattr(loss, "log_prob"):
        given = {"mask": batch.mask, "exposure": batch.exposure}
        given = {name: value for name, value in given.items() if value is not None}
        nats = -loss.log_prob(outputs, batch.x, **given)
    else:
        nats = loss(outputs, batch.x)
    nats = _floating("loss", nats)
    n = batch.x.shape[0]
    if nats.shape != (n,):
        raise ValueError(
            f"loss: expected a result of shape ({n},), one value per example; got {nats.shape}"
        )
    return nats


def _floating(name: str, value: Any) -> jax.Array:
    """What a function of the caller's returned, which has a derivative."""
    if value is None:
        raise TypeError(f"{name}: expected a function that returns an array, got None from it")
    value = as_jax(name, value)
    if not jnp.issubdtype(value.dtype, jnp.floating):
        raise TypeError(
            f"{name}: expected floating-point numbers from it, got dtype {value.dtype}, which has "
            "no derivative"
        )
    return value


def _require_unchanged(model: Any, likelihood: Any, fixed: Any) -> None:
    """Raise a TypeError if calling them changed variables: the change would be thrown away."""
    now = nnx.as_pure(nnx.state((model, likelihood), nnx.Not(nnx.Param)))
    before, after = jax.tree.leaves(fixed), jax.tree.leaves(now)
    if len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True)):
        return
    raise TypeError(
        "model: expected one that changes nothing when it is called, got one that changes a "
        "variable of its own; training is a pure function of the parameters and keeps no such state"
    )


def _mean(
    value: Shaped[Array, "..."], weights: Float[Array, " batch"] | None, dtype: jnp.dtype
) -> Float[Array, ""]:
    return jnp.mean(value if weights is None else weights * value, dtype=dtype)

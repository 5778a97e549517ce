"""``fit``: train one autoencoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, PRNGKeyArray, Real, Shaped

from aelib._checks import check_key
from aelib.likelihoods import Likelihood
from aelib.training._errors import TrainingInterrupted
from aelib.training._examples import check_examples, check_validation
from aelib.training._objective import Variables
from aelib.training._progress import Progress, choose
from aelib.training._results import FitResult
from aelib.training._settings import check_loss, check_model, check_settings, merge, split
from aelib.training._tick import Inputs
from aelib.training._train import compile_training, train

if TYPE_CHECKING:
    import optax


def fit(
    model: nnx.Module,
    x: Shaped[ArrayLike, "n ..."],
    loss: Likelihood | Callable[..., Float[Array, " batch"]],
    *,
    penalties: Sequence[tuple[float, Callable[..., jax.Array]]] = (),
    corruption: Callable[[PRNGKeyArray, Array], Array | tuple[Array, ...]] | None = None,
    mask: Bool[ArrayLike, "n ..."] | None = None,
    weights: Real[ArrayLike, " n"] | None = None,
    exposure: Real[ArrayLike, " n"] | None = None,
    optimizer: optax.GradientTransformation | None = None,
    batch_size: int | None = 128,
    steps: int = 1000,
    validation: Shaped[ArrayLike, "m ..."] | Mapping[str, ArrayLike] | None = None,
    patience: int | None = None,
    tick_every: int | None = None,
    progress: bool | Progress = True,
    mesh: jax.sharding.Mesh | None = None,
    key: PRNGKeyArray,
) -> FitResult:
    r"""Train an autoencoder by gradient descent on nats per example.

    Minimizes the mean over examples of the loss plus Σ strength · penalty. The model and the
    likelihood given are not changed; trained copies are returned. The same arguments and key give
    the same result.

    Every call traces the loss, the penalties, the corruption and the optimizer anew, so that
    whatever they refer to counts as it is at that moment (but for what is itself under ``jax.jit``,
    which JAX remembers). It compiles only if this gives a program that was not compiled before;
    another seed, other data of the same shape, another number of steps or another strength do not.

    Args:
        model: an :class:`aelib.models.Autoencoder`, or any ``nnx.Module`` with ``encode`` and
            ``decode``.
        x: the data, NumPy or JAX. Floating-point data are turned into the model's type; integers
            (counts, labels) stay integers for the loss.
        loss: a likelihood, whose parameters are trained along with the model's, or any callable
            (outputs, x) -> [batch] in nats per example.
        penalties: pairs (strength, penalty) with ``penalty(model, x, codes, key)`` -> [batch] or
            []. ``x`` is the uncorrupted batch; ``codes`` are those that the loss saw. See
            :func:`aelib.penalties.on_codes` and :func:`aelib.penalties.on_encoder`.
        corruption: ``corruption(key, x)`` -> x is what the encoder sees, sampled anew at each step;
            the loss compares with the uncorrupted ``x``. For a model that takes a mask
            (:func:`aelib.models.table`) it may return ``(x, seen)``: where ``seen`` is False the
            encoder must not look; or ``(x, seen, scored)``: the loss, a likelihood, is asked only
            for what is ``scored``. See :func:`hide`.
        mask: booleans of x's shape, True where observed; needs a likelihood. Entries that were not
            observed do not count, may be NaN, and are 0 for the encoder; a model that takes a mask
            also gets the mask.
        weights: weight of each example, at least 0. They are scaled to mean 1 over the data, so
            that only their ratios matter, and multiply the nats and the penalties of each example
            (a penalty that is one number for the batch is not weighted).
        exposure: exposure of each example (trials, library size); needs a likelihood.
        optimizer: any optax optimizer; ``optax.adam(1e-3)`` by default. For ``optax.lbfgs()`` take
            ``batch_size=None``: its line search is given value, gradient and the objective.
        batch_size: examples in each step. Each epoch goes through a new permutation of the data;
            those left over at its end are left out of it. None takes all of the data, in order, at
            every step.
        steps: number of steps.
        validation: data to look at on the way: an array, or a mapping with ``x`` and maybe
            ``mask``, ``weights`` and ``exposure``. Its loss is in nats, without corruption or
            penalties.
        patience: stop when this many ticks in a row were no better on the validation data than the
            best before, and return the best parameters, not the last. None never stops early and
            returns the last.
        tick_every: steps between ticks, at which progress is shown, history written, validation
            looked at and failure noticed; by default so that there are about 50.
        progress: True for a bar, False for none, or an object of your own (:class:`Progress`).
        mesh: devices that share each batch equally; nothing else changes but rounding.
        key: ``jax.random.key(seed)``, from which batches, corruption and penalties draw.

    Returns:
        FitResult: the trained ``model`` and ``likelihood``, and the ``history``.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective is not finite at some step: which, what part of it, and
            the last loss before.
        TrainingInterrupted: on Ctrl-C; ``error.result`` is what was trained so far.

    Example:
        >>> import aelib
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> x = jax.random.normal(jax.random.key(0), (64, 4))
        >>> model = aelib.models.linear(4, 2, rngs=nnx.Rngs(1))
        >>> def half_squares(outputs, x):
        ...     return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)
        >>> result = aelib.training.fit(
        ...     model, x, half_squares, batch_size=16, steps=100, progress=False,
        ...     key=jax.random.key(2),
        ... )
        >>> bool(result.history.loss[-1] < result.history.loss[0])
        True
    """
    options: dict[str, Any] = {"model": model, "loss": loss, "dtype": check_model(model)}
    check_loss(loss)
    key = check_key("key", key)
    given = {"x": x, "mask": mask, "weights": weights, "exposure": exposure}
    data = check_examples("", given, **options)
    checked_validation = check_validation(data, validation, check_examples, **options)
    settings, strengths = check_settings(
        model,
        loss,
        n=data.x.shape[0],
        penalties=penalties,
        corruption=corruption,
        optimizer=optimizer,
        batch_size=batch_size,
        steps=steps,
        validation=validation,
        patience=patience,
        tick_every=tick_every,
        mesh=mesh,
    )
    bar = choose(progress)
    parts = split(model, loss)
    variables = Variables(parts.fixed, jnp.asarray(strengths, settings.dtype))
    run = parts.parameters, Inputs(variables, data, checked_validation, key)
    if settings.mesh is not None:
        everywhere = jax.sharding.NamedSharding(settings.mesh, jax.sharding.PartitionSpec())
        run = jax.device_put(run, everywhere)
    outcome = train(settings, compile_training(settings, run), [run], bar)
    trained = merge(parts._replace(parameters=outcome.parameters), loss)
    result = FitResult(*trained, outcome.history)
    if outcome.interrupted:
        raise TrainingInterrupted(
            f"training was interrupted after {outcome.history.steps} of {settings.steps} steps; "
            "what was trained so far is this exception's result",
            result=result,
        )
    return result

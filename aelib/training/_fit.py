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
    likelihood that are given stay as they are; trained copies are returned. The same arguments and
    key give the same result.

    Every call traces the loss, the penalties, the corruption and the optimizer again, so whatever
    they refer to is read as it is now (except inside functions under ``jax.jit``, which JAX caches
    by itself). XLA compiles only a program that it has not compiled before: another seed, other
    data of the same shape, another number of steps or another strength of a penalty is the same
    program.

    Args:
        model: an :class:`aelib.models.Autoencoder`, or any ``nnx.Module`` with ``encode`` and
            ``decode``.
        x: the data, NumPy or JAX. Floating-point data are cast to the dtype of the model; integers
            (counts, labels) stay integers.
        loss: a likelihood, whose parameters are trained along with the model's, or any callable
            (outputs, x) -> [batch] in nats per example.
        penalties: pairs (strength, penalty) with ``penalty(model, x, codes, key)`` -> [batch] or
            []. ``x`` is the uncorrupted batch, ``codes`` are those of the corrupted one. See
            :func:`aelib.penalties.on_codes` and :func:`aelib.penalties.on_encoder`.
        corruption: ``corruption(key, x)`` -> x makes what the encoder is given, again at each step;
            the loss compares with the uncorrupted ``x``. For a model that takes a mask
            (:func:`aelib.models.table`) it may return ``(x, seen)``, to hide from the encoder where
            ``seen`` is False, or ``(x, seen, scored)``, to count in the loss, which must be a
            likelihood, only where ``scored`` is True. See :func:`hide`.
        mask: booleans of x's shape, True where observed; needs a likelihood. Entries that were not
            observed do not count, may be NaN, and are 0 for the encoder; a model that takes a mask
            also gets the mask.
        weights: weight of each example, at least 0; only their ratios matter. They multiply its
            nats and its penalties, not a penalty that is one number for the batch.
        exposure: exposure of each example (trials, library size); needs a likelihood.
        optimizer: any optax optimizer; ``optax.adam(1e-3)`` by default. With ``optax.lbfgs()`` use
            ``batch_size=None``, since its line search evaluates the objective several times.
        batch_size: examples in each step. Each epoch goes through a new permutation of the data and
            leaves out the incomplete batch at its end. None takes all examples at every step.
        steps: number of steps.
        validation: held-out data: an array, or a mapping with ``x`` and maybe ``mask``,
            ``weights`` and ``exposure``. Its loss is measured at every tick, without corruption or
            penalties.
        patience: stop after this many ticks without a lower validation loss, and return the best
            parameters instead of the last. None takes all steps and returns the last.
        tick_every: steps between two ticks. At a tick progress is shown, history is written, the
            validation loss is measured and a failure is noticed. None for about 50 ticks in all.
        progress: True for a bar, False for none, or an object of your own (:class:`Progress`).
        mesh: devices that share each batch equally; nothing else changes but rounding.
        key: ``jax.random.key(seed)``, the source of batches, corruption and random penalties.

    Returns:
        FitResult: the trained ``model`` and ``likelihood``, and the ``history``.

    Raises:
        ValueError: if an argument does not fit; the message names it.
        TypeError: if an argument is of the wrong kind.
        TrainingDiverged: if the objective is not finite at some step; it says at which, which part
            of the objective, and the last finite loss.
        TrainingInterrupted: on Ctrl-C; its ``result`` is what was trained so far.

    Example:
        A linear autoencoder of points near a line, under a Gaussian whose scale is learned:

        >>> import aelib, jax, optax
        >>> from flax import nnx
        >>> along, noise = jax.random.normal(jax.random.key(0), (2, 500, 1))
        >>> x = jax.numpy.concatenate([along, along + 0.1 * noise], axis=1)
        >>> result = aelib.training.fit(
        ...     aelib.models.linear(2, 1, rngs=nnx.Rngs(1)), x[:400],
        ...     aelib.likelihoods.Gaussian("shared"), optimizer=optax.adam(1e-2), steps=800,
        ...     validation=x[400:], patience=5, progress=False, key=jax.random.key(2),
        ... )
        >>> bool(result.history.validation[-1] < result.history.validation[0])
        True

        The loss may be any function that gives nats for each example:

        >>> def half_squares(outputs, x):
        ...     return 0.5 * ((x - outputs) ** 2).sum(axis=-1)
        >>> result = aelib.training.fit(
        ...     result.model, x, half_squares, steps=10, progress=False, key=jax.random.key(3)
        ... )
        >>> result.history.loss.shape
        (10,)
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

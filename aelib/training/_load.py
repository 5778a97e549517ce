"""Read what :meth:`aelib.training.FitResult.save` wrote."""

from __future__ import annotations

import os

from aelib import _storage
from aelib.training import _keep
from aelib.training._results import FitResult, History

_HISTORY = "history."


def load(path: str | os.PathLike[str]) -> FitResult:
    """Read a model with its likelihood, as :meth:`FitResult.save` wrote them.

    Nothing in the file is executed: it names builders and likelihoods of this package and gives
    their arguments. Both give the same answers as before, bit for bit.

    Args:
        path: the file.

    Returns:
        The model, the likelihood with all it has learned, and the history of their training.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is truncated or damaged, of another kind or in another format, does not
            fit this package, or is in float64 while x64 is off.

    Example:
        >>> import pathlib, tempfile
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import likelihoods, models, training
        >>> result = training.fit(
        ...     models.linear(3, 1, rngs=nnx.Rngs(0)), jnp.ones((4, 3)),
        ...     likelihoods.Gaussian("feature", num_features=3), steps=2, batch_size=4,
        ...     progress=False, key=jax.random.key(0),
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result.save(pathlib.Path(folder) / "fit.safetensors")
        ...     again = training.load(pathlib.Path(folder) / "fit.safetensors")
        >>> both = [each.likelihood.log_prob(each.model(jnp.ones((4, 3))), jnp.ones((4, 3)))
        ...         for each in (result, again)]
        >>> bool((both[0] == both[1]).all())
        True
    """
    path, about, tensors = _storage.read(path, "fit")
    history = {name: value for name, value in tensors.items() if name.startswith(_HISTORY)}
    rest = {name: value for name, value in tensors.items() if name not in history}
    model, likelihood = _keep.rebuild(path, about, rest)
    ticks = {name.removeprefix(_HISTORY): value for name, value in history.items()}
    try:
        penalties = {name: ticks.pop(f"penalties.{name}") for name in about["penalties"]}
        validation = ticks.pop("validation", None)
        told = History(
            **ticks, penalties=penalties, validation=validation, best_step=about["best_step"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: its history of the training cannot be read") from error
    return FitResult(model, likelihood, told)

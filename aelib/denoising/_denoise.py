"""One face for every way of denoising counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from numpy.typing import ArrayLike, NDArray

from aelib import likelihoods, training
from aelib.denoising._checks import Floats, check_counts
from aelib.denoising._network import count_autoencoder
from aelib.denoising._normalise import exposure, log_normalise, match_totals

METHODS = (
    "nothing",
    "pca",
    "squared error",
    "poisson",
    "negative binomial",
    "zero-inflated",
)


def _squared_error_of_logs(outputs: jax.Array, counts: jax.Array) -> jax.Array:
    """Half the squared error of log-normalised counts, ``[batch]``.

    It is given the counts, so that the network is the same one as for the other losses.
    """
    size = jnp.maximum(counts.sum(axis=-1, keepdims=True), 1.0) / counts.shape[-1]
    return 0.5 * jnp.sum((outputs - jnp.log1p(counts / size)) ** 2, axis=-1)


_FAMILIES: dict[str, Callable[[int], Any]] = {
    "squared error": lambda _: _squared_error_of_logs,
    "poisson": lambda _: likelihoods.Poisson(),
    "negative binomial": lambda d: likelihoods.NegativeBinomial("feature", num_features=d),
    "zero-inflated": lambda d: likelihoods.ZeroInflatedNegativeBinomial("feature", num_features=d),
}


@dataclasses.dataclass(frozen=True)
class Denoised:
    """What :func:`denoise` returns.

    Attributes:
        method: how it was made.
        rates: what each count would have been on average, in the shape and unit of the counts;
            for the zero-inflated likelihood before any dropout.
        expected: the same with dropout: the mean of the count itself. It differs from ``rates``
            for the zero-inflated likelihood only.
        models: the trained networks, one per run; empty without a network.
        likelihoods: their likelihoods, with what they learned.
    """

    method: str
    rates: Floats
    expected: Floats
    models: tuple[Any, ...] = ()
    likelihoods: tuple[Any, ...] = ()

    @property
    def dispersion(self) -> Floats | None:
        """Learned dispersion of each gene, ``[genes]`` or ``[runs, genes]``, where there is one."""
        if not self.likelihoods or not hasattr(self.likelihoods[0], "dispersion"):
            return None
        genes = self.rates.shape[-1]
        learned = [
            np.asarray(each.dispersion(None, (1, genes), np.float32), np.float64)[0]
            for each in self.likelihoods
        ]
        return np.stack(learned) if self.rates.ndim == 3 else learned[0]


def denoise(
    counts: ArrayLike,
    method: str = "negative binomial",
    *,
    latent: int = 4,
    hidden: Sequence[int] = (32,),
    steps: int = 300,
    batch_size: int = 50,
    learning_rate: float = 1e-2,
    rescale: bool = True,
    seeds: int | Iterable[int] = 0,
) -> Denoised:
    r"""Estimate the rates behind counts.

    ``"nothing"`` returns the counts. ``"pca"`` keeps the leading principal axes of the cells'
    :func:`log_normalise` values, and turns them back. The others train a
    :func:`count_autoencoder`: under the squared error of the log-normalised counts, or under a
    likelihood of the counts themselves (Poisson, negative binomial with one learned dispersion per
    gene, or that with a learned chance of dropout for every entry). Whether the result is any
    better than the counts is a question for :func:`thin` and :func:`relative_error`; how much of
    it is invented, for :func:`confirmed_share`.

    Args:
        counts: ``[cells, genes]``; or ``[runs, cells, genes]``, several matrices of one size side
            by side in one compiled program.
        method: one of ``METHODS``.
        latent: numbers in the code, or principal axes kept.
        hidden: widths of the encoder's hidden layers.
        steps: training steps.
        batch_size: cells in each step; all of them if there are fewer.
        learning_rate: Adam's, from which a cosine goes down to 0.
        rescale: whether rates that come from logarithms are put through :func:`match_totals`.
        seeds: of the initial weights and the batches; one for each run.

    Returns:
        Denoised: rates in the shape of ``counts``, and the trained networks.

    Raises:
        ValueError: if an argument is out of its range.

    Source: G. Eraslan, L. M. Simon, M. Mircea, N. S. Mueller and F. J. Theis (2019), Single-cell
    RNA-seq denoising using a deep count autoencoder, Nature Communications 10:390.

    >>> import aelib
    >>> cells = aelib.data.load("cells", num_cells=60, num_genes=12)
    >>> denoise(cells.x, "pca", latent=2).rates.shape
    (60, 12)
    """
    x = check_counts("counts", counts)
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}; got {method!r}")
    if not 1 <= latent <= min(x.shape[-2:]):
        raise ValueError(f"latent: expected between 1 and {min(x.shape[-2:])}, got {latent}")
    if method == "nothing":
        rates = x.astype(np.float64)
        return Denoised(method, rates, rates)
    if method == "pca":
        rates = _back(_projected(log_normalise(x), latent), x, rescale)
        return Denoised(method, rates, rates)
    stack = x if x.ndim == 3 else x[None]
    result, outputs = _train(
        stack,
        method,
        seeds=_seeds(seeds, len(stack)),
        make=lambda rngs, p: count_autoencoder(
            x.shape[-1], latent, hidden=hidden, outputs_per_feature=p, rngs=rngs
        ),
        optimizer=optax.adam(optax.cosine_decay_schedule(learning_rate, steps)),
        steps=steps,
        batch_size=batch_size if batch_size < stack.shape[1] else None,
    )
    rates, expected = _rates(outputs, stack, method, rescale)
    shape = x.shape
    return Denoised(
        method, rates.reshape(shape), expected.reshape(shape), result.models, result.likelihoods
    )


def _train(
    stack: NDArray[np.int64],
    method: str,
    *,
    seeds: tuple[int, ...],
    make: Callable[[nnx.Rngs, int], nnx.Module],
    **options: Any,
) -> tuple[training.SweepResult, Floats]:
    """Train all runs; their raw outputs, ``[runs, cells, genes]`` with a last axis for two."""
    loss = _FAMILIES[method](stack.shape[-1])
    data = stack.astype(np.float32)
    takes_exposure = getattr(loss, "uses_exposure", False)
    result = training.sweep(
        lambda rngs: make(rngs, getattr(loss, "num_outputs", 1)),
        data,
        loss,
        seeds=seeds,
        per_run_data=True,
        exposure=exposure(stack).astype(np.float32) if takes_exposure else None,
        progress=False,
        **options,
    )
    return result, np.asarray(result.map(_outputs, data), np.float64)


def _outputs(model: Any, x: Any) -> Any:
    return model(x)


def _rates(
    outputs: Floats, counts: NDArray[np.int64], method: str, rescale: bool
) -> tuple[Floats, Floats]:
    """Rates without and with dropout."""
    if method == "squared error":
        rates = _back(outputs, counts, rescale)
        return rates, rates
    size = exposure(counts)[..., None]
    if method == "zero-inflated":
        rates = np.exp(outputs[..., 0]) * size
        return rates, rates / (1 + np.exp(outputs[..., 1]))
    rates = np.exp(outputs) * size
    return rates, rates


def _back(logs: Floats, counts: NDArray[np.int64], rescale: bool) -> Floats:
    """From log-normalised values to rates; none below 0."""
    rates = np.maximum(np.expm1(logs), 0.0) * exposure(counts)[..., None]
    return match_totals(rates, counts) if rescale else rates


def _projected(values: Floats, components: int) -> Floats:
    """Each matrix projected on its own leading principal axes."""
    mean = values.mean(axis=-2, keepdims=True)
    _, _, axes = np.linalg.svd(values - mean, full_matrices=False)
    kept = axes[..., :components, :]
    return mean + (values - mean) @ np.swapaxes(kept, -1, -2) @ kept


def _seeds(seeds: int | Iterable[int], runs: int) -> tuple[int, ...]:
    if isinstance(seeds, (int, np.integer)) and runs == 1:
        return (int(seeds),)
    listed = tuple(seeds) if isinstance(seeds, Iterable) else tuple(range(seeds, seeds + runs))
    if len(listed) != runs:
        raise ValueError(f"seeds: expected {runs}, one for each matrix, got {len(listed)}")
    return listed

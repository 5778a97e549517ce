"""Denoise counts: by nothing, by principal components, or by an autoencoder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Real
from numpy.typing import ArrayLike

from aelib import likelihoods, training
from aelib._checks import check_choice, check_count
from aelib.denoising._checks import check_counts
from aelib.denoising._network import count_autoencoder
from aelib.denoising._normalize import exposure, log_normalize, match_totals
from aelib.models import Autoencoder

Rates = Float[np.ndarray, "*runs cells genes"]


def _squared_error_of_logs(
    outputs: Float[Array, "batch genes"], counts: Real[Array, "batch genes"]
) -> Float[Array, " batch"]:
    """Half the squared error of log-normalized counts.

    It is given the counts, so that the network is the same one as for the other losses.
    """
    size = jnp.maximum(counts.sum(axis=-1, keepdims=True), 1.0) / counts.shape[-1]
    return 0.5 * jnp.sum((outputs - jnp.log1p(counts / size)) ** 2, axis=-1)


# For each method with a network, what makes its loss from the number of genes.
_LOSSES: dict[str, Callable[[int], Any]] = {
    "squared error": lambda _: _squared_error_of_logs,
    "poisson": lambda _: likelihoods.Poisson(),
    "negative binomial": lambda d: likelihoods.NegativeBinomial("feature", num_features=d),
    "zero-inflated": lambda d: likelihoods.ZeroInflatedNegativeBinomial("feature", num_features=d),
}


@dataclasses.dataclass(frozen=True)
class DenoisedCounts:
    """What :func:`denoise` returns.

    Attributes:
        method: how it was made.
        rates: estimated mean of each count, in the shape and unit of the counts; under the
            zero-inflated likelihood the mean before dropout.
        expected: estimated mean of each count after dropout. It differs from ``rates`` under the
            zero-inflated likelihood only.
        models: the trained networks, one per run; empty without a network.
        likelihoods: their likelihoods, with trained parameters.

    Example:
        >>> import numpy as np
        >>> from aelib import denoising
        >>> counts = np.random.default_rng(0).poisson(3.0, size=(20, 5))
        >>> denoised = denoising.denoise(counts, "pca", latent=1)
        >>> denoised.method, denoised.rates.shape, denoised.models
        ('pca', (20, 5), ())
    """

    method: str
    rates: Rates
    expected: Rates
    models: tuple[nnx.Module, ...] = ()
    likelihoods: tuple[Any, ...] = ()

    @property
    def dispersion(self) -> Float[np.ndarray, "*runs genes"] | None:
        """Learned dispersion of each gene; None where the likelihood has none."""
        if not self.likelihoods or not hasattr(self.likelihoods[0], "dispersion"):
            return None
        genes = self.rates.shape[-1]
        learned = [
            np.asarray(each.dispersion(None, (1, genes), np.float32), np.float64)[0]
            for each in self.likelihoods
        ]
        return np.stack(learned) if self.rates.ndim == 3 else learned[0]


def denoise(
    counts: Int[ArrayLike, "*runs cells genes"],
    method: str = "negative binomial",
    *,
    latent: int = 4,
    hidden: Sequence[int] = (32,),
    steps: int = 300,
    batch_size: int = 50,
    learning_rate: float = 1e-2,
    rescale: bool = True,
    seeds: int | Iterable[int] = 0,
) -> DenoisedCounts:
    r"""Estimate the rates behind counts.

    ================================ ============================================================
    method                           rates
    ================================ ============================================================
    ``"nothing"``                    the counts themselves
    ``"pca"``                        leading principal components of :func:`log_normalize` values
    ``"squared error"``              an autoencoder, squared error of the same values
    ``"poisson"``                    an autoencoder, Poisson likelihood of the counts
    ``"negative binomial"``          the same, with one trained dispersion for each gene
    ``"zero-inflated"``              the same, and a predicted dropout probability of each entry
    ================================ ============================================================

    The encoder sees :func:`log_normalize` values for every loss. Whether the result is any better
    than the counts is a question for :func:`thin` and :func:`relative_error`; how much of it is
    real, for :func:`confirmed_fraction`.

    Args:
        counts: counts of one matrix; or of several of one size, which are trained side by side in
            one compiled program.
        method: a name from the table.
        latent: length of the code, or number of principal axes.
        hidden: widths of the encoder's hidden layers.
        steps: training steps.
        batch_size: cells in each step; all of them if there are fewer.
        learning_rate: initial learning rate of Adam, decayed to 0 along a cosine.
        rescale: whether rates that come from logarithms (``"pca"`` and ``"squared error"``) are
            scaled to the total of each gene's counts.
        seeds: seed of the initial weights and the batches; one for each run.

    Returns:
        Rates in the shape of ``counts``, and the trained networks.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import aelib
        >>> cells = aelib.data.load("cells", num_cells=60, num_genes=12)
        >>> denoise(cells.x, "pca", latent=2).rates.shape
        (60, 12)

    References:
        G. Eraslan, L. M. Simon, M. Mircea, N. S. Mueller and F. J. Theis (2019), *Single-cell
        RNA-seq denoising using a deep count autoencoder*, Nature Communications 10:390.
    """
    x = check_counts("counts", counts)
    check_choice("method", method, ("nothing", "pca", *_LOSSES))
    latent = check_count("latent", latent, at_most=min(x.shape[-2:]))
    if method == "nothing":
        rates = x.astype(np.float64)
        return DenoisedCounts(method, rates, rates)
    if method == "pca":
        rates = _rates_from_logs(_projection(log_normalize(x), latent), x, rescale)
        return DenoisedCounts(method, rates, rates)
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
    return DenoisedCounts(
        method, rates.reshape(shape), expected.reshape(shape), result.models, result.likelihoods
    )


def _train(
    stack: Int[np.ndarray, "*runs cells genes"],
    method: str,
    *,
    seeds: tuple[int, ...],
    make: Callable[[nnx.Rngs, int], nnx.Module],
    **options: Any,
) -> tuple[training.SweepResult, Float[np.ndarray, "runs cells genes *parameters"]]:
    """Train all runs, and compute their raw outputs; two for each gene have a last axis."""
    loss = _LOSSES[method](stack.shape[-1])
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


def _outputs(model: Autoencoder, x: Float[Array, "cells genes"]) -> Float[Array, "cells ..."]:
    return model(x)


def _rates(
    outputs: Float[np.ndarray, "*shape"],
    counts: Int[np.ndarray, "*runs cells genes"],
    method: str,
    rescale: bool,
) -> tuple[Rates, Rates]:
    """Means of the counts before and after dropout."""
    if method == "squared error":
        rates = _rates_from_logs(outputs, counts, rescale)
        return rates, rates
    size = exposure(counts)[..., None]
    if method == "zero-inflated":
        rates = np.exp(outputs[..., 0]) * size
        return rates, rates / (1 + np.exp(outputs[..., 1]))
    rates = np.exp(outputs) * size
    return rates, rates


def _rates_from_logs(
    logs: Rates, counts: Int[np.ndarray, "*runs cells genes"], rescale: bool
) -> Rates:
    """Rates from log-normalized values; none below 0."""
    rates = np.maximum(np.expm1(logs), 0.0) * exposure(counts)[..., None]
    return match_totals(rates, counts) if rescale else rates


def _projection(values: Rates, components: int) -> Rates:
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

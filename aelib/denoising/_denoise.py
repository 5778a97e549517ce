"""Denoise counts: by nothing, the gene mean, principal components, or an autoencoder."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib._checks import check_choice, check_count, check_fraction, check_number
from aelib.denoising import _network
from aelib.denoising._denoiser import Denoiser, outputs
from aelib.denoising._dispersion import estimate_dispersion
from aelib.denoising._matrix import (
    Sparse,
    covariances,
    exposures,
    halve_counts,
    leading_axes,
    log_counts,
    sparse_counts,
    split_counts,
)
from aelib.denoising._train import Settings, train

Rates = Float[np.ndarray, "cells genes"]
METHODS = ("nothing", "gene mean", "pca", *_network.NETWORKS)
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
_MOST_CELLS = 4000  # that a dispersion is estimated from, and half as many that a score looks at


@dataclasses.dataclass(frozen=True)
class DenoisedCounts:
    """What :func:`denoise` returns.

    Attributes:
        method: how it was made.
        rates: estimated mean of each count, in the shape and unit of the counts; under the
            zero-inflated likelihood the mean before dropout.
        expected: estimated mean of each count after dropout. It differs from ``rates`` under the
            zero-inflated likelihood only.
        codes: the code of each cell; no columns for a method without one.
        denoiser: what was fitted; it takes new cells, and can be saved.

    Example:
        >>> import numpy as np
        >>> from aelib import denoising
        >>> counts = np.random.default_rng(0).poisson(3.0, size=(20, 5))
        >>> denoised = denoising.denoise(counts, "pca", latent=1)
        >>> denoised.method, denoised.rates.shape, denoised.codes.shape
        ('pca', (20, 5), (20, 1))
    """

    method: str
    rates: Rates
    expected: Rates
    codes: Float[np.ndarray, "cells latent"]
    denoiser: Denoiser


def denoise(
    counts: Int[ArrayLike, "cells genes"],
    method: str = "negative binomial",
    *,
    latent: int | None = None,
    hidden: int = 64,
    steps: int | None = None,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    weight_decay: float | None = None,
    fraction: float = 0.8,
    dispersion: Float[ArrayLike, " genes"] | None = None,
    seed: int = 0,
) -> DenoisedCounts:
    r"""Estimate the rates behind counts.

    ================================ ============================================================
    method                           rates
    ================================ ============================================================
    ``"nothing"``                    the counts themselves
    ``"gene mean"``                  the mean of each gene, times the exposure of each cell
    ``"pca"``                        leading principal components of :func:`log_normalize` values
    ``"squared error"``              an autoencoder, squared error of the same values
    ``"poisson"``                    an autoencoder, Poisson likelihood of the counts
    ``"negative binomial"``          the same, negative binomial with ``dispersion``
    ``"zero-inflated"``              the same, dispersion trained, dropout of each entry predicted
    ================================ ============================================================

    Of all molecules a ``fraction`` is learned from; the rest is held out, by :func:`thin`. The
    held-out counts choose the number of components and the training step to stop at. A network
    starts at principal components, with each gene's mean as its output bias; in training its
    encoder sees a random half of each count and its loss compares with the other half. In the end
    the rates of each gene are scaled so that the expected counts add up to the counts.

    Args:
        counts: counts of one matrix: what NumPy can read, AnnData, a data frame, or a SciPy sparse
            matrix, which is never made dense as a whole; the rates are.
        method: a name from the table.
        latent: length of the code, or number of principal axes; None for the number that the
            held-out counts choose for PCA, and for a network at least 4 or as many as fit.
        hidden: units of the hidden layer of the encoder, and of that of the decoder.
        steps: training steps at most; None for 200, and more for more than 4,000 cells, up to 2000.
        batch_size: cells in each step; all of them if there are fewer.
        learning_rate: initial learning rate of Adam, decayed to 0 along a cosine.
        weight_decay: decay of the weights in each step, in units of the learning rate; None for 10,
            or as much in all if there are more than 200 steps.
        fraction: expected fraction of the molecules to learn from.
        dispersion: dispersion of each gene; None for :func:`estimate_dispersion`.
        seed: seed of the held-out part, the initial weights and the batches.

    Returns:
        Rates in the shape of ``counts``, codes, and the fitted denoiser.

    Raises:
        ValueError: if an argument is out of its range.

    Warns:
        UserWarning: if on the held-out counts a network is no better than the gene mean or PCA.

    Example:
        >>> import aelib
        >>> cells = aelib.data.load("cells", num_cells=60, num_genes=12)
        >>> denoise(cells.x, "pca", latent=2).rates.shape
        (60, 12)

    References:
        G. Eraslan, L. M. Simon, M. Mircea, N. S. Mueller and F. J. Theis (2019), *Single-cell
        RNA-seq denoising using a deep count autoencoder*, Nature Communications 10:390.

        J. Batson and L. Royer (2019), *Noise2Self*, for training on what the input does not show.
    """
    x = sparse_counts("counts", counts)
    method = check_choice("method", method, METHODS)
    smaller = min(x.shape)
    if latent is not None:
        latent = check_count("latent", latent, at_most=smaller)
    fraction = check_fraction("fraction", fraction)
    genes = x.shape[1]
    center = np.asarray(log_counts(x, exposures(x)).mean(axis=0), np.float64)
    parameters: Any = {}
    held_out: dict[str, float] = {}
    history: list[tuple[int, float]] = []
    if method == "gene mean":
        parameters = {"mean": np.ones(genes)}
    if method == "pca":
        if latent is None:
            latent, held_out = _Split(x, fraction, dispersion, seed).best_pca(smaller)
        parameters = {"axes": leading_axes(covariances(log_counts(x, exposures(x))), latent)}
    if method in _network.NETWORKS:
        steps = _steps(x.shape[0]) if steps is None else check_count("steps", steps)
        if weight_decay is None:
            weight_decay = 10.0 * min(1.0, 200 / steps)
        settings = Settings(
            method,
            steps=steps,
            learning_rate=check_number("learning_rate", learning_rate, above=0),
            weight_decay=check_number("weight_decay", weight_decay, at_least=0),
            batch_size=check_count("batch_size", batch_size),
        )
        split, rng = _Split(x, fraction, dispersion, seed), np.random.default_rng(seed)
        size, others = split.best_pca(smaller)
        latent = max(size, min(4, smaller)) if latent is None else latent
        started = split.start(method, latent, check_count("hidden", hidden), rng)
        best, history = train(
            settings, started, split.learn, split.half_center, lambda p: split.score(method, p), rng
        )
        parameters = {name: np.asarray(value) for name, value in best.items()}
        held_out = {method: min(score for _, score in history)} | others
        _warn_if_beaten(method, held_out)
    unscaled = Denoiser(method, center, np.ones(genes), parameters)
    total = np.asarray(x.sum(axis=0), np.float64)
    sums = sum(
        unscaled.expected(x[start : start + 1024]).sum(axis=0)
        for start in range(0, x.shape[0], 1024)
    )
    scale = np.divide(total, sums, out=np.zeros(genes), where=sums > 0)
    denoiser = dataclasses.replace(unscaled, scale=scale, held_out=held_out, history=tuple(history))
    parts = [
        outputs(method, parameters, center, x[i : i + 1024]) for i in range(0, x.shape[0], 1024)
    ]
    codes, rates, expected = (np.concatenate(each) for each in zip(*parts, strict=True))
    return DenoisedCounts(method, rates * scale, expected * scale, codes, denoiser)


class _Split:
    """The counts in two independent parts, and what methods are fitted to and chosen by."""

    def __init__(self, x: Sparse, fraction: float, dispersion: Any, seed: int) -> None:
        rng = np.random.default_rng(seed)
        if dispersion is None:
            few = rng.permutation(x.shape[0])[:_MOST_CELLS]
            components = min(4, min(x.shape) - 1, len(few) - 1)
            dispersion = np.zeros(x.shape[1])
            if components > 0:
                dispersion = estimate_dispersion(x[few].toarray(), components=components)
        self.dispersion = np.broadcast_to(np.asarray(dispersion, np.float64), x.shape[1])
        alpha = np.maximum(self.dispersion[x.indices], 1e-9)
        probability = rng.beta(fraction / alpha, (1 - fraction) / alpha)
        self.learn, self.rest = split_counts(x, probability, rng)
        self.fraction = fraction
        self.center = np.asarray(
            log_counts(self.learn, exposures(self.learn)).mean(axis=0), np.float64
        )
        rows = rng.permutation(x.shape[0])[: _MOST_CELLS // 2]
        self.shown = self.learn[rows]
        self.counts = self.shown.toarray()
        self.target = self.rest[rows].toarray() * fraction / (1 - fraction)
        # The unit of relative_error; a gene without a count has none.
        total = self.counts.sum(axis=0)
        size = exposures(self.shown)
        self.totals = total.astype(np.float64)
        self.weights = (
            np.divide(size.sum(), total, out=np.zeros(len(total)), where=total > 0) / size
        )
        self.counted = max(int((total > 0).sum()) * len(rows), 1)

    def score(self, method: str, parameters: Any) -> float:
        """Relative error of the expected counts to the held-out ones, as :func:`relative_error`."""
        expected = outputs(method, parameters, self.center, self.shown)[2]
        sums = expected.sum(axis=0)
        expected *= np.divide(self.totals, sums, out=np.zeros_like(sums), where=sums > 0)
        return float(np.vdot(self.weights, (expected - self.target) ** 2) / self.counted)

    def best_pca(self, most: int) -> tuple[int, dict[str, float]]:
        """The number of components with the least held-out error; and that of the gene mean."""
        flat = {"mean": np.ones(self.counts.shape[1])}
        scores = {"gene mean": self.score("gene mean", flat)}
        sizes = [size for size in _SIZES if size <= most]
        axes = leading_axes(covariances(log_counts(self.learn, exposures(self.learn))), sizes[-1])
        errors = {size: self.score("pca", {"axes": axes[:, :size]}) for size in sizes}
        best = min(errors, key=errors.__getitem__)
        return best, scores | {"pca": errors[best]}

    def start(
        self, method: str, latent: int, hidden: int, rng: np.random.Generator
    ) -> dict[str, Float[np.ndarray, " ..."]]:
        """A linear network: principal axes of one half of the counts, fitted to the other half."""
        cells, genes = self.learn.shape
        seen, target = halve_counts(self.learn, rng)
        inputs = log_counts(seen, exposures(seen))
        axes = leading_axes(covariances(inputs), latent)
        # Mean log counts depend on the depth: each depth is centered by its own.
        self.half_center = np.asarray(inputs.mean(axis=0))
        codes = inputs @ axes - np.asarray(inputs.mean(axis=0)) @ axes
        spread = np.maximum(codes.std(axis=0), 1e-6)
        codes /= spread
        values = log_counts(target, exposures(target)).astype(np.float64)
        total = np.maximum(np.asarray(self.learn.sum(axis=0), np.float64), 0.5)
        bias = np.log(total / exposures(self.learn).sum())
        if method != "squared error":
            values.data = target.data / np.repeat(exposures(target)[:, 0], np.diff(target.indptr))
        mean = np.asarray(values.mean(axis=0))
        decoder = np.asarray((values.T @ codes).T) / cells  # codes are centered, of variance 1
        if method == "squared error":
            bias = self.center
        else:  # the slope of a logarithm, to first order
            decoder = np.clip(decoder / np.maximum(mean, 1e-9), -2.0, 2.0)
        parameters = _network.initial_parameters(
            axes / spread, decoder, bias, hidden=hidden, rng=rng
        )
        if method in ("negative binomial", "zero-inflated"):
            alpha = np.maximum(self.dispersion / self.fraction, 0.01)
            parameters["log_theta"] = -np.log(alpha)
        if method == "zero-inflated":
            parameters |= {"dropout": np.zeros((latent, genes)), "dropout_bias": self._dropout()}
        return parameters

    def _dropout(self) -> Float[np.ndarray, " genes"]:
        """Logit of the zeros of each gene beyond those that its mean and dispersion explain."""
        alpha = np.maximum(self.dispersion / self.fraction, 0.01)
        mean = exposures(self.shown) * (self.counts.sum(axis=0) / exposures(self.shown).sum())
        explained = ((1 + alpha * mean) ** (-1 / alpha)).mean(axis=0)
        excess = (np.mean(self.counts == 0, axis=0) - explained) / np.maximum(1 - explained, 1e-9)
        probability = np.clip(excess, 0.01, 0.5)
        return np.log(probability / (1 - probability))


def _steps(cells: int) -> int:
    """Enough to see every cell a few times, and 200 for a small table."""
    return min(max(200, cells // 20), 2000)


def _warn_if_beaten(method: str, held_out: dict[str, float]) -> None:
    """Say so where the network was not worth its training."""
    rival = min(("gene mean", "pca"), key=held_out.__getitem__)
    if held_out[method] >= held_out[rival]:
        warnings.warn(
            f"on held-out counts the {method} network has a relative error of "
            f"{held_out[method]:.4g}, {rival!r} {held_out[rival]:.4g}: take method={rival!r}, or "
            "more cells, or fewer genes, or another latent, steps or learning_rate",
            stacklevel=3,
        )

"""A fitted denoiser: codes and rates of any cells with the same genes."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from aelib import _storage
from aelib.denoising import _network
from aelib.denoising._matrix import Sparse, exposures, log_counts, sparse_counts

_PREFIX = "parameters."
_CHUNK = 1024
_LEAST = 1e-6  # a gene whose logs say 0 for every cell gets the gene mean when it is scaled


@dataclasses.dataclass(frozen=True)
class Denoiser:
    """What :func:`denoise` has fitted. It takes new cells, and can be saved.

    Attributes:
        method: how it was fitted.
        center: mean log-normalized count of each gene, subtracted from what the encoder sees.
        scale: a factor for the rates of each gene, with which over the cells of the fit the
            expected counts add up to the counts; 0 for a gene that was never counted.
        parameters: axes or weights.
        held_out: :func:`relative_error` to held-out counts of this method, of ``"gene mean"`` and
            of ``"pca"`` of the best size; empty for methods that are not trained.
        history: pairs (training step, held-out error); empty without a network.

    Example:
        >>> import numpy as np
        >>> from aelib import denoising
        >>> counts = np.random.default_rng(0).poisson(3.0, size=(20, 5))
        >>> denoiser = denoising.denoise(counts, "pca", latent=1).denoiser
        >>> denoiser.rates(counts[:2]).shape, denoiser.codes(counts[:2]).shape
        ((2, 5), (2, 1))
    """

    method: str
    center: Float[np.ndarray, " genes"]
    scale: Float[np.ndarray, " genes"]
    parameters: dict[str, Float[np.ndarray, " ..."]]
    held_out: dict[str, float] = dataclasses.field(default_factory=dict)
    history: tuple[tuple[int, float], ...] = ()

    def codes(self, counts: Int[ArrayLike, "cells genes"]) -> Float[np.ndarray, "cells latent"]:
        """Codes of cells, without gradient steps.

        Args:
            counts: counts of the genes of the fit, dense or sparse.

        Returns:
            A row for each cell; no columns for a method without a code.

        Raises:
            ValueError: if these are not counts of as many genes.
        """
        return np.concatenate([codes for codes, _, _ in self._chunks(counts)])

    def rates(self, counts: Int[ArrayLike, "cells genes"]) -> Float[np.ndarray, "cells genes"]:
        """Estimated means of the counts, before dropout; see :class:`DenoisedCounts`.

        Args:
            counts: counts of the genes of the fit, dense or sparse. The result is dense: give a
                large matrix in parts.

        Returns:
            Rates in the shape of ``counts``.

        Raises:
            ValueError: if these are not counts of as many genes.
        """
        return np.concatenate([rates for _, rates, _ in self._chunks(counts)])

    def expected(self, counts: Int[ArrayLike, "cells genes"]) -> Float[np.ndarray, "cells genes"]:
        """Estimated means of the counts, after dropout.

        Args:
            counts: see :meth:`rates`.

        Returns:
            Expected counts in the shape of ``counts``.

        Raises:
            ValueError: if these are not counts of as many genes.
        """
        return np.concatenate([expected for _, _, expected in self._chunks(counts)])

    @property
    def dispersion(self) -> Float[np.ndarray, " genes"] | None:
        """Dispersion of each gene in the likelihood; None where it has none."""
        log_theta = self.parameters.get("log_theta")
        return None if log_theta is None else np.exp(-log_theta)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file in the safetensors format, which holds no code.

        Args:
            path: where to.
        """
        tensors = {f"{_PREFIX}{name}": value for name, value in self.parameters.items()}
        tensors |= {"center": self.center, "scale": self.scale}
        about = {"method": self.method, "held_out": self.held_out, "history": self.history}
        _storage.write(path, "denoiser", about, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Denoiser:
        """Read what :meth:`save` has written.

        Args:
            path: the file.

        Returns:
            The denoiser, with the same answers bit for bit.

        Raises:
            ValueError: if it is damaged, or of another kind.
        """
        _, about, tensors = _storage.read(path, "denoiser")
        parameters = {n.removeprefix(_PREFIX): v for n, v in tensors.items() if _PREFIX in n}
        return cls(
            about["method"],
            tensors["center"],
            tensors["scale"],
            parameters,
            about["held_out"],
            tuple((int(step), float(error)) for step, error in about["history"]),
        )

    def _chunks(self, counts: Any) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        matrix = sparse_counts("counts", counts)
        if matrix.shape[1] != len(self.center):
            raise ValueError(
                f"counts: expected {len(self.center)} genes, as in the fit, got {matrix.shape[1]}"
            )
        for start in range(0, matrix.shape[0], _CHUNK):
            codes, rates, expected = outputs(
                self.method, self.parameters, self.center, matrix[start : start + _CHUNK]
            )
            yield codes, rates * self.scale, expected * self.scale


def outputs(
    method: str, parameters: Any, center: Float[np.ndarray, " genes"], counts: Sparse
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, rates and expected counts of some cells, before they are scaled."""
    exposure = exposures(counts)
    if method in ("nothing", "gene mean"):
        flat = counts.toarray() if method == "nothing" else exposure * parameters["mean"]
        rates = flat.astype(np.float64)
        return np.zeros((len(rates), 0)), rates, rates
    inputs = log_counts(counts, exposure).toarray() - center
    if method == "pca":
        codes = inputs @ parameters["axes"]
        logs = codes @ parameters["axes"].T + center
        rates = np.maximum(np.expm1(logs), _LEAST) * exposure
        return codes, rates, rates
    found = _forward(parameters, np.asarray(inputs, np.float32), method == "zero-inflated")
    codes, logs, logits = (np.asarray(each, np.float64) for each in found)
    if method == "squared error":
        rates = np.maximum(np.expm1(logs), _LEAST) * exposure
        return codes, rates, rates
    rates = np.exp(logs) * exposure
    return codes, rates, rates / (1 + np.exp(logits)) if method == "zero-inflated" else rates


@functools.partial(jax.jit, static_argnums=2)
def _forward(parameters: Any, inputs: Any, dropout: bool) -> Any:
    codes = _network.encode(parameters, inputs)
    logits = _network.zero_logits(parameters, codes) if dropout else 0.0
    return codes, _network.decode(parameters, codes), logits

"""Rate and distortion of a quantized code, both on examples that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_matrix
from aelib.lab.rate_distortion._code_model import CodeModel
from aelib.lab.rate_distortion._quantizer import Quantizer


@dataclass(frozen=True)
class RateCurve:
    """Operating points of one code at several steps of its quantizer.

    Attributes:
        steps: the steps, [m].
        rates: held-out code length, nats per example, [m].
        distortions: mean squared error of the reconstructions from quantized codes, [m].
    """

    steps: NDArray[np.float64]
    rates: NDArray[np.float64]
    distortions: NDArray[np.float64]

    @property
    def bits(self) -> NDArray[np.float64]:
        """The rates in bits per example, [m]."""
        return self.rates / np.log(2)


def rate_curve(
    codes: Float[ArrayLike, "n k"],
    held_out_codes: Float[ArrayLike, "m k"],
    decode: Callable[[Float[np.ndarray, "m k"]], Float[ArrayLike, "m d"]],
    held_out: Float[ArrayLike, "m d"],
    steps: Iterable[float],
    *,
    density: str = "logistic",
) -> RateCurve:
    """Measure the rate of a code when it is quantized, and the distortion that is left.

    At each step the code model is fitted to the quantized training codes, and rate and distortion
    are measured on held-out examples. The rate takes coordinates as independent, as they nearly are
    for principal components; a model that knows their dependence could only lower it.

    Args:
        codes: of training examples.
        held_out_codes: of held-out examples.
        decode: from codes [m, k] to reconstructions [m, d].
        held_out: the held-out examples.
        steps: of the quantizer.
        density: see :meth:`CodeModel.fit`.

    Raises:
        ValueError: if the shapes do not fit or a step is not above 0.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(20000, 1))
        >>> train, test = x[:10000], x[10000:]
        >>> fine = rate_curve(train, test, lambda z: z, test, [0.1], density="gaussian")
        >>> gap = fine.rates[0] + 0.5 * np.log(fine.distortions[0])  # R(D) is minus half ln D
        >>> bool(abs(gap - 0.1765) < 0.02)
        True
    """
    known = check_matrix("codes", codes)
    new = check_matrix("held_out_codes", held_out_codes, columns=known.shape[1])
    examples = check_matrix("held_out", held_out)
    if len(examples) != len(new):
        raise ValueError(
            f"held_out: expected {len(new)} rows, one for each code, got {len(examples)}"
        )
    grid = np.array([float(step) for step in steps])
    rates, distortions = [], []
    for step in grid:
        quantizer = Quantizer.fit(known, step)
        cells = quantizer.quantize(new)
        model = CodeModel.fit(quantizer.quantize(known), density=density)
        rates.append(model.code_length(cells).mean())
        outputs = np.asarray(decode(quantizer.dequantize(cells)), np.float64)
        if outputs.shape != examples.shape:
            raise ValueError(f"decode: expected shape {examples.shape}, got {outputs.shape}")
        distortions.append(((examples - outputs) ** 2).sum(axis=1).mean())
    return RateCurve(grid, np.array(rates), np.array(distortions))

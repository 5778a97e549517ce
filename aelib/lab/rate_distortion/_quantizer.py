"""From real codes to whole numbers and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_matrix, check_number, require_all

#: 1/2 ln(2 pi e / 12) nats, about 0.254 bits: what a uniform scalar quantizer with an ideal entropy
#: code pays per number, at high rate, above the rate-distortion function of a Gaussian.
SCALAR_GAP = float(0.5 * np.log(2 * np.pi * np.e / 12))


@dataclass(frozen=True)
class Quantizer:
    """Rounds each number of a code to a grid of one step.

    One step for all coordinates is not a crude choice. A coordinate whose spread is well below
    the step is always rounded to the same cell and costs nothing: reverse water-filling, with the
    water at about step² / 12.

    Attributes:
        step: width of a cell.
        center: middle of cell 0, [k].

    Example:
        >>> import numpy as np
        >>> quantizer = Quantizer(0.5, np.zeros(2))
        >>> quantizer.quantize([[0.6, -0.1]])
        array([[1, 0]])
        >>> quantizer.dequantize([[1, 0]])
        array([[0.5, 0. ]])
    """

    step: float
    center: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the step.

        Raises:
            ValueError: if it is not a finite number above 0.
        """
        check_number("step", self.step, above=0)
        check_array("center", self.center, shape=("k",))

    @classmethod
    def fit(cls, codes: Float[ArrayLike, "n k"], step: float) -> Quantizer:
        """A grid with the mean of these codes in the middle of a cell."""
        return cls(check_number("step", step, above=0), check_matrix("codes", codes).mean(axis=0))

    def quantize(self, codes: Float[ArrayLike, "n k"]) -> Int[np.ndarray, "n k"]:
        """The cell of each number.

        Raises:
            ValueError: if the codes are not finite, or the step is so small that cells have
                numbers that are no longer exact.
        """
        matrix = check_matrix("codes", codes, columns=len(self.center))
        cells = np.rint((matrix - self.center) / self.step)
        if np.abs(cells).max() >= 2**53:
            raise ValueError(f"step: expected cells numbered below 2**53, got step {self.step:g}")
        return cells.astype(np.int64)

    def dequantize(self, indices: Int[ArrayLike, "n k"]) -> Float[np.ndarray, "n k"]:
        """The middles of cells."""
        cells = check_array("indices", indices, shape=("n", len(self.center)))
        require_all("indices", cells, cells == np.rint(cells), "whole numbers")
        return cells * self.step + self.center

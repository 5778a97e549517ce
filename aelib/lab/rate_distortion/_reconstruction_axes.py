"""Other coordinates for a code: the same reconstructions, fewer bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_matrix


@dataclass(frozen=True)
class ReconstructionAxes:
    """Coordinates of a code that are uncorrelated and sorted by their effect on reconstructions.

    A rotation or a change of units of the code can be undone by the decoder, so training says
    nothing about it; the bits of a quantized code depend on it. In these coordinates a step along
    any axis moves the reconstruction about as far, and the first moves most examples furthest, as
    with principal components: exactly if the decoder is affine, else as far as an affine map can
    tell.

    Attributes:
        mean: of the codes, [k].
        axes: from a centered code to its coordinates, [k, m]; m is k unless some direction of the
            code changes no reconstruction.
        inverse: from coordinates to a centered code, [m, k].
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    inverse: NDArray[np.float64]

    @classmethod
    def fit(
        cls, codes: Float[ArrayLike, "n k"], reconstructions: Float[ArrayLike, "n d"]
    ) -> ReconstructionAxes:
        """Find the principal axes of reconstructions, as far as they are affine in the code.

        Args:
            codes: more of them than they have numbers.
            reconstructions: what the decoder makes of them.

        Raises:
            ValueError: if the shapes do not fit, or the reconstructions do not depend on the codes.

        Example:
            >>> import numpy as np
            >>> z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
            >>> reconstructions = z @ [[1.0, 1.0], [5.0, -5.0]]  # the second does more
            >>> axes = ReconstructionAxes.fit(z, reconstructions)
            >>> np.ptp(axes.transform(z), axis=0).round(3)
            array([7.071, 1.414])
        """
        known = check_matrix("codes", codes)
        outputs = check_matrix("reconstructions", reconstructions)
        if len(outputs) != len(known):
            raise ValueError(
                f"reconstructions: expected {len(known)} rows, one for each code, got "
                f"{len(outputs)}"
            )
        if len(known) <= known.shape[1]:
            raise ValueError(
                f"codes: expected more rows than the {known.shape[1]} columns, got {len(known)}"
            )
        mean = known.mean(axis=0)
        effect = np.linalg.lstsq(known - mean, outputs - outputs.mean(axis=0), rcond=None)[0]
        # The affine part of the reconstructions, in as many coordinates as the code has.
        flat = np.linalg.qr(effect.T)[1].T
        _, sizes, directions = np.linalg.svd((known - mean) @ flat, full_matrices=False)
        used = sizes > len(known) * np.finfo(float).eps * sizes[0]
        if not used.any():
            raise ValueError("reconstructions: expected them to depend on the codes, all are alike")
        axes = flat @ directions[used].T
        return cls(mean, axes, np.linalg.pinv(axes))

    def transform(self, codes: Float[ArrayLike, "n k"]) -> Float[np.ndarray, "n m"]:
        """Coordinates of codes."""
        return (check_matrix("codes", codes, columns=len(self.mean)) - self.mean) @ self.axes

    def inverse_transform(self, coordinates: Float[ArrayLike, "n m"]) -> Float[np.ndarray, "n k"]:
        """Codes of coordinates."""
        known = check_matrix("coordinates", coordinates, columns=len(self.inverse))
        return known @ self.inverse + self.mean

"""Other coordinates for a code: the same drawings, fewer bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aelib._checks import check_matrix
from aelib.lab.rate_distortion._checks import Array, check_columns


@dataclass(frozen=True)
class DrawnAxes:
    """Coordinates in which the numbers of a code are uncorrelated and sorted by what they draw.

    A rotation or a change of units of the code can be undone by the decoder, so training says
    nothing about it; the bits of a quantised code depend on it. In these coordinates a step along
    any axis moves the drawing about as far, and the first moves most items furthest, as with
    principal components: exactly if the decoder is affine, else as far as an affine map can tell.

    Attributes:
        centre: mean of the codes, [k].
        axes: from a centred code to its coordinates, [k, m]; m is k unless some direction of the
            code draws nothing.
        back: from coordinates to a centred code, [m, k].
    """

    centre: Array
    axes: Array
    back: Array

    @classmethod
    def fit(cls, codes: ArrayLike, drawings: ArrayLike) -> DrawnAxes:
        """Find the principal axes of the drawings, as far as they are affine in the code.

        Args:
            codes: [n, k], with n > k.
            drawings: what the decoder makes of them, [n, d].

        Raises:
            ValueError: if the shapes do not fit, or the drawings do not depend on the codes.

        >>> z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> axes = DrawnAxes.fit(z, z @ [[1.0, 1.0], [5.0, -5.0]])  # the second draws more
        >>> np.ptp(axes.turn(z), axis=0).round(3)
        array([7.071, 1.414])
        """
        known = check_matrix("codes", codes)
        drawn = check_matrix("drawings", drawings)
        if len(drawn) != len(known):
            raise ValueError(
                f"drawings: expected {len(known)} rows, one for each code, got {len(drawn)}"
            )
        if len(known) <= known.shape[1]:
            raise ValueError(
                f"codes: expected more rows than the {known.shape[1]} columns, got {len(known)}"
            )
        centre = known.mean(axis=0)
        effect = np.linalg.lstsq(known - centre, drawn - drawn.mean(axis=0), rcond=None)[0]
        # The affine part of the drawings, in as many coordinates as the code has.
        flat = np.linalg.qr(effect.T)[1].T
        _, sizes, directions = np.linalg.svd((known - centre) @ flat, full_matrices=False)
        used = sizes > len(known) * np.finfo(float).eps * sizes[0]
        if not used.any():
            raise ValueError("drawings: expected them to depend on the codes, they are all alike")
        axes = flat @ directions[used].T
        return cls(centre, axes, np.linalg.pinv(axes))

    def turn(self, codes: ArrayLike) -> Array:
        """Coordinates of codes, [n, k] -> [n, m]."""
        return (check_columns("codes", codes, len(self.centre)) - self.centre) @ self.axes

    def undo(self, coordinates: ArrayLike) -> Array:
        """Codes of coordinates, [n, m] -> [n, k]."""
        return check_columns("coordinates", coordinates, len(self.back)) @ self.back + self.centre

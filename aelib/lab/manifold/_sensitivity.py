"""The Jacobian of a code, split along and off given tangents."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array
from aelib.models import Autoencoder


class Sensitivity(NamedTuple):
    r"""How much codes move for one unit of movement of the example, at each example.

    Attributes:
        along: root mean square over directions of the tangent space, [n].
        off: root mean square over directions at right angles to it, [n].
        spectrum: singular values of the Jacobian, largest first, [n, k].
    """

    along: NDArray[np.float64]
    off: NDArray[np.float64]
    spectrum: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """``along / off``: does not change when codes are rescaled, turned or reflected."""
        return self.along / self.off

    @property
    def directions(self) -> NDArray[np.float64]:
        r"""How many directions change the code, :math:`(\sum s^2)^2 / \sum s^4`, [n].

        The participation ratio: m for m equal singular values and zeros, whatever their size.
        """
        squares = self.spectrum**2
        return np.asarray(squares.sum(axis=1) ** 2 / (squares**2).sum(axis=1))


def jacobians(model: Autoencoder, x: Float[Array, "n d"]) -> Float[Array, "n k d"]:
    r"""The Jacobian :math:`\partial z / \partial x` of a model's codes at each example.

    Args:
        model: with ``encode``, [batch, d] -> [batch, k].
        x: examples.

    Returns:
        Pure, so that ``SweepResult.map`` takes the function.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> import aelib
        >>> model = aelib.models.linear(4, 2, rngs=nnx.Rngs(0))
        >>> jacobians(model, jnp.zeros((3, 4))).shape
        (3, 2, 4)
    """
    return jax.vmap(jax.jacrev(lambda one: model.encode(one[None])[0]))(x)


def sensitivity(
    jacobian: Float[ArrayLike, "n k d"], tangents: Float[ArrayLike, "n m d"]
) -> Sensitivity:
    r"""Split Jacobians along and off the tangents.

    With an orthonormal basis Q of the m tangents, the mean square along is
    :math:`\lVert J Q\rVert_F^2 / m`, and off them
    :math:`(\lVert J\rVert_F^2 - \lVert J Q\rVert_F^2) / (d - m)`.

    Args:
        jacobian: of the code, at each example.
        tangents: m independent directions at each example, of any length and angle; m < d.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> found = sensitivity(np.diag([3.0, 1.0, 1.0])[None], np.array([[[2.0, 0.0, 0.0]]]))
        >>> found.along, found.off, found.ratio
        (array([3.]), array([1.]), array([3.]))
    """
    jacobian = check_array("jacobian", jacobian, shape=("n", "k", "d")).astype(np.float64)
    n, _, dimension = jacobian.shape
    tangents = check_array("tangents", tangents, shape=(n, "m", dimension)).astype(np.float64)
    count = tangents.shape[1]
    if count >= dimension:
        raise ValueError(f"tangents: expected fewer than {dimension} at each example, got {count}")
    basis = np.linalg.qr(np.swapaxes(tangents, 1, 2))[0]
    along = ((jacobian @ basis) ** 2).sum(axis=(1, 2))
    across = jacobian - (jacobian @ basis) @ np.swapaxes(basis, 1, 2)
    off = (across**2).sum(axis=(1, 2))
    # Of J J', which is small; squares lose the digits of what is tiny, and nothing else.
    squares = np.linalg.eigvalsh(jacobian @ np.swapaxes(jacobian, 1, 2))[:, ::-1]
    return Sensitivity(
        np.sqrt(along / count),
        np.sqrt(off / (dimension - count)),
        np.sqrt(np.maximum(squares, 0.0)),
    )

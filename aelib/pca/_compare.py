"""A trained linear autoencoder, compared with the PCA of its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float, Real
from numpy.typing import NDArray

from aelib._checks import check_callable, check_count, check_matrix
from aelib.pca._affine import Affine, Function, call, check_affine, linearize
from aelib.pca._angles import principal_angles, unit_roundoff
from aelib.pca._optimum import Spectrum, complete_spectrum, excess_parts
from aelib.pca._scatter import orient, scatter_of_matrix

Matrix = NDArray[np.float64]

_ROWS_CHECKED = 64


@dataclass(frozen=True)
class LinearComparison:
    """What :func:`compare` found; losses are mean squared errors per example, summed over d.

    Attributes:
        num_components: width of the code, k.
        angles: principal angles between the decoder's column space and the span of the first
            k principal axes, radians, ascending, [rank].
        optimal_loss: the loss of PCA, which no affine map through k numbers can beat.
        subspace_excess: what the wrong subspace costs beyond it.
        projection_excess: what it costs not to project orthogonally onto the subspace.
        offset_excess: what it costs that the mean is not reconstructed.
        decoder_cosines: abs(cos) between the i-th left singular vector of the decoder and the
            i-th principal axis, [rank].
        recovered_axes: principal axes of the reconstructions, as rows, [rank, d].
        recovered_cosines: abs(cos) between these and the principal axes, [rank].
        decoder_singular_values: of the decoder's weights, descending, [rank].
        encoder_gram: :math:`E E^T` for encoder weights E, [k, k]; the identity where the
            encoder's rows are orthonormal. None for a map without a known encoder.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.random.default_rng(0).normal(size=(50, 3)) * np.array([3.0, 2.0, 1.0])
        >>> found = pca.compare(pca.fit(x[:25], 2), x)  # axes from half of the data
        >>> found.angles.shape, bool(found.excess_loss > 0)
        ((2,), True)
    """

    num_components: int
    angles: Float[np.ndarray, " rank"]
    optimal_loss: float
    subspace_excess: float
    projection_excess: float
    offset_excess: float
    decoder_cosines: Float[np.ndarray, " rank"]
    recovered_axes: Float[np.ndarray, "rank d"]
    recovered_cosines: Float[np.ndarray, " rank"]
    decoder_singular_values: Float[np.ndarray, " rank"]
    encoder_gram: Float[np.ndarray, "k k"] | None

    @property
    def largest_angle(self) -> float:
        """The largest principal angle; a right angle where the decoder has too few columns."""
        if len(self.angles) < self.num_components:
            return float(np.pi / 2)
        return float(self.angles[-1])

    @property
    def excess_loss(self) -> float:
        """Loss beyond the PCA optimum."""
        return self.subspace_excess + self.projection_excess + self.offset_excess

    @property
    def relative_excess_loss(self) -> float:
        """Excess over optimal loss; infinite or NaN where PCA reconstructs without error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.divide(self.excess_loss, self.optimal_loss))

    @property
    def loss(self) -> float:
        """Mean over examples of the model's summed squared error."""
        return self.optimal_loss + self.excess_loss

    @property
    def orthonormality_error(self) -> float:
        """Largest entry of :math:`|E E^T - I|`; NaN without a known encoder."""
        if self.encoder_gram is None:
            return float("nan")
        return float(np.abs(self.encoder_gram - np.eye(len(self.encoder_gram))).max())


def compare(
    model: Callable[[Array], Array],
    x: Real[ArrayLike, "n d"],
    *,
    num_components: int | None = None,
) -> LinearComparison:
    r"""Compare an affine autoencoder with the PCA of the same data.

    The weights are read off in the model's own precision, and everything after is float64 on the
    host. The excess loss is a sum of squares, not a difference of two losses, so that it resolves
    far below :math:`10^{-15}` of the optimum.

    Args:
        model: a linear or tied autoencoder with ``encode`` and ``decode``, or any affine
            callable from [n, d] to [n, d].
        x: data, [n, d]. It is not centered for the model: a model without a bias is
            taken as it is.
        num_components: width of the code, k. Read off an autoencoder; of a bare callable, the
            rank of its matrix unless given.

    Returns:
        The :class:`LinearComparison`.

    Raises:
        TypeError: if ``model`` is not callable or ``x`` does not hold real numbers.
        ValueError: if ``x`` is not a finite matrix, the model does not map it to its own shape,
            or is not affine.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.random.default_rng(0).normal(size=(50, 4)) * np.array([4.0, 3.0, 2.0, 1.0])
        >>> result = pca.compare(pca.fit(x, 2), x)
        >>> result.largest_angle < 1e-14, result.relative_excess_loss < 1e-28
        (True, True)
    """
    check_callable("model", model, "x")
    matrix = check_matrix("x", x)
    dtype = np.float32 if np.asarray(x).dtype == np.float32 else np.float64
    encoder, decoder = _parts(model, matrix, dtype)
    offset = decoder(encoder.offset[None])[0]
    k = decoder.matrix.shape[1] if num_components is None else num_components
    k = check_count("num_components", k, at_most=matrix.shape[1])
    left, values, right = np.linalg.svd(decoder.matrix, full_matrices=False)
    rank = int((values > _threshold(values, matrix.shape[1], model, dtype)).sum())
    if rank > k:
        raise ValueError(
            f"num_components: expected at least the rank of the model, {rank}, got {k}"
        )
    basis = left[:, :rank]
    map_in_basis = (values[:rank, None] * right[:rank]) @ encoder.matrix
    spectrum = complete_spectrum(scatter_of_matrix(matrix))
    top = spectrum.axes[:k]
    axes = basis @ _axes_of_output(map_in_basis, spectrum)
    excess = excess_parts(spectrum, basis, map_in_basis, offset, k)
    return LinearComparison(
        num_components=k,
        angles=principal_angles(basis, top.T) if rank else np.zeros(0),
        optimal_loss=float(spectrum.variances[k:].sum()),
        subspace_excess=excess.subspace,
        projection_excess=excess.projection,
        offset_excess=excess.offset,
        decoder_cosines=np.abs((basis.T * top[:rank]).sum(axis=1)),
        recovered_axes=orient(axes.T),
        recovered_cosines=np.abs((axes.T * top[:rank]).sum(axis=1)),
        decoder_singular_values=values[:rank],
        encoder_gram=encoder.matrix @ encoder.matrix.T if hasattr(model, "encode") else None,
    )


def _parts(model: Function, matrix: Matrix, dtype: DTypeLike) -> tuple[Affine, Affine]:
    """Return encoder and decoder; of a bare callable, a factorization of its matrix."""
    num_features = matrix.shape[1]
    if hasattr(model, "encode") and hasattr(model, "decode"):
        encoder = linearize("model.encode", model.encode, num_features, dtype)
        decoder = linearize("model.decode", model.decode, len(encoder.offset), dtype)
        whole = Affine(decoder.matrix @ encoder.matrix, decoder(encoder.offset[None])[0])
    else:
        whole = linearize("model", model, num_features, dtype)
        identity = Affine(np.eye(num_features), np.zeros(num_features))
        encoder, decoder = identity, whole
    if whole.matrix.shape != (num_features, num_features):
        raise ValueError(
            f"model: expected outputs of the shape of x, [n, {num_features}], "
            f"got [n, {whole.matrix.shape[0]}]"
        )
    rows = matrix[:: -(-len(matrix) // _ROWS_CHECKED)]
    check_affine("model", model, whole, rows, dtype)
    if not hasattr(model, "encode"):
        left, values, right = np.linalg.svd(whole.matrix)
        rank = max(1, int((values > _threshold(values, num_features, model, dtype)).sum()))
        encoder = Affine(right[:rank], np.zeros(rank))
        decoder = Affine(left[:, :rank] * values[:rank], whole.offset)
    return encoder, decoder


def _threshold(values: Matrix, size: int, model: Function, dtype: DTypeLike) -> float:
    """Singular values up to this are rounding, in the precision of the model's outputs."""
    output = np.asarray(call(model, np.zeros((1, size), dtype)))
    return float(values[0] * size * unit_roundoff(output))


def _axes_of_output(map_in_basis: Matrix, spectrum: Spectrum) -> Matrix:
    """Return the principal axes of the reconstructions as columns in the basis, [rank, rank].

    The reconstructions are :math:`Q T x_i` up to a shift, so theirs are the left singular
    vectors of :math:`T C^{1/2}`.
    """
    root = spectrum.axes.T * np.sqrt(spectrum.variances)
    return np.linalg.svd(map_in_basis @ root, full_matrices=False)[0]

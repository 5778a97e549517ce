"""Principal component analysis of a data matrix."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float, Real
from numpy.typing import DTypeLike, NDArray

from aelib import _storage
from aelib._checks import check_array, check_choice, check_count, check_matrix
from aelib.pca._leading import largest_of, leading
from aelib.pca._products import products_of_batches
from aelib.pca._scatter import (
    Scatter,
    covariance_axes,
    orient,
    scatter_of_batches,
    scatter_of_matrix,
)

Array = jax.Array | np.ndarray  # whichever the data was
_ARRAYS = ("mean", "components", "explained_variance", "total_variance")

_SMALL = 1e7  # multiplications; the exact road then takes no longer than the other


@dataclass(frozen=True)
class PCA:
    """The best affine map through k numbers, in the sense of squared error.

    Attributes:
        mean: mean of the data, [d].
        components: principal axes as rows, orthonormal, by falling variance, [k, d]. The sign
            of each makes its entry of largest size positive; of entries within a hundredth of
            that, the first.
        explained_variance: variance of the data along each kept axis, [k], with divisor n - 1.
        total_variance: the variance of the data in all directions together, [].
        num_examples: number of rows the fit has seen, n.
        spectrum: variances along *all* principal axes, [min(n, d)], where they were asked for;
            otherwise None.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> model = pca.fit(np.array([[1.0, 0.0], [2.0, 0.0], [6.0, 0.0]]), 1)
        >>> model.mean, model.components, model.explained_variance
        (array([3., 0.]), array([[1., 0.]]), array([7.]))
    """

    mean: Float[Array, " d"]
    components: Float[Array, "k d"]
    explained_variance: Float[Array, " k"]
    total_variance: Float[Array, ""]
    num_examples: int
    spectrum: Float[Array, " m"] | None = None

    @property
    def basis(self) -> Float[Array, "d k"]:
        """The principal axes as columns, [d, k]."""
        return self.components.T

    @property
    def num_components(self) -> int:
        """Number of kept axes, k."""
        return self.components.shape[0]

    @property
    def explained_variance_ratio(self) -> Float[Array, " k"]:
        """Fraction of the total variance along each kept axis, [k]."""
        return self.explained_variance / self.total_variance

    def transform(self, x: Real[ArrayLike, "*n d"]) -> Float[Array, "*n k"]:
        """Return the codes of ``x``: its coordinates along the axes, [..., d] to [..., k]."""
        return _product(self._features(x, self.mean.shape[0], "x") - self.mean, self.basis)

    def inverse_transform(self, codes: Real[ArrayLike, "*n k"]) -> Float[Array, "*n d"]:
        """Return the points whose codes these are, [..., k] to [..., d]."""
        codes = self._features(codes, self.num_components, "codes")
        return _product(codes, self.components) + self.mean

    def __call__(self, x: Real[ArrayLike, "*n d"]) -> Float[Array, "*n d"]:
        """Return the reconstructions of ``x``: the nearest points with a code, [..., d]."""
        return self.inverse_transform(self.transform(x))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a safetensors file, which :meth:`load` reads; a file there is replaced."""
        names = _ARRAYS if self.spectrum is None else (*_ARRAYS, "spectrum")
        arrays = {name: np.asarray(getattr(self, name)) for name in names}
        about = {"num_examples": self.num_examples, "jax": isinstance(self.mean, jax.Array)}
        _storage.write(path, "pca", about, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PCA:
        """Read what :meth:`save` wrote, into NumPy's arrays or JAX's, whichever they were.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is damaged, of another kind, does not hold a PCA, or was in JAX's
                float64 and x64 is off.
        """
        path, about, tensors = _storage.read(path, "pca")
        shapes = {name: array.shape for name, array in tensors.items()}
        d, k = shapes.get("mean", (0,))[0], shapes.get("components", (0,))[0]
        expected = {
            "mean": (d,),
            "components": (k, d),
            "explained_variance": (k,),
            "total_variance": (),
        }
        if "spectrum" in shapes:
            expected["spectrum"] = shapes["spectrum"]
        if shapes != expected or "num_examples" not in about:
            raise ValueError(f"{path}: expected mean, components and their variances, got {shapes}")
        arrays: dict[str, Array] = dict(tensors)
        if about.get("jax"):
            arrays = {name: jnp.asarray(array) for name, array in tensors.items()}
            if arrays["mean"].dtype != tensors["mean"].dtype:
                raise ValueError(f"{path}: it is in {tensors['mean'].dtype}, which needs x64")
        return cls(**arrays, num_examples=about["num_examples"])

    def _features(self, values: ArrayLike, expected: int, name: str) -> Array:
        array = values if isinstance(values, jax.Array) else np.asarray(values)
        if array.ndim == 0 or array.shape[-1] != expected:
            raise ValueError(f"{name}: expected shape [..., {expected}], got {array.shape}")
        return array


# A pytree, so that a fitted PCA can be passed through jit and vmap like any model.
jax.tree_util.register_dataclass(
    PCA,
    data_fields=["mean", "components", "explained_variance", "total_variance", "spectrum"],
    meta_fields=["num_examples"],
)


def fit(
    x: Real[ArrayLike, "n d"],
    num_components: int,
    *,
    precision: Literal["fast", "exact"] = "fast",
    spectrum: bool = False,
) -> PCA:
    """Fit a principal component analysis.

    The subspace of the kept axes is right to 1e-4 radians and each of their variances to 1e-4 of
    itself, whatever the mean and however quiet the other directions are; most often both are a
    thousand times better. That takes a fraction of the work: products in float32, where an
    estimate of their rounding allows it, and no axis beyond those kept. (Where the last variance
    that is kept and the first that is not differ by less than 1e-9 of the largest, no such
    subspace is defined, and any of those that explain as much may be returned.)

    With ``precision="exact"`` all is computed in float64: float64 data, and any with directions of
    less than 1e-7 of the largest variance, are reduced block by block with QR, which keeps
    variances down to 1e-30 of the largest; other float32 data take the eigenvectors of their
    covariance, as good for them. Small data are treated so in any case, as it costs no more.

    All on the host, JAX arrays in, JAX arrays out; NumPy in, NumPy out; both in the dtype of ``x``
    (float32 for half precision, float64 for integers in NumPy). See :func:`fit_batches` for data
    that does not fit in memory.

    Args:
        x: data, [n, d].
        num_components: number of axes to keep, k, at most min(n, d).
        precision: ``"fast"`` or ``"exact"``, see above.
        spectrum: whether the variances along all other axes are wanted as well, as
            ``PCA.spectrum``; they take the exact computation.

    Returns:
        The fitted :class:`PCA`.

    Raises:
        TypeError: if ``x`` does not hold real numbers, or is a masked or sparse array.
        ValueError: if ``x`` is not a finite matrix of at least two rows, ``num_components``
            is out of range, or ``precision`` is neither of the two.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.array([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0], [2.0, 2.0]])
        >>> model = pca.fit(x, 1)
        >>> model.components.round(4)
        array([[0.7071, 0.7071]])
        >>> float(model.explained_variance[0].round(4))
        5.3333

    References:
        Pearson (1901); Hotelling (1933); Musco & Musco (2015), block Krylov iteration.
    """
    check_choice("precision", precision, ("fast", "exact"))
    values = check_array("x", x, shape=("n", "d"), finite=False)
    if len(values) < 2:
        raise ValueError(f"x: expected at least two rows, got shape {values.shape}")
    k = check_count("num_components", num_components, at_most=min(values.shape))
    large = values.size * min(values.shape) > _SMALL
    model = None
    if precision == "fast" and not spectrum and large:
        model = _fast(values, k)
    if model is None:
        model = _exact(values, k, spectrum)
    if isinstance(x, jax.Array):
        dtype = jnp.promote_types(jnp.promote_types(x.dtype, jnp.bfloat16), jnp.float32)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), model)
    host_dtype = _host_dtype(values.dtype)
    with np.errstate(over="ignore"):  # of numbers near float32's largest, the squares are infinite
        return jax.tree.map(lambda leaf: np.asarray(leaf, host_dtype), model)


def fit_batches(
    batches: Iterable[Real[ArrayLike, "m d"]],
    num_components: int,
    *,
    precision: Literal["fast", "exact"] = "fast",
) -> PCA:
    """Fit a principal component analysis in one pass over batches of rows.

    Memory is one batch and a [d, d] matrix, however many there are. The result does not depend on
    how the rows are batched, but for rounding.

    The products between columns are summed in float64, so that axes with more than 1e-9 of the
    largest variance are as right as :func:`fit` promises. Quieter ones drown in rounding, and there
    is no second pass to find them in: ``precision="exact"`` keeps a triangular factor (QR) instead,
    and with it variances down to 1e-30 of the largest, at several times the cost.

    Args:
        batches: matrices [m_i, d]; the m_i may differ. The pieces of a JAX array whose rows are
            spread over devices are batches as well: ``(piece.data for piece in
            x.addressable_shards if piece.replica_id == 0)``.
        num_components: number of axes to keep, k.
        precision: ``"fast"`` or ``"exact"``, see above.

    Returns:
        The fitted :class:`PCA`, in NumPy float64.

    Raises:
        ValueError: if there is no batch, a batch is no finite matrix, their widths differ,
            ``num_components`` is out of range, or ``precision`` is neither of the two.

    Example:
        >>> import numpy as np
        >>> from aelib import pca
        >>> x = np.random.default_rng(0).normal(size=(60, 3))
        >>> streamed = pca.fit_batches((x[i : i + 7] for i in range(0, 60, 7)), 2)
        >>> bool(np.allclose(streamed.components, pca.fit(x, 2).components, atol=1e-12))
        True
    """
    if check_choice("precision", precision, ("fast", "exact")) == "exact":
        scatter = scatter_of_batches(batches)
        _check_rows(scatter.count)
        most = min(scatter.count, len(scatter.mean))
        k = check_count("num_components", num_components, at_most=most)
        return _from_scatter(scatter, k, False)
    products = products_of_batches(batches)
    _check_rows(products.count)
    most = min(products.count, len(products.mean))
    k = check_count("num_components", num_components, at_most=most)
    pairs = largest_of(products.matrix, k)
    degrees = products.count - 1
    return PCA(
        mean=products.mean,
        components=orient(pairs.vectors[:, :k].T),
        explained_variance=np.maximum(pairs.values[:k], 0) / degrees,
        total_variance=products.matrix.trace() / degrees,
        num_examples=products.count,
    )


def _check_rows(count: int) -> None:
    if count < 2:
        raise ValueError(f"batches: expected at least two rows in all, got {count}")


def _fast(values: NDArray[Any], k: int) -> PCA | None:
    """In float64; None where the values are so large or small that only QR can take them."""
    if values.dtype.kind == "V" or values.dtype == np.float16:  # bfloat16 is no kind of NumPy's
        values = values.astype(np.float32)
    found = leading(values, k)
    if found is None:
        return None
    degrees = len(values) - 1
    return PCA(
        mean=found.mean,
        components=orient(found.axes),
        explained_variance=found.squares / degrees,
        total_variance=np.asarray(found.total / degrees),
        num_examples=len(values),
    )


def _exact(values: NDArray[Any], k: int, spectrum: bool) -> PCA:
    """In float64."""
    found = covariance_axes(values) if values.dtype == np.float32 else None
    if found is None:
        return _from_scatter(scatter_of_matrix(check_matrix("x", values)), k, spectrum)
    return _model(*found, len(values), k, spectrum)


def _from_scatter(scatter: Scatter, k: int, spectrum: bool) -> PCA:
    return _model(scatter.mean, *scatter.svd(), scatter.count, k, spectrum)


def _model(
    mean: NDArray, singular_values: NDArray, axes: NDArray, n: int, k: int, spectrum: bool
) -> PCA:
    variances = singular_values**2 / (n - 1)
    return PCA(
        mean=mean,
        components=axes[:k],
        explained_variance=variances[:k],
        total_variance=variances.sum(),
        num_examples=n,
        spectrum=variances if spectrum else None,
    )


def _host_dtype(dtype: np.dtype) -> DTypeLike:
    if dtype.kind != "f":
        return np.float64
    return np.promote_types(dtype, np.float32)


def _product(a: Array, b: Array) -> Array:
    if isinstance(a, jax.Array) or isinstance(b, jax.Array):
        # Float32 products are TF32 on recent GPUs unless asked otherwise.
        return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)
    return a @ b

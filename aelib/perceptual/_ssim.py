"""Structural similarity."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float

from aelib._checks import check_count, check_number
from aelib.perceptual._images import as_images


def ssim(
    images: Float[ArrayLike, "batch h w c"],
    others: Float[ArrayLike, "batch h w c"],
    *,
    window: int = 11,
    standard_deviation: float = 1.5,
) -> Float[Array, " batch"]:
    """Structural similarity (SSIM) of pairs of images.

    Means, variances and covariance under a Gaussian window that lies wholly inside the image;
    constants 0.01 and 0.03 for values in [0, 1]; the mean over positions and channels. The result
    is that of ``skimage.metrics.structural_similarity`` with ``gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=1``. It can be differentiated everywhere, so
    ``1 - ssim(...)`` can be trained on.

    Args:
        images: values in [0, 1].
        others: as many more.
        window: side of the window, odd; images must be at least as large.
        standard_deviation: of the window, in pixels.

    Returns:
        One number for each pair: 1 for identical images, less for others.

    Raises:
        TypeError: if the images are not floating-point numbers.
        ValueError: if shapes differ, a value is outside [0, 1], or the window does not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> image = jnp.linspace(0, 1, 256).reshape(1, 16, 16, 1)
        >>> ssim(image, image), ssim(image, 1 - image) < 0
        (Array([1.], dtype=float32), Array([ True], dtype=bool))

    References:
        Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli (2004), *Image quality assessment:
        from error visibility to structural similarity*, IEEE Transactions on Image Processing 13,
        600-612.
    """
    x, y = as_images("images", images), as_images("others", others)
    if x.shape != y.shape:
        raise ValueError(f"others: expected shape {x.shape}, got {y.shape}")
    smallest = min(x.shape[1:3])
    window = check_count("window", window)
    if window % 2 != 1:
        raise ValueError(f"window: expected an odd whole number, got {window!r}")
    if window > smallest:
        raise ValueError(f"window: {window} does not fit into images of {x.shape[1:3]} pixels")
    deviation = check_number("standard_deviation", standard_deviation, above=0)
    return _ssim(x, y, window, deviation)


@functools.partial(jax.jit, static_argnums=(2, 3))
def _ssim(x: jax.Array, y: jax.Array, window: int, standard_deviation: float) -> jax.Array:
    rows, columns = (_sliding(side, window, standard_deviation, x.dtype) for side in x.shape[1:3])

    def local(values: jax.Array) -> jax.Array:
        return jnp.einsum("ih,bhwc,jw->bijc", rows, values, columns, precision="highest")

    # Mean of squares minus square of mean loses digits far from zero, so start from near it.
    center = jnp.mean(x, axis=(1, 2), keepdims=True)
    a, b = x - center, y - center
    mean_a, mean_b = local(a), local(b)
    variances = local(a * a) - mean_a**2 + local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    mean_x, mean_y = mean_a + center, mean_b + center
    luminance = (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (variances + 0.03**2)
    return jnp.mean(luminance * structure, axis=(1, 2, 3))


def _sliding(
    side: int, window: int, standard_deviation: float, dtype: DTypeLike
) -> Float[np.ndarray, "positions side"]:
    """A matrix whose rows are the window at every position of a side."""
    offsets = np.arange(window) - window // 2
    weights = np.exp(-0.5 * (offsets / standard_deviation) ** 2)
    positions = side - window + 1
    matrix = np.zeros((positions, side))
    for start in range(positions):
        matrix[start, start : start + window] = weights / weights.sum()
    return matrix.astype(dtype)

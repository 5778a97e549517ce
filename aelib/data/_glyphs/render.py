"""Warp a field into an image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from aelib.data._glyphs.fields import OVERSAMPLING

SIZE = 28
"""Side of a rendered image, in pixels."""

PARAMETERS = ("rotation", "shift_x", "shift_y", "log_scale", "shear")
"""What the five entries of ``params`` mean; all zero leaves a glyph at rest. Rotation in radians,
counter-clockwise; shifts in pixels, to the right and downwards; log_scale is the natural logarithm
of the magnification; shear is the tangent of the angle by which a glyph leans to the right."""


def render(
    field: Float[Array, "s s"], params: Float[Array, " parameters"]
) -> Float[Array, "28 28"]:
    """Draw a field, sheared, scaled and turned about the center of the image, then shifted.

    Each pixel is the value of the cubic B-spline at the point that the transform carries to the
    pixel's center. That is a smooth function of ``params``: two continuous derivatives, and a
    bounded third one. Outside the field there is paper.

    Args:
        field: coefficients from :func:`aelib.lab.glyphs.fields`, ``[s, s]``.
        params: the transform, ``[5]``, see ``aelib.lab.glyphs.PARAMETERS``.

    Returns:
        The image, ``[28, 28]``, in [0, 1] with 1 = ink, rows from the top.

    Raises:
        ValueError: if a shape is another one.

    Example:
        >>> import aelib
        >>> from aelib.lab.glyphs import fields
        >>> import jax
        >>> import jax.numpy as jnp
        >>> glyph = jnp.asarray(fields([("DejaVuSans", "l")])[0])
        >>> draw = jax.jit(render)
        >>> upright = draw(glyph, jnp.zeros(5))
        >>> lying = draw(glyph, jnp.array([jnp.pi / 2, 0.0, 0.0, 0.0, 0.0]))
        >>> bool(jnp.allclose(jnp.rot90(upright), lying, atol=1e-5))  # counter-clockwise
        True
    """
    if field.ndim != 2 or field.shape[0] != field.shape[1]:
        raise ValueError(f"field: expected shape [s, s], got {field.shape}")
    if params.shape != (len(PARAMETERS),):
        raise ValueError(f"params: expected shape [{len(PARAMETERS)}], got {params.shape}")
    rotation, shift_x, shift_y, log_scale, shear = params
    offset = jnp.arange(SIZE, dtype=params.dtype) - (SIZE - 1) / 2
    x = offset[None, :] - shift_x  # to the right
    y = shift_y - offset[:, None]  # upwards, so that turning is counter-clockwise
    # The inverse transform takes a pixel to the point of the glyph that lands on it.
    cosine, sine = jnp.cos(rotation), jnp.sin(rotation)
    magnification = jnp.exp(log_scale)
    up = (cosine * y - sine * x) / magnification
    right = (cosine * x + sine * y) / magnification - shear * up
    middle = (field.shape[0] - 1) / 2
    return _spline(field, middle - OVERSAMPLING * up, middle + OVERSAMPLING * right)


def _spline(coefficients: Array, row: Array, column: Array) -> Array:
    """The bicubic B-spline at fractional rows and columns; coefficients outside are zero."""
    rows, row_weights = _neighbors(row, coefficients.shape[0])
    columns, column_weights = _neighbors(column, coefficients.shape[1])
    # One flat gather, its indices known to be inside, and one contraction: on a CPU several times
    # as fast as indexing by two arrays and summing, or as products with dense matrices of weights.
    index = rows[..., :, None] * coefficients.shape[1] + columns[..., None, :]
    patch = coefficients.reshape(-1).at[index].get(mode="promise_in_bounds")
    # On accelerators the products would else be rounded to TF32 or bfloat16.
    highest = jax.lax.Precision.HIGHEST
    return jnp.einsum("...ij,...i,...j->...", patch, row_weights, column_weights, precision=highest)


def _neighbors(position: Array, length: int) -> tuple[Array, Array]:
    """Numbers and weights of the four coefficients that a position depends on, ``[..., 4]``."""
    below = jnp.floor(position)
    t = position - below
    s = 1 - t
    weights = jnp.stack(
        [
            s**3 / 6,
            (4 - 6 * t**2 + 3 * t**3) / 6,
            (4 - 6 * s**2 + 3 * s**3) / 6,
            t**3 / 6,
        ],
        axis=-1,
    )
    index = below.astype(jnp.int32)[..., None] + jnp.arange(-1, 3, dtype=jnp.int32)
    inside = (index >= 0) & (index < length)
    return jnp.clip(index, 0, length - 1), jnp.where(inside, weights, 0)


@partial(jax.jit, static_argnames=("draw", "batch_size"))
def map_examples(
    draw: Callable[[Array, Array], Array],
    bank: Float[Array, "m s s"],
    index: Int[Array, " n"],
    params: Float[Array, "n 5"],
    batch_size: int = 64,
) -> Float[Array, "n ..."]:
    """Apply ``draw(field, params)`` to many examples, in batches that fit into memory.

    Args:
        draw: :func:`render`, or another function of a field and its transform.
        bank: fields, ``[m, s, s]``.
        index: which field each example shows, integers ``[n]``.
        params: transform of each example, ``[n, 5]``.
        batch_size: examples drawn at once.

    Returns:
        What ``draw`` returns, stacked along a new first axis of length ``n``.
    """
    n = index.shape[0]
    batch_size = min(batch_size, max(n, 1))
    # Padded to whole batches: a smaller last batch would be compiled a second time.
    padding = -n % batch_size
    index = jnp.pad(index, (0, padding)).reshape(-1, batch_size)
    params = jnp.pad(params, ((0, padding), (0, 0))).reshape(-1, batch_size, params.shape[1])
    rendered = jax.lax.map(lambda batch: jax.vmap(draw)(bank[batch[0]], batch[1]), (index, params))
    return rendered.reshape(-1, *rendered.shape[2:])[:n]


def render_many(
    bank: Float[Array, "m s s"], index: Int[Array, " n"], params: Float[Array, "n 5"]
) -> Float[Array, "n 28 28"]:
    """Render many images from a bank of fields, in one compiled call.

    Args:
        bank: fields, ``[m, s, s]``.
        index: which field each image shows, integers ``[n]``.
        params: transform of each image, ``[n, 5]``.

    Returns:
        Images, ``[n, 28, 28]``.

    Example:
        >>> import aelib
        >>> from aelib.lab.glyphs import fields
        >>> import jax.numpy as jnp
        >>> bank = jnp.asarray(fields([("DejaVuSans", "A"), ("DejaVuSans", "B")]))
        >>> render_many(bank, jnp.array([0, 1, 1]), jnp.zeros((3, 5))).shape
        (3, 28, 28)
    """
    return map_examples(render, bank, index, params)

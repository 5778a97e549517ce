"""Glyphs as smooth functions of how they are turned, shifted, scaled and sheared.

:func:`fields` makes one smooth field for each character and font, :func:`render` warps it into an
image, and :func:`tangents` differentiates the image, exactly, by the parameters of the warp.
``aelib.data.load("glyphs")`` makes data sets of such images; :func:`example_tangents` gives the
tangents at their examples.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from numpy.typing import NDArray

from aelib.data import Dataset
from aelib.data._glyphs.fields import fields as fields
from aelib.data._glyphs.render import PARAMETERS as PARAMETERS
from aelib.data._glyphs.render import SIZE, map_examples
from aelib.data._glyphs.render import render as render

__all__ = ["PARAMETERS", "example_tangents", "fields", "render", "tangents"]


def tangents(
    field: Float[Array, "s s"], params: Float[Array, " parameters"]
) -> Float[Array, "parameters pixels"]:
    """Derivatives of the flattened image with respect to each of the five parameters.

    Five Jacobian–vector products of :func:`render`, one along each parameter: exact up to rounding,
    where differences of images have an error that depends on the step.

    Args:
        field: coefficients from :func:`aelib.lab.glyphs.fields`, ``[s, s]``.
        params: where to differentiate, ``[5]``.

    Returns:
        Tangent vectors, ``[5, 784]``, in the order of ``PARAMETERS``, in
        units of ink per radian, per pixel, per pixel, per unit of log scale, per unit of shear.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
                >>> glyph = jnp.asarray(fields([("DejaVuSans", "A")])[0])
        >>> jax.jit(tangents)(glyph, jnp.zeros(5)).shape
        (5, 784)
    """
    directions = jnp.eye(len(PARAMETERS), dtype=params.dtype)
    along = jax.vmap(lambda v: jax.jvp(partial(render, field), (params,), (v,))[1])
    return along(directions).reshape(len(PARAMETERS), SIZE * SIZE)


def example_tangents(dataset: Dataset) -> NDArray[np.float32]:
    """The exact tangents at each example of a glyph dataset, before noise and thresholding.

    Args:
        dataset: ``aelib.data.load("glyphs", …)``, or a part of it.

    Returns:
        Derivatives of each image with respect to its parameters, ``[n, 5, 784]``.

    Raises:
        ValueError: if the dataset holds no glyphs.

    Example:
        >>> import aelib
        >>> glyphs = aelib.data.load(
        ...     "glyphs", alphabets=("digits",), fonts=("DejaVuSans",), num_per_glyph=1)
        >>> example_tangents(glyphs[:3]).shape
        (3, 5, 784)
    """
    if dataset.name != "glyphs" or dataset.labels is None:
        raise ValueError(f"dataset: expected glyphs, got {dataset.name!r}")
    font_names = dataset.metadata["fonts"]
    pairs = list(zip(dataset.extras["font"].tolist(), dataset.labels.tolist(), strict=True))
    rows = {pair: row for row, pair in enumerate(dict.fromkeys(pairs))}
    glyphs = [(font_names[font], dataset.label_names[label]) for font, label in rows]
    bank = jnp.asarray(fields(glyphs, blur=dataset.metadata["blur"]))
    index = jnp.asarray([rows[pair] for pair in pairs], jnp.int32)
    return np.asarray(
        map_examples(tangents, bank, index, jnp.asarray(dataset.extras["parameters"]))
    )

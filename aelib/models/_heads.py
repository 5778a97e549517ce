"""The two ends of a table's model: coded cells to features, and features to a head per column."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Real

from aelib._column import Column
from aelib.models._layers import Stack, leading_shape


class Head(NamedTuple):
    """What the model has to know about a column; JSON values only, so that it can be saved.

    Attributes:
        name: the column's name.
        kind: ``"binary"``, ``"categorical"``, ``"ordinal"``, ``"continuous"`` or ``"count"``.
        num_levels: number of levels; 0 for numbers.
        center: what is subtracted from the code.
        spread: what it is divided by.
        start: the head's initial bias, as long as the head has outputs.
    """

    name: str
    kind: str
    num_levels: int
    center: float
    spread: float
    start: tuple[float, ...]

    @property
    def num_features(self) -> int:
        """Features of this column that the encoder sees, the indicator of a missing one included.

        One for each level of a categorical column, else one number; and whether it is missing.
        """
        return 1 + (self.num_levels if self.kind == "categorical" else 1)


def head_for(column: Column) -> Head:
    """What a column specification says about its head, or what a file holds.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(column, (list, tuple)):
        name, kind, levels, center, spread, start = column
    elif all(hasattr(column, field) for field in Head._fields):
        name, kind, levels, center, spread, start = (getattr(column, f) for f in Head._fields)
    else:
        raise TypeError(
            "columns: expected column specifications such as those of "
            f"aelib.likelihoods.Columns; got {column!r}"
        )
    numbers = tuple(float(value) for value in start)
    return Head(str(name), str(kind), int(levels), float(center), float(spread), numbers)


class TableEncoder(nnx.Module):
    """From coded cells, and maybe a mask, to codes: a design matrix and a stack of layers.

    A categorical column becomes its one-hot level minus the levels' frequencies, a count log(1 + x)
    minus log(1 + center), any other (x - center) / spread. A cell that is not seen becomes zeros,
    and an indicator of each column says so: zero is the average, not a value.

    Attributes:
        heads: the columns.
        stack: the layers after the design matrix.
        input_shape: ``(columns,)``.

    Args:
        heads: the columns.
        stack: layers that take [batch, features].
    """

    def __init__(self, heads: tuple[Head, ...], stack: Stack) -> None:
        self.heads = heads
        self.stack = stack
        self.input_shape = (len(heads),)
        self.output_shape = stack.output_shape

    def __call__(
        self, x: Real[Array, "batch columns"], mask: Bool[Array, "batch columns"] | None = None
    ) -> Float[Array, "batch latent"]:
        """Codes of [batch, columns]; ``mask`` is True where the encoder may look."""
        return self.stack(self.design(x, mask))

    def design(
        self, x: Real[Array, "batch columns"], mask: Bool[Array, "batch columns"] | None = None
    ) -> Float[Array, "batch features"]:
        """What the first layer sees, [batch, features]: all columns' values, then indicators.

        Raises:
            ValueError: x is not [..., columns], or the mask is not boolean of x's shape.
        """
        x = jnp.asarray(x)
        leading_shape(x, self.input_shape)
        dtype = self.stack.layers[0].weight.dtype
        if mask is None:
            mask = jnp.ones(x.shape, bool)
        mask = jnp.asarray(mask)
        if mask.dtype != bool or mask.shape != x.shape:
            raise ValueError(
                f"mask: expected booleans of x's shape {x.shape}, True where the encoder may "
                f"look; got {mask.dtype} of shape {mask.shape}"
            )
        # Values under False may be anything, NaN included: they are replaced before and after.
        x = jnp.where(mask, x, 0).astype(jnp.promote_types(dtype, jnp.float32))
        blocks = [self._numbers(x, mask)]
        for j, head in enumerate(self.heads):
            if head.kind == "categorical":
                frequencies = jax.nn.softmax(jnp.asarray(head.start, x.dtype))
                one_hot = (x[..., j : j + 1] == np.arange(head.num_levels)) - frequencies
                blocks.append(jnp.where(mask[..., j : j + 1], one_hot, 0))
        blocks.append((~mask).astype(x.dtype))
        return jnp.concatenate(blocks, axis=-1).astype(dtype)

    def _numbers(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        """Every column that is not categorical as one number."""
        where = np.array([j for j, h in enumerate(self.heads) if h.kind != "categorical"], int)
        heads = [self.heads[j] for j in where]
        count = np.array([h.kind == "count" for h in heads], bool)
        center = [math.log1p(h.center) if h.kind == "count" else h.center for h in heads]
        spread = [1.0 if h.kind == "count" else h.spread for h in heads]
        values = x[..., where]
        values = jnp.where(count, jnp.log1p(jnp.where(count, values, 0)), values)
        scaled = (values - jnp.asarray(center, x.dtype)) / jnp.asarray(spread, x.dtype)
        return jnp.where(mask[..., where], scaled, 0)

    def describe(self) -> str:
        """The design's width and the layers, as one line."""
        return (
            f"{sum(head.num_features for head in self.heads)} features -> {self.stack.describe()}"
        )


class HeadsDecoder(nnx.Module):
    """From codes to one linear head for each column: a dict of raw outputs by column name.

    The heads share the layers before them. They are one matrix, cut into pieces.

    Attributes:
        heads: the columns.
        stack: the layers, the last of which is all heads side by side.

    Args:
        heads: the columns.
        stack: layers that give [batch, all heads' outputs].
    """

    def __init__(self, heads: tuple[Head, ...], stack: Stack) -> None:
        self.heads = heads
        self.stack = stack
        self.input_shape = stack.input_shape

    def __call__(self, codes: Float[Array, "batch latent"]) -> dict[str, Float[Array, "batch p"]]:
        """Raw outputs by column name: [batch, latent] -> name -> [batch, p]."""
        raw = self.stack(codes)
        ends = np.cumsum([len(head.start) for head in self.heads])
        pieces = jnp.split(raw, ends[:-1].tolist(), axis=-1)
        return {head.name: piece for head, piece in zip(self.heads, pieces, strict=True)}

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Raw outputs of all heads together."""
        return (sum(len(head.start) for head in self.heads),)

    def describe(self) -> str:
        """The layers and the number of heads, as one line."""
        return f"{self.stack.describe()} in {len(self.heads)} heads"

"""An autoencoder of mixed tables: one-hot and standardized in, one head for each column out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real

from aelib._checks import check_choice, check_count, check_counts, check_ordered
from aelib._column import Column
from aelib.models._activations import ACTIVATIONS
from aelib.models._architecture import Architecture, builder
from aelib.models._autoencoder import Autoencoder
from aelib.models._build import dense_layers, floating
from aelib.models._heads import HeadsDecoder, TableEncoder, head_for
from aelib.models._layers import Stack
from aelib.models._predict import apply_in_batches


class TableAutoencoder(Autoencoder):
    """An autoencoder of [batch, columns] cells whose encoder takes a mask of what it may use.

    ``fit`` and ``sweep`` pass their ``mask`` on to it. Made by :func:`aelib.models.table`.

    Attributes:
        takes_mask: True: ``encode`` and ``predict`` take ``mask``.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from aelib import data, models
        >>> columns = [
        ...     data.Column("owns", "binary", levels=("no", "yes")),
        ...     data.Column("age", "continuous"),
        ... ]
        >>> model = models.table(columns, 2, hidden=(), rngs=nnx.Rngs(0))
        >>> x = jnp.array([[1.0, 40.0], [1.0, 70.0]])
        >>> mask = jnp.array([[True, False], [True, False]])
        >>> codes = model.encode(x, mask=mask)
        >>> bool((codes[0] == codes[1]).all())  # the ages are hidden
        True
    """

    takes_mask = True

    def encode(
        self, x: Real[Array, "batch columns"], *, mask: Bool[Array, "batch columns"] | None = None
    ) -> Float[Array, "batch latent"]:
        """Codes: [batch, columns] -> [batch, latent]; ``mask`` is True where it may look."""
        return self.encoder(x, mask)

    def decode(  # type: ignore[override]
        self, codes: Float[Array, "batch latent"]
    ) -> dict[str, Float[Array, "batch p"]]:
        """Raw outputs by column name: [batch, latent] -> name -> [batch, p]."""
        return self.decoder(codes)

    def __call__(  # type: ignore[override]
        self, x: Real[Array, "batch columns"], mask: Bool[Array, "batch columns"] | None = None
    ) -> dict[str, Float[Array, "batch p"]]:
        """Raw outputs by column name for ``x``, of which the encoder sees what ``mask`` allows."""
        return self.decode(self.encode(x, mask=mask))

    def predict(  # type: ignore[override]
        self,
        x: Real[ArrayLike, "n columns"],
        *,
        mask: Bool[ArrayLike, "n columns"] | None = None,
        batch_size: int = 1024,
        method: Literal["outputs", "codes"] = "outputs",
    ) -> dict[str, Float[Array, "n p"]] | Float[Array, "n latent"]:
        """Raw outputs or codes of many rows, compiled once and applied in batches.

        Args:
            x: [n, columns], NumPy or JAX.
            mask: booleans of x's shape, True where the encoder may look; None for everywhere.
            batch_size: rows at a time; bounds the memory, changes nothing else.
            method: ``"outputs"`` for a dict of [n, p] by column name, ``"codes"`` for
                [n, latent].

        Returns:
            The outputs or the codes, as JAX arrays.

        Raises:
            ValueError: if ``x`` or ``mask`` has the wrong shape, or ``batch_size`` is below 1, or
                ``method`` is unknown.
        """
        seen = np.ones(np.shape(x), bool) if mask is None else mask
        found = apply_in_batches(self, x, batch_size=batch_size, method=method, mask=seen)
        if method == "codes":
            return found
        # Compiled functions return dicts sorted by key; the table's order reads better.
        return {head.name: found[head.name] for head in self.decoder.heads}


@builder
def table(
    columns: Iterable[Column],
    latent: int,
    *,
    hidden: Sequence[int] = (64,),
    activation: str = "relu",
    dtype: jax.typing.DTypeLike | None = None,
    rngs: nnx.Rngs,
) -> TableAutoencoder:
    """An autoencoder of a mixed table, with one linear head for each column.

    The encoder sees a design matrix made from the coded cells and a mask: categories one-hot,
    numbers standardized, counts as logarithms, missing cells as zeros with an indicator. The
    decoder gives a dict of raw outputs by column name, as wide as each column needs, for
    :class:`aelib.likelihoods.Composite`. The heads' biases start where each column alone would
    put them.

    Args:
        columns: the specification, :class:`aelib.likelihoods.Columns` or an iterable of its
            entries.
        latent: length of a row's code.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse. ``()`` for
            a linear model.
        activation: activation of every hidden layer, a name in :data:`aelib.models.ACTIVATIONS`.
        dtype: floating type of the parameters; None for JAX's default (float32, or float64 with
            x64).
        rngs: where the initial weights come from.

    Returns:
        TableAutoencoder [batch, columns] -> dict of [batch, p].

    Raises:
        ValueError: if a size is not a whole number of at least 1, the activation is unknown, or
            ``dtype`` is not floating.
        TypeError: if a column is no column specification.

    Example:
        >>> import aelib
        >>> from aelib.data import Column
        >>> from aelib.likelihoods import Columns
        >>> from flax import nnx
        >>> import jax.numpy as jnp
        >>> columns = Columns((
        ...     Column("vote", "binary", levels=("Clinton", "Dole")),
        ...     Column("mode", "categorical", levels=("air", "train", "bus", "car")),
        ... ))
        >>> model = table(columns, 2, hidden=(8,), rngs=nnx.Rngs(0))
        >>> {name: outputs.shape for name, outputs in model(jnp.array([[1.0, 3.0]])).items()}
        {'vote': (1, 1), 'mode': (1, 4)}
    """
    check_ordered("columns", columns)
    heads = tuple(head_for(column) for column in columns)
    if not heads:
        raise ValueError("columns: expected at least one, got none")
    k = check_count("latent", latent)
    widths = check_counts("hidden", hidden)
    check_choice("activation", activation, ACTIVATIONS)
    dtype = floating("dtype", dtype)
    features = sum(head.num_features for head in heads)
    start = jnp.asarray([value for head in heads for value in head.start], dtype)
    into = dense_layers((features, *widths, k), activation, "identity", dtype, rngs)
    out = dense_layers((k, *reversed(widths), len(start)), activation, "identity", dtype, rngs)
    out[-1].bias = nnx.Param(start)
    architecture = Architecture(
        "table",
        (
            ("columns", heads),
            ("latent", k),
            ("hidden", widths),
            ("activation", activation),
            ("dtype", dtype.name),
        ),
    )
    return TableAutoencoder(
        TableEncoder(heads, Stack(into, (features,), (k,))),
        HeadsDecoder(heads, Stack(out, (k,), (len(start),))),
        architecture=architecture,
    )

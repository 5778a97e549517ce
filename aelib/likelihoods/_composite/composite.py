"""The exact joint likelihood of a mixed table."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree, Real

from aelib._checks import check_fraction, check_key, check_ordered
from aelib._column import Column
from aelib.likelihoods import _sampling, _support
from aelib.likelihoods._composite import parts
from aelib.likelihoods._composite.columns import Columns
from aelib.likelihoods._outputs import check_mask, floating, real

if TYPE_CHECKING:
    import pandas as pd


class Composite(nnx.Module):
    r"""A table with columns of different kinds: the sum of one real log-likelihood per column.

    .. math:: \log p(x) = \sum_{j\ \text{observed}} \log p_j(x_j)

    Given the outputs the columns are independent, so the joint negative log-likelihood is the sum
    of theirs, and it is a likelihood because each term is one, constants and *learned scales*
    included: a Bernoulli for a binary column, a softmax for a categorical one, cumulative logits
    for an ordinal one (:class:`Ordinal`), a Gaussian with a learned scale for a continuous one, a
    negative binomial or Poisson for a count. Nothing has to be weighted by hand: what a weight
    would do is done by the scales.

    The table is an array ``x`` [batch, columns] of level numbers, counts and values *in the
    columns' own units*, with an explicit boolean mask (:meth:`Columns.encode` makes both from a
    data frame). Outputs are a dict: column name -> [batch, p], as many as
    :attr:`aelib.data.Column.num_outputs` says; :func:`aelib.models.table` makes a model with such
    a decoder.

    All numbers are on the original scale. For a continuous column the decoder says (mean - center)
    / spread and the likelihood learns sd / spread; the reported density is that of the column's
    own unit, :math:`\log p(x) = \log p(z) - \log\text{spread}`. A column with a ``resolution`` is
    scored by the mass of its bin instead of a density. If no column is scored by a density, the
    sum is a code length in nats, at least 0; otherwise it depends on the units of measurement,
    and only differences between models mean anything.

    Args:
        columns: the specification.
        floor: smallest scale of a continuous column, in units of the column's spread (its standard
            deviation). Without one, a column that the decoder reproduces exactly would send the
            log-likelihood to infinity.
        shared_scale: one learned scale, in units of the spread, for all continuous columns instead
            of one for each. With :meth:`Columns.as_numbers` this is the usual shortcut, one mean
            squared error over everything, as the likelihood that it is.

    Attributes:
        columns: the specification, :class:`Columns`.
        num_outputs: raw decoder outputs for one row, all columns together.

    Raises:
        ValueError: the floor is not in (0, 1), or the columns do not make a table.
        TypeError: a column is no :class:`aelib.data.Column`.

    Example:
        From a data frame to nats per column, and to the cells that are missing. (A model that is to
        impute, or whose code lengths of held-out cells are compared, is trained with
        ``corruption=aelib.training.hide(0.5, score="hidden")``: otherwise every cell that is scored
        was seen, and a learned scale is the error of a copy, too small for an imputation.)

        >>> import jax, numpy as np, pandas as pd
        >>> from flax import nnx
        >>> import aelib
        >>> random = np.random.default_rng(0)
        >>> frame = pd.DataFrame({
        ...     "vote": ["Dole", "Clinton", "Clinton", None] * 8,
        ...     "educ": random.integers(1, 4, size=32),
        ...     "age": random.uniform(18, 90, size=32)})
        >>> columns = Columns.infer(frame, kinds={"educ": "ordinal"})
        >>> x, mask = columns.encode(frame)
        >>> model = aelib.models.table(columns, latent=2, hidden=(8,), rngs=nnx.Rngs(0))
        >>> result = aelib.training.fit(
        ...     model, x, Composite(columns), mask=mask, batch_size=None, steps=50, progress=False,
        ...     key=jax.random.key(0))
        >>> outputs = result.model.predict(x, mask=mask)
        >>> {name: value.shape for name, value in outputs.items()}
        {'vote': (32, 1), 'educ': (32, 1), 'age': (32, 1)}
        >>> nats = -result.likelihood.log_prob_per_feature(outputs, x, mask=mask)  # [rows, columns]
        >>> nats.shape, bool(nats[3, 0] == 0)  # a cell that is missing costs nothing
        ((32, 3), True)
        >>> full = result.likelihood.impute(outputs, x, mask)  # observed cells, and best guesses
        >>> sorted(columns.decode(full)["vote"].unique())
        ['Clinton', 'Dole']
    """

    def __init__(
        self,
        columns: Columns | Iterable[Column],
        *,
        floor: float = 1e-3,
        shared_scale: bool = False,
    ) -> None:
        check_ordered("columns", columns)
        self.columns = columns if isinstance(columns, Columns) else Columns(tuple(columns))
        self.floor = check_fraction("floor", floor)
        self.shared_scale = bool(shared_scale)
        self.num_outputs = sum(column.num_outputs for column in self.columns)
        self.parts: tuple[parts.Part, ...] = nnx.data(
            parts.parts_of(self.columns.entries, floor=floor, shared_scale=self.shared_scale)
        )

    @classmethod
    def infer(
        cls,
        frame: pd.DataFrame,
        *,
        kinds: Mapping[str, str] | None = None,
        levels: Mapping[str, Sequence[Any]] | None = None,
        floor: float = 1e-3,
    ) -> Composite:
        """``Composite(Columns.infer(frame, ...))``; see :meth:`Columns.infer`."""
        return cls(Columns.infer(frame, kinds=kinds, levels=levels), floor=floor)

    def log_prob(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        x: Real[ArrayLike, "batch columns"],
        *,
        mask: Bool[ArrayLike, "batch columns"] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, " batch"]:
        """Log-probability of each row: the sum over its observed cells.

        Args:
            outputs: column name -> raw outputs [batch, p], or [batch] where p is 1.
            x: [batch, columns] in the order of ``columns``.
            mask: boolean, shaped like ``x``; ``True`` = observed. What lies under ``False``, NaN
                included, reaches neither the value nor the gradient.
            exposure: scalar or ``[batch]``; multiplies the rates of the counts.

        Returns:
            ``[batch]``, in nats.

        Raises:
            ValueError: a column without outputs or outputs without a column, shapes that do not
                fit, or an exposure without counts.
            TypeError: outputs that are no dict or no real numbers, or a mask that is not boolean.
        """
        return self.log_prob_per_feature(outputs, x, mask=mask, exposure=exposure).sum(axis=1)

    def log_prob_per_feature(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        x: Real[ArrayLike, "batch columns"],
        *,
        mask: Bool[ArrayLike, "batch columns"] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch columns"]:
        """The terms that :meth:`log_prob` adds up: [batch, columns], 0 where not observed."""
        x = real("x", x)
        if x.ndim != 2 or x.shape[1] != len(self.columns):
            raise ValueError(
                f"x: expected [batch, {len(self.columns)}], one for each column, got {x.shape}"
            )
        checked = _by_column(self.columns, outputs, x.shape[0])
        dtype = jnp.result_type(*checked.values())
        if jnp.issubdtype(x.dtype, jnp.floating):
            dtype = jnp.promote_types(dtype, x.dtype)
        mask = None if mask is None else check_mask(mask, x)
        self._check_exposure(exposure)
        x = x.astype(dtype)
        return _compiled(self, parts.log_prob, checked, x, mask, exposure)

    def mean(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> dict[str, Float[Array, "batch ..."]]:
        """Expected data by column name, in the columns' own units.

        binary: probability of code 1, [batch]; categorical: probability of each level, [batch, K]
        (the mean of the one-hot level); ordinal: expected level number, [batch]; continuous and
        count: expected value, [batch].
        """
        checked = _by_column(self.columns, outputs)
        self._check_exposure(exposure)
        return self._in_order(_compiled(self, parts.mean, checked, exposure))

    def probabilities(
        self, outputs: Mapping[str, Float[ArrayLike, "batch ..."]]
    ) -> dict[str, Float[Array, "batch levels"]]:
        """Probability of each level of the columns that have levels: name -> [batch, K]."""
        found = _compiled(self, parts.probabilities, _by_column(self.columns, outputs))
        return self._in_order(found)

    def predict(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch columns"]:
        """A best guess of every cell: the likeliest level, or the mean of a number.

        Returns:
            [batch, columns], in the coding of ``x``, so that ``columns.decode`` reads it where no
            column is a count or has a resolution (whose means lie between the possible values).
        """
        checked = _by_column(self.columns, outputs)
        self._check_exposure(exposure)
        return _compiled(self, parts.predict, checked, exposure)

    def impute(
        self,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        x: Real[ArrayLike, "batch columns"],
        mask: Bool[ArrayLike, "batch columns"],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch columns"]:
        """``x`` where observed, :meth:`predict` elsewhere: [batch, columns].

        Args:
            outputs: those of a model that saw only the observed cells:
                ``model.predict(x, mask=mask)``.
            x: [batch, columns].
            mask: boolean, shaped like ``x``; ``True`` = observed.
            exposure: see :meth:`log_prob`.

        Returns:
            The completed rows, in the coding of ``x``.
        """
        x = real("x", x)
        guess = self.predict(outputs, exposure=exposure)
        if x.shape != guess.shape:
            raise ValueError(f"x: expected the shape of the outputs, {guess.shape}, got {x.shape}")
        return jnp.where(check_mask(mask, x), x.astype(guess.dtype), guess)

    def sample(
        self,
        key: PRNGKeyArray,
        outputs: Mapping[str, Float[ArrayLike, "batch ..."]],
        *,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> Float[Array, "batch columns"]:
        """One draw of each row: [batch, columns] in the coding of ``x``.

        Raises:
            ValueError: outputs of which no sample can be drawn; see :meth:`Factorized.sample`.
        """
        checked = _by_column(self.columns, outputs)
        self._check_exposure(exposure)
        draws = _compiled(self, parts.sample, check_key("key", key), checked, exposure)
        _sampling.require_drawn(draws)
        return draws

    def check(
        self,
        x: Real[ArrayLike, "batch columns"],
        *,
        mask: Bool[ArrayLike, "batch columns"] | None = None,
        exposure: Real[ArrayLike, " ..."] | None = None,
    ) -> None:
        """Look at concrete data before training on it.

        Args:
            x: [n, columns].
            mask: boolean, shaped like ``x``; only values under ``True`` are looked at.
            exposure: if given, must be positive and finite.

        Raises:
            ValueError: the first value outside its column's support, with column and index; or a
                wrong shape or dtype.
        """
        self.columns.check(x, mask=mask)
        if exposure is not None:
            self._check_exposure(exposure)
            _support.require_exposure(exposure)

    def scales(self) -> dict[str, Float[Array, ""]]:
        """Learned standard deviation of each continuous column, in the column's own unit."""
        return self._learned("continuous")

    def thresholds(self) -> dict[str, Float[Array, " levels"]]:
        """Learned thresholds of each ordinal column, [K - 1], in logits."""
        return self._learned("ordinal")

    def dispersions(self) -> dict[str, Float[Array, ""]]:
        """Learned dispersion of each negative binomial column."""
        return self._learned("count")

    def _learned(self, kind: str) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for part in self.parts:
            if part.kind == kind:
                found |= part.learned()
        return found

    def _check_exposure(self, exposure: Real[ArrayLike, " ..."] | None) -> None:
        if exposure is not None and not any(part.kind == "count" for part in self.parts):
            raise ValueError("exposure: this table has no count, expected None")

    def _in_order(self, found: dict[str, Array]) -> dict[str, Array]:
        """A compiled function returns a dict sorted by key; the table's order reads better."""
        return {name: found[name] for name in self.columns.names if name in found}


def _compiled(owner: Composite, function: Callable[..., PyTree], *arguments: PyTree) -> PyTree:
    """``function(owner.parts, *arguments)``, compiled: outside of jit each operation would be."""
    graphdef, state = nnx.split(owner)
    return _call(graphdef, function, nnx.as_pure(state), *arguments)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _call(
    graphdef: nnx.GraphDef, function: Callable[..., PyTree], state: PyTree, *arguments: PyTree
) -> PyTree:
    return function(nnx.merge(graphdef, state).parts, *arguments)


def _by_column(
    columns: Columns, outputs: Mapping[str, Float[ArrayLike, "batch ..."]], batch: int | None = None
) -> dict[str, Array]:
    """Every column's raw outputs as [batch, p].

    Args:
        columns: the specification.
        outputs: column name -> [batch, p], or [batch] where p is 1.
        batch: number of rows, or None for that of the first column.

    Raises:
        TypeError: outputs that are no dict or no real numbers.
        ValueError: a column without outputs, outputs without a column, or a wrong shape.
    """
    if not isinstance(outputs, Mapping):
        raise TypeError(
            "outputs: expected a dict of raw outputs by column name (the decoder of "
            f"aelib.models.table makes one), got {type(outputs).__name__}"
        )
    missing = [name for name in columns.names if name not in outputs]
    extra = [name for name in outputs if name not in columns.names]
    if missing or extra:
        raise ValueError(
            f"outputs: expected one entry for each of {columns.names}; missing {missing}, "
            f"not expected {extra}"
        )
    found: dict[str, Array] = {}
    for column in columns:
        value = floating(f"outputs[{column.name!r}]", outputs[column.name])
        p = column.num_outputs
        if p == 1 and value.ndim == 1:
            value = value[:, None]
        batch = value.shape[0] if batch is None and value.ndim else batch
        if value.shape != (batch, p):
            raise ValueError(
                f"outputs[{column.name!r}]: expected shape ({batch}, {p}), got {value.shape}"
            )
        found[column.name] = value
    return found

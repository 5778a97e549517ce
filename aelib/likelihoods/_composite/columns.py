"""The specification of a mixed table: one entry for each column, inferred and editable."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, Real

from aelib._checks import check_ordered
from aelib._column import LEVELED, Column
from aelib.likelihoods import _support
from aelib.likelihoods._composite.coding import (
    CodedTable,
    check_codes,
    check_frame,
    decode_codes,
    encode_frame,
    nearest_codes,
)
from aelib.likelihoods._composite.dependencies import functional_dependencies
from aelib.likelihoods._composite.infer import fitted_columns, infer_column

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class Columns:
    """What every column of a table holds: the specification that :class:`Composite` is made from.

    :meth:`infer` reads it off a data frame and :meth:`describe` shows it. What was guessed wrongly
    is said again: ``infer(frame, kinds={"income": "ordinal"})``, or for one field of one column
    ``columns.replace("age", resolution=0.0)``. It is hashable, iterates over its
    :class:`aelib.data.Column` entries, and takes a name, a position or a slice as index.

    Args:
        entries: the columns in order.

    Raises:
        ValueError: no column, or two of the same name.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({
        ...     "vote": ["Dole", "Clinton", None, "Dole"], "age": [19.5, 40.1, 62.0, None]})
        >>> columns = Columns.infer(frame)
        >>> [(column.name, column.kind) for column in columns]
        [('vote', 'binary'), ('age', 'continuous')]
        >>> x, mask = columns.encode(frame)
        >>> x[:2].round(1).tolist(), mask[2:].tolist()
        ([[1.0, 19.5], [0.0, 40.099998474121094]], [[False, True], [True, False]])
    """

    entries: tuple[Column, ...]

    def __post_init__(self) -> None:
        check_ordered("columns", self.entries)
        object.__setattr__(self, "entries", tuple(self.entries))
        if not self.entries:
            raise ValueError("columns: expected at least one, got none")
        for entry in self.entries:
            if not isinstance(entry, Column):
                raise TypeError(f"columns: expected Column entries, got {entry!r}")
        twice = [name for name in self.names if self.names.count(name) > 1]
        if twice:
            raise ValueError(f"columns: expected different names, got {twice[0]!r} twice")

    @classmethod
    def infer(
        cls,
        frame: pd.DataFrame,
        *,
        kinds: Mapping[str, str] | None = None,
        levels: Mapping[str, Sequence[Any]] | None = None,
    ) -> Columns:
        """Guess the specification of a data frame; whatever is guessed can be overridden.

        - two distinct values: binary;
        - text, or an unordered pandas ``Categorical``: categorical; an ordered one: ordinal;
        - whole numbers with at most 10 distinct values: ordinal (a code without an order, such as
          an occupation, cannot be distinguished from one with: override it);
        - other whole numbers: a count if the smallest is 0, else continuous with resolution 1;
        - other numbers: continuous.

        Dates, durations, decimal numbers and whatever else is neither a number nor a text raise,
        unless ``kinds`` says that they are levels. A constant column raises, because there is
        nothing to learn; a column that is a function of another one warns
        (:meth:`functional_dependencies`).

        Args:
            frame: one row for each example. Missing values are those of ``frame.isna()``.
            kinds: column name -> kind, instead of the guess.
            levels: column name -> levels in the order of their codes, instead of the guess (the
                sorted distinct values); needed for an ordinal column of texts.

        Returns:
            The specification.

        Raises:
            ValueError: an empty frame, an unknown name or kind, and whatever column cannot be
                modeled; the message names it and says what to do.
            TypeError: not a data frame.

        Example:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"job": [1, 2, 3, 2], "size": ["s", "l", "m", "s"]})
            >>> columns = Columns.infer(
            ...     frame, kinds={"job": "categorical"}, levels={"size": ["s", "m", "l"]})
            >>> [(c.name, c.kind, c.levels) for c in columns]
            [('job', 'categorical', (1, 2, 3)), ('size', 'categorical', ('s', 'm', 'l'))]
        """
        kinds, levels = dict(kinds or {}), dict(levels or {})
        check_frame(frame)
        for name, order in levels.items():
            check_ordered(f"levels[{name!r}]", order)
        for argument, given in (("kinds", kinds), ("levels", levels)):
            for name in given:
                if name not in frame.columns:
                    raise ValueError(
                        f"{argument}: no column {name!r} in the frame; expected some of "
                        f"{', '.join(map(repr, frame.columns))}"
                    )
        columns = cls(
            tuple(
                infer_column(frame[name], kind=kinds.get(name), levels=levels.get(name))
                for name in frame.columns
            )
        )
        for column, by in functional_dependencies(frame):
            warnings.warn(
                f"column {column!r} is a function of column {by!r}: its nats would count the same "
                f"measurement twice, and a learned scale would shrink to its floor; drop one of "
                f"them, frame.drop(columns=[{column!r}])",
                UserWarning,
                stacklevel=2,
            )
        return columns

    @classmethod
    def from_codes(
        cls,
        columns: Sequence[Column],
        x: Real[ArrayLike, "n columns"],
        *,
        mask: Bool[ArrayLike, "n columns"] | None = None,
    ) -> Columns:
        """The specification of a table that is an array already, such as a data set of the book.

        Args:
            columns: what is known of the columns, such as ``aelib.data.load("anes96").columns``;
                their centers, spreads and frequencies are computed anew.
            x: [n, columns] level numbers, counts and values.
            mask: booleans of x's shape, True where observed.

        Returns:
            The specification.

        Raises:
            ValueError: the array does not fit the columns.

        Example:
            >>> import aelib
            >>> fair = aelib.data.load("fair")
            >>> columns = Columns.from_codes(fair.columns, fair.x)
            >>> columns["occupation"].kind, columns["affairs"].kind
            ('categorical', 'continuous')
        """
        return cls(fitted_columns(columns, x, mask))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(entry.name for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.entries)

    def __getitem__(self, which: str | int) -> Column:
        return self.entries[self.position(which) if isinstance(which, str) else which]

    def position(self, name: str) -> int:
        """Where the column of this name is.

        Raises:
            ValueError: there is none.
        """
        if name not in self.names:
            known = ", ".join(map(repr, self.names))
            raise ValueError(f"columns: no column {name!r}; expected one of {known}")
        return self.names.index(name)

    def replace(self, name: str, **changes: Any) -> Columns:
        """The same with some fields of one column changed.

        Args:
            name: the column.
            **changes: fields of :class:`aelib.data.Column`. To change the kind, whose levels come
                from the data, infer again with ``kinds=``.

        Returns:
            The changed specification.

        Raises:
            ValueError: no such column, or the fields do not go together.

        Example:
            >>> columns = Columns((Column("age", "continuous", resolution=1.0),))
            >>> columns.replace("age", resolution=0.0)["age"].resolution
            0.0
        """
        j = self.position(name)
        entry = dataclasses.replace(self.entries[j], **changes)
        return Columns((*self.entries[:j], entry, *self.entries[j + 1 :]))

    def drop(self, *names: str) -> Columns:
        """The same without some columns.

        Raises:
            ValueError: no such column, or none is left.
        """
        for name in names:
            self.position(name)
        return Columns(tuple(entry for entry in self.entries if entry.name not in names))

    def encode(self, frame: pd.DataFrame) -> CodedTable:
        """Turn a data frame into an array and an explicit mask.

        Args:
            frame: with exactly these columns, in any order. ``frame.isna()`` becomes the mask;
                nothing downstream takes a NaN for "missing".

        Returns:
            CodedTable: ``x`` and ``mask``, to be given to ``fit``, ``log_prob``, ….

        Raises:
            ValueError: columns too few or too many, a value outside a column's support (an unknown
                category, a negative count, an infinite number), or a whole number above 2**53: the
                value and its row.
            TypeError: not a data frame.
        """
        return encode_frame(self.entries, frame)

    def decode(
        self, x: Real[ArrayLike, "n columns"], *, mask: Bool[ArrayLike, "n columns"] | None = None
    ) -> pd.DataFrame:
        """The data frame that an array of codes stands for: :meth:`encode` backwards.

        Args:
            x: [n, columns].
            mask: booleans of x's shape; where False the frame has a missing value.

        Returns:
            One row for each example, with the levels, values, dtypes and categories of the table
            that the specification was inferred from. Measured values are those of float32. Whole
            numbers come back nullable (``Int64``) where some are missing that were not, and
            floating-point where some are not whole.

        Raises:
            ValueError: a level number that is none, or a number that is not finite. A mean between
                the values that a count or a grid can have is let through.
        """
        codes = _support.numeric(x)
        if codes.ndim != 2 or codes.shape[1] != len(self):
            raise ValueError(
                f"x: expected [n, {len(self)}], one for each column, got shape {codes.shape}"
            )
        seen = _support.observed(codes, mask)
        self.check(codes, mask=seen & np.array([c.kind in LEVELED for c in self.entries]))
        return decode_codes(self.entries, codes, seen)

    def nearest(self, x: Real[ArrayLike, "n columns"]) -> Float[np.ndarray, "n columns"]:
        """The possible value nearest to each number: levels, counts and grids are snapped to.

        Args:
            x: [n, columns] finite numbers, such as the means of a model that takes everything for
                numbers.

        Returns:
            Values in the support of their columns, [n, columns].
        """
        return nearest_codes(self.entries, _support.numeric(x))

    def as_numbers(self) -> Columns:
        """Every column taken for a number, level numbers and counts too: what a plain MSE does.

        Levels and counts become continuous columns on a grid of step 1 that ends where the levels
        end, so that their code length stays a mass and can be compared with that of a model that
        knows better. ``x`` and ``mask`` stay the same.

        Example:
            >>> columns = Columns((Column("vote", "binary", levels=("Clinton", "Dole")),))
            >>> columns.as_numbers()["vote"].support
            'a multiple of 1 from 0 to 1'
        """
        return Columns(tuple(entry.as_number() for entry in self.entries))

    def typical(self) -> Float[np.ndarray, " columns"]:
        """The guess that looks at no other column, [columns]: commonest level, or the mean."""
        guess = [
            float(np.argmax(entry.level_probabilities)) if entry.kind in LEVELED else entry.center
            for entry in self.entries
        ]
        return np.asarray(guess, jnp.zeros(()).dtype)

    def marginal_outputs(self, num_rows: int) -> dict[str, Float[np.ndarray, "n p"]]:
        """Raw outputs that say of every row what each column alone says: column name -> [n, p].

        With them, :class:`Composite` is the model in which columns are independent: the code
        length that a decoder has to beat.
        """
        dtype = jnp.zeros(()).dtype
        return {
            entry.name: np.tile(np.asarray(entry.start, dtype), (num_rows, 1))
            for entry in self.entries
        }

    def check(
        self, x: Real[ArrayLike, "n columns"], *, mask: Bool[ArrayLike, "n columns"] | None = None
    ) -> None:
        """Raise ``ValueError`` naming column, value and index if x is outside the support."""
        codes = _support.numeric(x)
        check_codes(self.entries, codes, _support.observed(codes, mask))

    def describe(self) -> pd.DataFrame:
        """A table of the specification, to be looked at: kind, levels, center, spread, …."""
        import pandas as pd

        rows = [
            {
                "column": column.name,
                "kind": column.kind,
                "levels": ", ".join(map(str, column.levels)) or "–",
                "center": column.center,
                "spread": column.spread,
                "resolution": column.resolution,
                "likelihood": _family(column),
            }
            for column in self.entries
        ]
        return pd.DataFrame(rows).set_index("column")

    @staticmethod
    def functional_dependencies(frame: pd.DataFrame) -> tuple[tuple[str, str], ...]:
        r"""Pairs (b, a) of columns where b is a function of a in every row.

        Such a pair is one measurement written twice. A decoder that learns the function reproduces
        b exactly given a, a learned scale of b then runs to its floor, and the code length of the
        table falls without end while nothing was understood; even where it cannot fall, b's nats
        are counted twice.

        b is a function of a if rows with equal a have equal b. That alone is trivial for a key,
        whose values never repeat. So the agreement must also be too good for chance: with
        :math:`q` the probability that two random rows agree in b, the s rows that repeat a value
        of a agree with probability about :math:`q^s`; or, for numbers, b must be monotone in a,
        which n rows are by chance in :math:`2\prod_v n_v!/n!` of their orders, :math:`n_v` rows
        having the value v of b. Either probability must be below 1e-9. A function that is neither
        monotone nor seen at repeated values cannot be distinguished from chance and is not found.

        Args:
            frame: the table; rows in which either value is missing are left out of a comparison.

        Returns:
            Pairs (name of the determined column, name of the column that determines it), in the
            order of the frame. Of two columns that determine each other only the later is listed.

        Example:
            >>> import numpy as np, pandas as pd
            >>> people = np.arange(40) % 10
            >>> data = {"people": people, "log": np.log1p(people), "row": np.arange(40)}
            >>> Columns.functional_dependencies(pd.DataFrame(data))
            (('log', 'people'),)
        """
        return functional_dependencies(frame)


def _family(column: Column) -> str:
    if column.kind == "continuous":
        return "Gaussian mass of the bin" if column.resolution else "Gaussian density"
    names = {"binary": "Bernoulli", "categorical": "softmax", "ordinal": "cumulative logits"}
    return names.get(column.kind, column.distribution.replace("_", " "))

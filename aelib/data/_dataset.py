"""The :class:`Dataset` that every loader returns, and its :class:`Splits`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Real, Shaped
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_array, check_count
from aelib._column import Column
from aelib.data import _card
from aelib.data._split import DEFAULT_FRACTIONS, check_fractions, split_indices

if TYPE_CHECKING:
    import pandas as pd


class Splits(NamedTuple):
    """Three datasets that share no example (and no group of examples that belong together).

    Attributes:
        train: what models are fitted to.
        validation: what decides between them.
        test: what is looked at in the end.

    Example:
        >>> import aelib
        >>> train, validation, test = aelib.data.load("digits").split(seed=0)
        >>> len(train), len(validation), len(test)
        (1258, 269, 270)
    """

    train: Dataset
    validation: Dataset
    test: Dataset


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples, and what must be known to use them well: origin, license, units and splits.

    Arrays are read-only views; copy one before changing it.

    Args:
        name: the name that :func:`aelib.data.load` knows it by.
        x: the examples, one per row: ``[n, d]``. Images are flattened in C order.
        labels: integer class of each example, ``[n]``, or ``None``.
        shape: shape of one example; ``(h, w)`` or ``(h, w, c)`` for images, else ``(d,)``.
        feature_names: name of each of the ``d`` features, or empty.
        label_names: name of each class, or empty.
        columns: for a mixed table, what each column of ``x`` holds.
        units: what a value in ``x`` means.
        source: who made the data and where the copy comes from.
        license: the terms of the copy.
        citation: how to cite it.
        description: what a user has to know, warnings included.
        groups: examples with the same value stay in the same part of every split, ``[n]``.
        parts: 0, 1 or 2 for each example (train, validation, test) where a default split is
            published with the data, ``[n]``.
        table: the published values as a pandas data frame of ``n`` rows.
        texts: the raw text of each example.
        extras: further arrays with one entry for each example, by name.
        metadata: anything about the whole dataset, by name.

    Raises:
        TypeError: if ``x`` does not hold real numbers, or is a masked or sparse array.
        ValueError: if shapes or lengths disagree, or if origin, license or units are missing.

    Example:
        >>> import numpy as np
        >>> coins = Dataset(
        ...     "coins", np.eye(20, dtype=np.float32), units="1 = heads", source="made here",
        ...     license="CC0-1.0")
        >>> [len(part) for part in coins.split(seed=0)]
        [14, 3, 3]
    """

    name: str
    x: Real[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"] | None = None
    shape: tuple[int, ...] = ()
    feature_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    units: str = ""
    source: str = ""
    license: str = ""
    citation: str = ""
    description: str = ""
    groups: Shaped[np.ndarray, " n"] | None = None
    parts: Int[np.ndarray, " n"] | None = None
    table: pd.DataFrame | None = None
    texts: tuple[str, ...] | None = None
    extras: Mapping[str, Shaped[np.ndarray, "n ..."]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        x = check_array("x", self.x, finite=False)
        if x.ndim != 2:
            raise ValueError(f"x: expected shape [n, d], got {x.shape}")
        n, d = x.shape
        shape = tuple(self.shape) or (d,)
        if math.prod(shape) != d:
            raise ValueError(f"shape: expected {d} values per example, got {shape}")
        for key in ("units", "source", "license"):
            if not getattr(self, key):
                raise ValueError(f"{key}: expected a non-empty text for the dataset {self.name!r}")
        for key in ("feature_names", "columns"):
            if getattr(self, key) and len(getattr(self, key)) != d:
                raise ValueError(f"{key}: expected {d}, got {len(getattr(self, key))}")
        lengths = {
            key: getattr(self, key) for key in ("labels", "groups", "parts", "table", "texts")
        }
        lengths |= {f"extras[{key!r}]": value for key, value in self.extras.items()}
        for key, value in lengths.items():
            if value is not None and len(value) != n:
                raise ValueError(
                    f"{key}: expected one entry for each of {n} examples, got {len(value)}"
                )
        set_field = object.__setattr__  # the way to fill a field of a frozen dataclass
        set_field(self, "shape", shape)
        for key in ("feature_names", "label_names", "columns"):
            set_field(self, key, tuple(getattr(self, key)))
        set_field(self, "x", _read_only(x))
        for key in ("labels", "groups", "parts"):
            set_field(self, key, _read_only(getattr(self, key)))
        set_field(
            self, "extras", MappingProxyType({k: _read_only(v) for k, v in self.extras.items()})
        )
        set_field(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be pickled; plain ones make the same dataset again.
        given = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        given |= {"extras": dict(self.extras), "metadata": dict(self.metadata)}
        return _from_fields, (type(self), given)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: slice | Int[ArrayLike, " m"] | Bool[ArrayLike, " n"]) -> Dataset:
        """A dataset of the chosen examples: by a slice, example numbers or a boolean mask."""
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        array = np.asarray(index)
        if array.ndim != 1:
            raise TypeError(
                f"index: expected a slice, example numbers or a mask; got {index!r} "
                "(the data themselves are in .x)"
            )
        if array.dtype == bool:
            if array.shape != (len(self),):
                raise ValueError(f"index: expected a mask of {len(self)}, got shape {array.shape}")
            array = np.flatnonzero(array)
        return self.take(array)

    def take(self, indices: Int[ArrayLike, " m"]) -> Dataset:
        """A dataset of the examples with these numbers, in this order.

        Args:
            indices: integers, ``[m]``.

        Returns:
            The dataset of these examples.

        Raises:
            TypeError: if they are not a one-dimensional array of integers.
        """
        rows = np.asarray(indices)
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise TypeError(f"indices: expected integers [m], got {rows.dtype} {rows.shape}")
        rows = rows.astype(np.int64)
        return replace(
            self,
            x=self.x[rows],
            labels=None if self.labels is None else self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
            parts=None if self.parts is None else self.parts[rows],
            table=None if self.table is None else self.table.iloc[rows],
            texts=None if self.texts is None else tuple(self.texts[row] for row in rows),
            extras={key: value[rows] for key, value in self.extras.items()},
        )

    @property
    def images(self) -> Real[np.ndarray, "n h w *c"]:
        """The examples as images, ``[n, h, w]`` or ``[n, h, w, c]``.

        Raises:
            ValueError: if the examples are no images.
        """
        if len(self.shape) < 2:
            raise ValueError(f"images: the examples of {self.name!r} have the shape {self.shape}")
        return self.x.reshape(len(self), *self.shape)

    def split(
        self, seed: int | None = None, fractions: Sequence[float] = DEFAULT_FRACTIONS
    ) -> Splits:
        """Divide into train, validation and test.

        Examples of one group (the same person, the same block of a photograph) stay together, so
        parts may be a little smaller or larger than their fraction. The same seed gives the same
        split on every machine and with every release of NumPy.

        Args:
            seed: ``None`` for the fixed default split, which is the published one where there is
                one; an integer for another split.
            fractions: of train, validation and test; they sum to 1, and zero is allowed.

        Returns:
            Three datasets that share no example.

        Raises:
            ValueError: if the fractions are none, if the published split is asked for in
                other fractions, or if there are too few examples or groups.
        """
        train, validation, test = self.split_rows(seed, fractions)
        return Splits(self.take(train), self.take(validation), self.take(test))

    def split_rows(
        self, seed: int | None = None, fractions: Sequence[float] = DEFAULT_FRACTIONS
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Example numbers of the three parts that :meth:`split` makes, each in ascending order."""
        fractions = check_fractions(fractions)
        if seed is None and self.parts is not None:
            if fractions != DEFAULT_FRACTIONS:
                raise ValueError(
                    f"fractions: the default split of {self.name!r} is the published one; "
                    f"give a seed to have another, got {fractions}"
                )
            first, second, third = (np.flatnonzero(self.parts == part) for part in range(3))
            return first, second, third
        which = "default" if seed is None else check_count("seed", seed, at_least=0)
        purpose = f"{self.name}/{which}"
        return split_indices(len(self), fractions, purpose, self.groups)

    def __repr__(self) -> str:
        classes = f", {len(self.label_names)} classes" if self.label_names else ""
        return f"Dataset({self.name!r}: {_card.describe_size(self.x, self.shape)}{classes})"

    def _repr_html_(self) -> str:
        facts = {
            "Units": self.units,
            "Values": "" if self.columns else _card.describe_values(self.x),
            "Classes": _card.describe_classes(self.labels, self.label_names),
            "Default split": self._default_split(),
            "Source": self.source,
            "License": self.license,
            "Citation": self.citation,
        }
        size = _card.describe_size(self.x, self.shape)
        return _card.card(self.name, size, self._preview(), self.description, facts)

    def _preview(self) -> str:
        """Pictures, rows or texts of some examples, as HTML."""
        if not len(self):
            return ""
        if len(self.shape) == 2 or (len(self.shape) == 3 and self.shape[2] in (1, 3)):
            return _card.thumbnails(self.name, self.images, self.labels, self.label_names)
        if self.columns:
            return _card.column_table(self.x, self.columns)
        if self.texts is not None:
            return _card.excerpts(self.texts, self.labels, self.label_names)
        return ""

    def _default_split(self) -> str:
        try:
            rows = self.split_rows()
        except ValueError:
            return "none: too few examples, or groups of examples that stay together"
        train, validation, test = (f"{len(part):,}" for part in rows)
        groups = ""
        if self.groups is not None:
            groups = f"; {len(np.unique(self.groups)):,} groups stay together"
        return f"{train} train, {validation} validation, {test} test{groups}"


def _from_fields(kind: type[Dataset], given: dict[str, Any]) -> Dataset:
    return kind(**given)


def _read_only(array: np.ndarray | None) -> np.ndarray | None:
    """A view that cannot be written through; the caller's own array stays as it is."""
    if array is None:
        return None
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view

"""Names of the datasets and the functions that load them."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from os import PathLike
from typing import Any

from aelib.data._dataset import Dataset

Loader = Callable[..., Dataset]

# name -> "module:function". A text is imported when its dataset is asked for, which keeps
# `import aelib.data` cheap. A loader takes keyword-only options with defaults and, where it can
# fetch or read files, `root` and `download`.
_LOADERS: dict[str, str | Loader] = {
    # Downloaded when asked.
    "mnist": "aelib.data._mnist:load_mnist",
    "fashion_mnist": "aelib.data._mnist:load_fashion_mnist",
    # Fetched by hand.
    "mvtec": "aelib.data._mvtec:load_mvtec",
    # Your own.
    "counts": "aelib.data._counts:load_counts",
    # Bundled with installed packages.
    "digits": "aelib.data._digits:load_digits",
    "anes96": "aelib.data._anes96:load_anes96",
    "fair": "aelib.data._fair:load_fair",
    "modechoice": "aelib.data._modechoice:load_modechoice",
    "randhie": "aelib.data._randhie:load_randhie",
    "docstrings": "aelib.data._docstrings:load_docstrings",
    "lfw_subset": "aelib.data._faces:load_lfw_subset",
    "page": "aelib.data._images:page",
    "text": "aelib.data._images:text",
    "camera": "aelib.data._images:camera",
    "astronaut": "aelib.data._images:astronaut",
    "coffee": "aelib.data._images:coffee",
    "chelsea": "aelib.data._images:chelsea",
    "brick": "aelib.data._images:brick",
    "grass": "aelib.data._images:grass",
    "gravel": "aelib.data._images:gravel",
    # Made, with the truth known.
    "glyphs": "aelib.data._glyphs.load:load_glyphs",
    "cells": "aelib.data._cells:load_cells",
    "defects": "aelib.data._defects:load_defects",
}


def register(name: str, loader: str | Loader) -> None:
    """Make a dataset known to :func:`load`.

    Args:
        name: what users will ask for.
        loader: a function with keyword-only options that returns a
            :class:`~aelib.data.Dataset`, or ``"module:function"``, which is imported when needed.

    Raises:
        ValueError: if the name is taken by another loader.

    Example:
        >>> import numpy as np
        >>> from aelib import data
        >>> def load_waves(*, count=8):
        ...     x = np.sin(np.arange(3.0) + np.arange(count)[:, None])
        ...     return data.Dataset(
        ...         "waves", x, units="1 = amplitude", source="made here", license="CC0-1.0")
        >>> data.register("waves", load_waves)
        >>> data.load("waves", count=5).x.shape
        (5, 3)
    """
    if _LOADERS.get(name, loader) != loader:
        raise ValueError(f"name: {name!r} is registered already; choose another")
    _LOADERS[name] = loader


def names() -> tuple[str, ...]:
    """Names of all datasets that :func:`load` knows, sorted.

    Returns:
        The names.

    Example:
        >>> "digits" in names()
        True
    """
    return tuple(sorted(_LOADERS))


def load(
    name: str,
    *,
    root: str | PathLike[str] | None = None,
    download: bool = False,
    **options: Any,
) -> Dataset:
    """Load a dataset by its name.

    Args:
        name: one of :func:`names`.
        root: folder with local copies of files that do not come with an installed package, or in
            which to keep them; datasets that are bundled or made do not use it.
        download: whether files that are not there may be fetched. Nothing is ever downloaded
            without it.
        **options: options of this dataset; an unknown one is refused with a list of those it has.

    Returns:
        The dataset.

    Raises:
        ValueError: if the name is unknown (the message lists the names) or an option's value is
            not one that the dataset takes.
        TypeError: if an option is unknown.
        FileNotFoundError: if files are missing and ``download`` is false.

    Example:
        >>> load("digits").x.shape
        (1797, 64)
    """
    if name not in _LOADERS:
        close = difflib.get_close_matches(str(name), _LOADERS, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(f"name: expected one of {', '.join(names())}; got {name!r}{hint}")
    loader = _resolve(_LOADERS[name])
    known = inspect.signature(loader).parameters
    accepted = [key for key in known if key not in ("root", "download")]
    for key in options:
        if key not in accepted:
            listed = ", ".join(accepted) or "none"
            raise TypeError(f"load: {name!r} has no option {key!r}; its options: {listed}")
    if "root" in known:
        options["root"] = root
    if "download" in known:
        options["download"] = download
    return loader(**options)


def _resolve(loader: str | Loader) -> Loader:
    if not isinstance(loader, str):
        return loader
    module, _, function = loader.partition(":")
    resolved: Loader = getattr(importlib.import_module(module), function)
    return resolved

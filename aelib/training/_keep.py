"""Keep a model and its likelihood in one file, and make both again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aelib import _storage
from aelib.likelihoods._recipe import from_recipe, recipe
from aelib.models._load import rebuild as rebuild_model
from aelib.models._save import describe as describe_model

_MODEL, _LIKELIHOOD = "model.", "likelihood."


def describe(model: Any, likelihood: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What makes both again, and all their variables by name.

    Raises:
        ValueError: if one of them is not of this package, or was changed since it was made.
    """
    about = {
        "model": describe_model(model, getattr(model, "architecture", None)),
        "likelihood": recipe(likelihood),
    }
    parts = ((model, _MODEL), (likelihood, _LIKELIHOOD))
    tensors: dict[str, np.ndarray] = {}
    for part, prefix in parts:
        tensors |= _storage.variables(part, prefix)
    return about, tensors


def rebuild(
    path: Path, about: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> tuple[Any, Any]:
    """The model and the likelihood that a file describes.

    Raises:
        ValueError: if they are not of this package, or the arrays do not fit them.
    """
    strays = [name for name in tensors if not name.startswith((_MODEL, _LIKELIHOOD))]
    if strays:
        raise ValueError(f"{path}: its tensors do not fit its description: {', '.join(strays)}")
    model = rebuild_model(path, about.get("model", {}), tensors, _MODEL)
    try:
        likelihood = from_recipe(about.get("likelihood", {}))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    _storage.fill(likelihood, tensors, path, _LIKELIHOOD)
    return model, likelihood

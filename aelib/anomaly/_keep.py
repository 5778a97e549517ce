"""Detectors in files: which classes a file may name, and what of a detector is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aelib import _storage
from aelib.anomaly._conformal import Calibration

Detector = TypeVar("Detector", bound=type)
_CLASSES: dict[str, Any] = {}
_CALIBRATION = "calibration."


def keepable(kind: Detector) -> Detector:
    """Let files name this class of detectors; it has ``_kept``, ``_restore`` and ``_not_kept``."""
    _CLASSES[kind.__name__] = kind
    return kind


def save(detector: Any, path: str | os.PathLike[str]) -> None:
    """See :meth:`aelib.anomaly.ConformalDetector.save`."""
    kind = type(detector)
    if _CLASSES.get(kind.__name__) is not kind:
        raise TypeError(f"save: expected a detector of aelib.anomaly, got a {kind.__name__}")
    about, tensors = detector._kept()
    parameters = detector.get_params(deep=False).items()
    about |= {
        "detector": kind.__name__,
        "parameters": {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in parameters
            if name not in kind._not_kept
        },
        "num_features": int(detector.n_features_in_),
        "feature_names": list(getattr(detector, "feature_names_in_", ())),
    }
    if hasattr(detector, "offset_"):
        about["offset"] = float(detector.offset_)
        kept = detector.calibration_.kept()
        tensors |= {_CALIBRATION + name: values for name, values in kept.items()}
    _storage.write(path, "detector", about, tensors)


def load(expected: type, path: str | os.PathLike[str], parameters: Mapping[str, Any]) -> Any:
    """See :meth:`aelib.anomaly.ConformalDetector.load`."""
    path, about, tensors = _storage.read(path, "detector")
    kind = _CLASSES.get(about.get("detector", ""))
    if kind is None or not issubclass(kind, expected):
        raise ValueError(f"{path}: holds a {about.get('detector')}, expected a {expected.__name__}")
    wrong = [name for name in parameters if name not in kind._not_kept]
    if wrong:
        raise TypeError(f"{wrong[0]}: expected none, {path} holds what {kind.__name__} needs")
    calibration = {
        name.removeprefix(_CALIBRATION): tensors.pop(name)
        for name in list(tensors)
        if name.startswith(_CALIBRATION)
    }
    try:
        detector = kind(**about["parameters"], **parameters)
        detector.n_features_in_ = about["num_features"]
        if about["feature_names"]:
            detector.feature_names_in_ = np.array(about["feature_names"], object)
        detector._restore(path, about, tensors)
        if "offset" in about:
            detector.calibration_ = Calibration(**calibration)
            detector.offset_ = about["offset"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: cannot make a {kind.__name__} of it ({error!r})") from error
    return detector


def take(
    path: Path, tensors: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]
) -> list[NDArray[Any]]:
    """The arrays of these names, in float64 and of these shapes, and no others.

    Raises:
        ValueError: if the file holds others.
    """
    found = {name: (tensor.shape, tensor.dtype.name) for name, tensor in tensors.items()}
    expected = {name: (shape, "float64") for name, shape in shapes.items()}
    if found != expected:
        raise ValueError(f"{path}: expected arrays {expected}, got {found}")
    return [tensors[name] for name in shapes]

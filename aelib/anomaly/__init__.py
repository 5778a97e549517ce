"""Anomalies by their reconstruction loss, with a threshold whose false-alarm rate is bounded.

Detectors with scikit-learn's interface: :class:`ReconstructionDetector` (an autoencoder),
:class:`PCADetector` and :class:`GaussianDetector` (baselines). Part of the normal examples is held
out, and :class:`Calibration` turns their losses into p-values and a threshold.
:func:`spatial_blocks` and :func:`false_alarm_rates` are for patches of one image, :func:`auroc` and
:func:`average_precision` measure a ranking, :func:`cut_patches` and :func:`heat_map` go from an
image to patches and back.

Example:
    >>> import numpy as np
    >>> from aelib import anomaly
    >>> normal = np.random.default_rng(0).normal(size=(400, 3)) * [3.0, 2.0, 0.1]
    >>> detector = anomaly.PCADetector(2, alpha=0.05).fit(normal)
    >>> detector.predict([[3.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    array([ 1, -1])
"""

from aelib.anomaly._autoencoder import ReconstructionDetector as ReconstructionDetector
from aelib.anomaly._baselines import GaussianDetector as GaussianDetector
from aelib.anomaly._baselines import PCADetector as PCADetector
from aelib.anomaly._blocks import spatial_blocks as spatial_blocks
from aelib.anomaly._blocks import split_groups as split_groups
from aelib.anomaly._conformal import Calibration as Calibration
from aelib.anomaly._conformal import CalibrationWarning as CalibrationWarning
from aelib.anomaly._conformal import calibration_size as calibration_size
from aelib.anomaly._detector import ConformalDetector as ConformalDetector
from aelib.anomaly._false_alarms import FalseAlarmRates as FalseAlarmRates
from aelib.anomaly._false_alarms import false_alarm_rates as false_alarm_rates
from aelib.anomaly._patches import cut_patches as cut_patches
from aelib.anomaly._patches import heat_map as heat_map
from aelib.anomaly._patches import patch_statistics as patch_statistics
from aelib.anomaly._ranking import IntervalEstimate as IntervalEstimate
from aelib.anomaly._ranking import auroc as auroc
from aelib.anomaly._ranking import average_precision as average_precision

__all__ = [
    "Calibration",
    "CalibrationWarning",
    "ConformalDetector",
    "FalseAlarmRates",
    "GaussianDetector",
    "IntervalEstimate",
    "PCADetector",
    "ReconstructionDetector",
    "auroc",
    "average_precision",
    "calibration_size",
    "cut_patches",
    "false_alarm_rates",
    "heat_map",
    "patch_statistics",
    "spatial_blocks",
    "split_groups",
]

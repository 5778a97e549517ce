"""The strength that fools a given fraction."""

import numpy as np

from aelib.lab import classifiers


def test_epsilon_needed():
    rates = [[0.5, 0.6, 1.0], [0.0, 0.2, 0.6], [0.0, 0.1, 0.2]]
    found = classifiers.epsilon_needed([0.1, 0.2, 0.4], rates)
    np.testing.assert_allclose(found, [0.1, 0.35, np.inf])

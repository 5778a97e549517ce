"""An interrupt keeps what was trained; the interrupted compiled call is awaited."""

import os
import signal

import numpy as np
import pytest
from flax import nnx

from aelib.training import TrainingInterrupted, fit
from tests.training.cases import Interrupts, half_squares, leaves, make_linear


def test_an_interrupt_keeps_what_was_trained(x, options):
    bar = Interrupts(10)
    model = make_linear(nnx.Rngs(0))
    with pytest.raises(TrainingInterrupted, match="after 10 of 20 steps") as caught:
        fit(model, x, half_squares, **options | {"progress": bar})
    assert isinstance(caught.value, KeyboardInterrupt)
    assert bar.closed
    result = caught.value.result
    shorter = fit(model, x, half_squares, **options | {"steps": 10})
    for a, b in zip(leaves(result.model), leaves(shorter.model), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(result.history.step, [5, 10])


def test_a_signal_waits_for_the_tick(x, options):
    bar = Interrupts(10, send=lambda: os.kill(os.getpid(), signal.SIGINT))
    # A process started in the background is born deaf to the signal.
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(TrainingInterrupted) as caught:
            fit(make_linear(nnx.Rngs(0)), x, half_squares, **options | {"progress": bar})
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, outside)
    assert caught.value.result.history.step[-1] == 10

"""What the tests of training share."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from aelib import models

D, K, N = 6, 2, 40
ADAM = optax.adam(1e-2)


def half_squares(outputs, x):
    return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)


def make_linear(rngs):
    return models.linear(D, K, rngs=rngs)


def leaves(module):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(nnx.as_pure(nnx.state(module)))]


class Interrupts:
    """A reader who presses Ctrl-C after so many steps, as an object that is shown progress."""

    def __init__(self, step, send=None):
        self.step = step
        self.send = send
        self.closed = False

    def start(self, steps):
        pass

    def update(self, step, _):
        if step == self.step:
            if self.send is None:
                raise KeyboardInterrupt
            self.send()

    def close(self):
        self.closed = True


def assert_same(first, second):
    for a, b in zip(leaves(first), leaves(second), strict=True):
        np.testing.assert_array_equal(a, b)

"""The activations a layer may name, each with the initial gain that keeps a signal's variance."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax


class Activation(NamedTuple):
    """An elementwise activation and how to initialize the layer before it.

    Attributes:
        function: the elementwise map.
        gain: variance of a weight times the number of inputs at initialization; 2 for activations
            that pass half of a centered signal (He et al. 2015), 1 for those that are close to the
            identity at 0 (LeCun et al. 1998).
    """

    function: Callable[[jax.Array], jax.Array]
    gain: float


def _identity(x: jax.Array) -> jax.Array:
    return x


#: Name -> :class:`Activation`. Layers keep the name, which can be saved and read by a closed-form
#: Jacobian.
ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "identity": Activation(_identity, 1.0),
        "relu": Activation(jax.nn.relu, 2.0),
        "leaky_relu": Activation(jax.nn.leaky_relu, 2.0),
        "elu": Activation(jax.nn.elu, 1.0),
        "gelu": Activation(jax.nn.gelu, 2.0),
        "silu": Activation(jax.nn.silu, 2.0),
        "softplus": Activation(jax.nn.softplus, 1.0),
        "sigmoid": Activation(jax.nn.sigmoid, 1.0),
        "tanh": Activation(jax.numpy.tanh, 1.0),
    }
)

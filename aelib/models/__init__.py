"""Autoencoders as Flax NNX modules: linear, tied, multi-layer and convolutional.

Every model is an :class:`Autoencoder` with an ``encoder`` and a ``decoder``. Encoders are a
:class:`Stack` of layers whose weights and activation names are public, so that a Jacobian can be
had in closed form from the structure. Tying is ``z @ W.T``, never a variable that appears twice, so
models work in NNX's graph mode and in its tree mode.

Example:
    >>> from flax import nnx
    >>> import aelib
    >>> aelib.models.mlp(64, 8, hidden=(32,), rngs=nnx.Rngs(0))
    Autoencoder(mlp: [64] -> 32 relu -> 8 | 32 relu -> 64 -> [64]; 4,744 parameters, float32)
"""

from aelib.models._activations import ACTIVATIONS as ACTIVATIONS
from aelib.models._autoencoder import Autoencoder as Autoencoder
from aelib.models._build import linear as linear
from aelib.models._build import mlp as mlp
from aelib.models._build import tied as tied
from aelib.models._conv import conv as conv
from aelib.models._convolution import Convolution as Convolution
from aelib.models._layers import Dense as Dense
from aelib.models._layers import Stack as Stack
from aelib.models._load import load as load
from aelib.models._table import TableAutoencoder as TableAutoencoder
from aelib.models._table import table as table
from aelib.models._tied import TiedAutoencoder as TiedAutoencoder

__all__ = [
    "ACTIVATIONS",
    "Autoencoder",
    "Convolution",
    "Dense",
    "Stack",
    "TableAutoencoder",
    "TiedAutoencoder",
    "conv",
    "linear",
    "load",
    "mlp",
    "table",
    "tied",
]

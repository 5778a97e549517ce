r"""The squared Frobenius norm of the Jacobian of a stack of dense layers, without the Jacobian.

For layers :math:`h_l = s_l(W_l^\top h_{l-1} + b_l)` the Jacobian is :math:`J^\top = W_1 D_1 W_2 D_2
\cdots W_L D_L`, where the diagonal :math:`D_l` holds the slopes :math:`s_l'` at one example. Let
:math:`M = D_1 W_2 D_2 \cdots W_L D_L`, with a row for each unit of the first layer and a column for
each latent unit. Then :math:`\lVert J\rVert_F = \lVert W_1 M\rVert_F`. One sigmoid layer has
:math:`M = D_1`, which gives the formula of Rifai et al. (2011), and no other activation does.
"""

import jax
import jax.numpy as jnp

from aelib.models import ACTIVATIONS, Dense, Stack
from aelib.penalties._contractive_gram import multiply, squared_norm


def is_dense_stack(encoder: object) -> bool:
    """Whether the closed form applies: a stack of dense layers, no subclass that may do more."""
    return type(encoder) is Stack and all(type(layer) is Dense for layer in encoder.layers)


def closed_form(encoder: Stack, x: jax.Array) -> jax.Array:
    """The squared Frobenius norm of the Jacobian at each example.

    Args:
        encoder: a stack of dense layers.
        x: [batch, inputs], of the weights' type.

    Returns:
        [batch].
    """
    weights = [layer.weight[...] for layer in encoder.layers]
    slopes = _slopes(encoder, x)
    if len(weights) == 1:
        return jnp.sum(jnp.sum(jnp.square(weights[0]), axis=0) * jnp.square(slopes[0].T), axis=1)
    # [units, batch, latent] throughout: then every product below is one product of two matrices.
    tail = weights[-1][:, None, :] * slopes[-1].T
    for weight, slope in zip(weights[-2:0:-1], slopes[-2:0:-1], strict=True):
        tail = multiply(weight, slope[:, :, None] * tail)
    return squared_norm(weights[0], slopes[0][:, :, None] * tail)


def largest_array(encoder: Stack, batch: int) -> int:
    """How many numbers the largest array holds that :func:`closed_form` makes."""
    widest = max(layer.out_features for layer in encoder.layers)
    return batch * widest * encoder.layers[-1].out_features


def _slopes(encoder: Stack, x: jax.Array) -> list[jax.Array]:
    """Derivative of each layer's activation where the examples put it, [units, batch]."""
    slopes = []
    hidden = x
    for layer in encoder.layers:
        affine = layer.affine(hidden)
        activation = ACTIVATIONS[layer.activation].function
        hidden, slope = jax.jvp(activation, (affine,), (jnp.ones_like(affine),))
        slopes.append(slope.T)
    return slopes

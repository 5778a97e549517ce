"""From a function of an encoder to a penalty that ``fit`` takes."""

from collections.abc import Callable
from typing import Any

import jax

from aelib.models import Autoencoder
from aelib.penalties._function import FunctionPenalty


class OnEncoder(FunctionPenalty):
    """A penalty that looks at the encoder and the inputs; made by :func:`on_encoder`."""

    def __call__(self, model: Any, x: jax.Array, codes: jax.Array, key: jax.Array) -> jax.Array:
        """The penalty at the inputs ``x``, [batch] or []."""
        del codes
        return self.function(_encoder(model), x, key=key, **dict(self.options))


def on_encoder(function: Callable[..., jax.Array], **options: Any) -> Callable[..., jax.Array]:
    """Turn ``function(encoder, x, key=key, **options)`` into a penalty for ``fit`` and ``sweep``.

    Args:
        function: of an encoder, a batch of inputs and a key, such as
            :func:`aelib.penalties.contractive`. The inputs are not corrupted.
        **options: its keyword arguments.

    Returns:
        A callable (model, x, codes, key) -> [batch] or [].

    >>> import jax, jax.numpy as jnp
    >>> from flax import nnx
    >>> import aelib
    >>> from aelib.penalties import contractive
    >>> penalty = on_encoder(contractive, method="exact")
    >>> model = aelib.models.linear(3, 2, rngs=nnx.Rngs(0))
    >>> model.encoder.layers[0].weight[...] = jnp.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    >>> penalty(model, jnp.ones((1, 3)), None, jax.random.key(0))
    Array([5.], dtype=float32)
    """
    return OnEncoder(function, tuple(sorted(options.items())))


def _encoder(model: Any) -> Any:
    """The module that ``model.encode`` applies, if that is all it does; else one example of it."""
    if isinstance(model, Autoencoder) and type(model).encode is Autoencoder.encode:
        return model.encoder
    return lambda one: model.encode(one[None])[0]

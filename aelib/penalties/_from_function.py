"""From a function of codes, or of an encoder, to a penalty that ``fit`` takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float, Real

from aelib._checks import check_callable
from aelib.models import Autoencoder

#: (model, x, codes, key) -> [batch] or []
Penalty = Callable[..., jax.Array]


@dataclasses.dataclass(frozen=True)
class FunctionPenalty:
    """A function and its options; equal where both are, so that training compiles it once.

    Attributes:
        function: the function.
        options: its keyword arguments, as sorted pairs.
    """

    function: Callable[..., jax.Array]
    options: tuple[tuple[str, Any], ...]

    @property
    def __name__(self) -> str:
        """Name of the function, which the history goes by."""
        return self.function.__name__


class OnCodes(FunctionPenalty):
    """A penalty that looks at the codes only; made by :func:`on_codes`."""

    def __call__(
        self, model: object, x: object, codes: Float[Array, "batch latent"], key: object
    ) -> Float[Array, "*batch"]:
        """The penalty of ``codes``."""
        del model, x, key
        return self.function(codes, **dict(self.options))


class OnEncoder(FunctionPenalty):
    """A penalty that looks at the encoder and the inputs; made by :func:`on_encoder`."""

    def __call__(
        self, model: Any, x: Real[Array, "batch ..."], codes: object, key: jax.Array
    ) -> Float[Array, "*batch"]:
        """The penalty at the inputs ``x``."""
        del codes
        return self.function(_encoder_of(model), x, key=key, **dict(self.options))


def on_codes(function: Callable[..., jax.Array], **options: Any) -> Penalty:
    """Turn ``function(codes, **options)`` into a penalty for :func:`aelib.training.fit`.

    Args:
        function: of the codes, [batch, latent] -> [batch] or [].
        **options: its keyword arguments.

    Returns:
        A callable (model, x, codes, key) -> [batch] or [].

    Raises:
        TypeError: if ``function`` cannot be called.

    Example:
        >>> import aelib
        >>> from aelib.penalties import l1
        >>> import jax.numpy as jnp
        >>> penalty = on_codes(l1)
        >>> penalty(None, None, jnp.array([[1.0, -2.0]]), None)
        Array([3.], dtype=float32)
    """
    return OnCodes(check_callable("function", function), tuple(sorted(options.items())))


def on_encoder(function: Callable[..., jax.Array], **options: Any) -> Penalty:
    """Turn ``function(encoder, x, key=key, **options)`` into a penalty for ``fit`` and ``sweep``.

    Args:
        function: of an encoder, a batch of inputs and a key, such as
            :func:`aelib.penalties.contractive`. The inputs are not corrupted.
        **options: its keyword arguments.

    Returns:
        A callable (model, x, codes, key) -> [batch] or [].

    Raises:
        TypeError: if ``function`` cannot be called.

    Example:
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
    return OnEncoder(check_callable("function", function), tuple(sorted(options.items())))


def _encoder_of(model: Any) -> Callable[[jax.Array], jax.Array]:
    """The module that ``model.encode`` applies, if that is all it does; else one example of it."""
    if isinstance(model, Autoencoder) and type(model).encode is Autoencoder.encode:
        return model.encoder
    return lambda one: model.encode(one[None])[0]

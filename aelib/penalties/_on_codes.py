"""From a function of codes to a penalty that ``fit`` takes."""

from collections.abc import Callable
from typing import Any

import jax

from aelib.penalties._function import FunctionPenalty


class OnCodes(FunctionPenalty):
    """A penalty that looks at the codes only; made by :func:`on_codes`."""

    def __call__(self, model: Any, x: jax.Array, codes: jax.Array, key: jax.Array) -> jax.Array:
        """The penalty of ``codes``, [batch] or []."""
        del model, x, key
        return self.function(codes, **dict(self.options))


def on_codes(function: Callable[..., jax.Array], **options: Any) -> Callable[..., jax.Array]:
    """Turn ``function(codes, **options)`` into a penalty for :func:`aelib.training.fit`.

    Args:
        function: of the codes, [batch, latent] -> [batch] or [].
        **options: its keyword arguments.

    Returns:
        A callable (model, x, codes, key) -> [batch] or [].

    >>> import jax.numpy as jnp
    >>> from aelib.penalties import l1
    >>> penalty = on_codes(l1)
    >>> penalty(None, None, jnp.array([[1.0, -2.0]]), None)
    Array([3.], dtype=float32)
    """
    return OnCodes(function, tuple(sorted(options.items())))

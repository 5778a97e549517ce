"""Elementwise functions whose partial derivatives are given in closed form."""

from collections.abc import Callable
from functools import wraps

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_derivatives import SymbolicZero

from aelib.losses._blocks import in_blocks

Elementwise = Callable[..., Array]


def with_partials(*partials: Elementwise) -> Callable[[Elementwise], Elementwise]:
    """Differentiate an elementwise function by formulas instead of by tracing its code.

    Why: a value computed without cancellation is not a derivative computed without
    cancellation. Automatic differentiation of ``expm1(t) - t`` gives ``exp(t) - 1``, which has
    lost every digit at ``t = 1e-8``; the formula ``expm1(t)`` has not. The partials are ordinary
    JAX functions of the same arguments, so higher derivatives exist.

    A partial is evaluated only when its argument is being differentiated. This matters at the
    edge of a domain, where the partial of an argument nobody asked about may be infinite.

    Args:
        partials: one function per positional argument; all take the arguments of the decorated
            function, which must already have one shape and dtype.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> @with_partials(lambda t: jnp.expm1(t))
        ... def remainder(t):
        ...     return jnp.expm1(t) - t
        >>> float(jax.grad(remainder)(1e-8))
        9.99999993922529e-09
    """

    def decorate(function: Elementwise) -> Elementwise:
        @jax.custom_jvp
        def primitive(*arguments: Array) -> Array:
            return in_blocks(lambda *block: (function(*block),), *arguments)[0]

        def rule(
            primals: tuple[Array, ...], tangents: tuple[Array | SymbolicZero, ...]
        ) -> tuple[Array, Array]:
            wanted = [
                (partial, tangent)
                for partial, tangent in zip(partials, tangents, strict=True)
                if not isinstance(tangent, SymbolicZero)
            ]
            value, *slopes = in_blocks(
                lambda *block: (primitive(*block), *(partial(*block) for partial, _ in wanted)),
                *primals,
            )
            terms = [slope * tangent for slope, (_, tangent) in zip(slopes, wanted, strict=True)]
            return value, sum(terms, start=jnp.zeros_like(value))

        primitive.defjvp(rule, symbolic_zeros=True)

        # Compiled, so that a call outside of jit is one kernel and not two hundred.
        return wraps(function)(jax.jit(primitive))

    return decorate


def derivative(function: Elementwise, x: Array) -> Array:
    """Elementwise derivative of a function of one argument.

    Example:
        >>> import jax.numpy as jnp
        >>> float(derivative(jnp.square, jnp.asarray(3.0)))
        6.0
    """
    return jax.jvp(function, (x,), (jnp.ones_like(x),))[1]

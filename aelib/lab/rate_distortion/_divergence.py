r"""How much of its input's noise a map passes on.

For :math:`x = s + \varepsilon` with white Gaussian noise and a map :math:`\hat x = h(x)` that was
found without x, Stein's identity
:math:`\operatorname{E} \varepsilon \cdot h(x) = \sigma^2 \operatorname{E} \operatorname{div} h(x)`
turns the error against the input into the error against the signal:

.. math:: \operatorname{E} \lVert s - h(x) \rVert^2 = \operatorname{E} \lVert x - h(x) \rVert^2
          - d \sigma^2 + 2 \sigma^2 \operatorname{E} \operatorname{div} h(x) .

For PCA with k numbers the divergence is k: Mallows' criterion. For a network it is measured.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from numpy.typing import ArrayLike

from aelib._arrays import as_floating
from aelib._checks import check_array, check_count, check_key, check_matrix


def effective_dimension(
    model: Callable[[Array], Array],
    x: Float[Array, "n d"],
    key: Key[Array, ""],
    *,
    num_probes: int = 1,
) -> Float[Array, ""]:
    r"""Return the mean over examples of the divergence of a map.

    The divergence, the trace of the Jacobian, says how many numbers' worth of its input a map
    passes on. It is k for a projection on k directions (PCA), d for the identity, 0 for a
    constant. Traces are estimated with random signs, one forward-mode product for each probe. It
    may be jitted and vmapped.

    Args:
        model: maps [n, d] to [n, d], row by row, in JAX.
        x: examples.
        key: of the probes.
        num_probes: products to average for each example.

    Raises:
        ValueError: if the map does not keep the shape, or ``num_probes`` is below 1.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> x = jax.random.normal(jax.random.key(0), (8, 4))
        >>> keep_two = lambda x: x * jnp.array([1.0, 1.0, 0.0, 0.0])
        >>> float(effective_dimension(keep_two, x, jax.random.key(1)))
        2.0

    References:
        C. M. Stein (1981), Estimation of the mean of a multivariate normal distribution, The
        Annals of Statistics 9(6).
        M. F. Hutchinson (1990), A stochastic estimator of the trace of the influence matrix for
        Laplacian smoothing splines, Communications in Statistics 19(2).
    """
    check_count("num_probes", num_probes)
    examples = as_floating("x", x)
    check_key("key", key)
    shape = jax.eval_shape(model, examples).shape
    if examples.ndim != 2 or shape != examples.shape:
        raise ValueError(
            f"model: expected a map of [n, d] to itself, got {examples.shape} to {shape}"
        )
    probes = jax.random.rademacher(key, (num_probes, *examples.shape), examples.dtype)

    def one(probe: jax.Array) -> jax.Array:
        _, pushed = jax.jvp(model, (examples,), (probe,))
        return jnp.sum(probe * pushed, axis=1).mean()

    return jax.vmap(one)(probes).mean()


def noise_gain(reconstructions: Float[ArrayLike, "n d"], noise: Float[ArrayLike, "n d"]) -> float:
    r"""Return the part of a known noise that is found again in the reconstructions.

    It is :math:`\sum \varepsilon \cdot \hat x / \sum \lVert \varepsilon \rVert^2`: 1 if all of it
    is reproduced, 0 if none. On new examples its expectation is the effective dimension divided by
    d; on the training examples it is more, by what was memorized.

    Args:
        reconstructions: what a model makes of examples with this noise.
        noise: the noise that was added.

    Raises:
        ValueError: if the shapes differ, or there is no noise.

    Example:
        >>> noise_gain([[1.0, 5.0]], [[1.0, 0.0]])
        1.0
    """
    added = check_matrix("noise", noise)
    outputs = check_array("reconstructions", reconstructions, shape=added.shape)
    size = (added**2).sum()
    if size == 0:
        raise ValueError("noise: expected some, got zeros everywhere")
    return float((added * outputs).sum() / size)

r"""The error against a clean signal that nobody has, from noisy items alone.

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
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from aelib._checks import check_matrix
from aelib.lab.rate_distortion._checks import check_number, check_pair


def effective_dimension(
    model: Callable[[Any], Any], x: Any, key: jax.Array, *, num_probes: int = 1
) -> jax.Array:
    r"""Return the mean over items of the divergence of a map.

    The divergence, the trace of the Jacobian, says how many numbers' worth of its input a map
    passes on. It is k for a projection on k directions (PCA), d for the identity, 0 for a
    constant. Traces are estimated with random signs, one
    forward-mode product for each probe (Hutchinson 1990). It may be jitted and vmapped.

    Args:
        model: maps [n, d] to [n, d], row by row, in JAX.
        x: items, [n, d].
        key: of the probes.
        num_probes: products to average for each item.

    Returns:
        A scalar.

    Raises:
        ValueError: if the map does not keep the shape, or ``num_probes`` is below 1.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (8, 4))
    >>> keep_two = lambda x: x * jnp.array([1.0, 1.0, 0.0, 0.0])
    >>> float(effective_dimension(keep_two, x, jax.random.key(1)))
    2.0
    """
    if num_probes < 1:
        raise ValueError(f"num_probes: expected at least 1, got {num_probes}")
    items = jnp.asarray(x)
    shape = jax.eval_shape(model, items).shape
    if items.ndim != 2 or shape != items.shape:
        raise ValueError(f"model: expected a map of [n, d] to itself, got {items.shape} to {shape}")
    probes = jax.random.rademacher(key, (num_probes, *items.shape), items.dtype)

    def one(probe: jax.Array) -> jax.Array:
        _, pushed = jax.jvp(model, (items,), (probe,))
        return jnp.sum(probe * pushed, axis=1).mean()

    return jax.vmap(one)(probes).mean()


def stein_error(
    x: ArrayLike, drawn: ArrayLike, noise_variance: float, effective_dimension: float
) -> float:
    r"""Estimate the squared error against the clean signal, without the signal.

    Args:
        x: noisy items that took no part in training, [n, d].
        drawn: what the map makes of them, [n, d].
        noise_variance: :math:`\sigma^2`, which has to be known.
        effective_dimension: of the map at these items; k for PCA with k numbers.

    Returns:
        Mean over items, summed over features. An estimate: it can come out below 0.

    Raises:
        ValueError: if the shapes differ, or a number is out of range.

    Source:
        Stein (1981); for projections Mallows (1973).

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(4000, 3))  # all noise: the signal is 0
    >>> abs(stein_error(x, x, 1.0, 3.0) - 3.0) < 0.2  # keeping it all errs by all of it
    True
    """
    items = check_matrix("x", x)
    outputs = check_pair("drawn", drawn, "x", items)
    variance = check_number("noise_variance", noise_variance)
    if not np.isfinite(effective_dimension):
        raise ValueError(
            f"effective_dimension: expected a finite number, got {effective_dimension}"
        )
    seen = ((items - outputs) ** 2).sum(axis=1).mean()
    return float(seen + variance * (2 * float(effective_dimension) - items.shape[1]))


def noise_passed(drawn: ArrayLike, noise: ArrayLike) -> float:
    r"""Return the share of a known noise that is found again in the drawings.

    It is :math:`\sum \varepsilon \cdot \hat x / \sum \lVert \varepsilon \rVert^2`: 1 if all of it
    is drawn, 0 if none. On new items its expectation is the effective dimension divided by d; on
    the training items it is more, by what was learnt by heart.

    Args:
        drawn: what a model makes of items with this noise, [n, d].
        noise: the noise that was added, [n, d].

    Raises:
        ValueError: if the shapes differ, or there is no noise.

    >>> noise_passed([[1.0, 5.0]], [[1.0, 0.0]])
    1.0
    """
    added = check_matrix("noise", noise)
    outputs = check_pair("drawn", drawn, "noise", added)
    size = (added**2).sum()
    if size == 0:
        raise ValueError("noise: expected some, got zeros everywhere")
    return float((added * outputs).sum() / size)

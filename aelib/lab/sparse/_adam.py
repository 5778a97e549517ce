"""What Adam makes of an absolute value: it comes close to zero and never rests there."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from aelib._checks import check_count, check_number
from aelib._compile import compiled
from aelib.training._kernel import Problem, minimize


def adam(
    objective: Callable[[Float[Array, " ..."]], Float[Array, ""]],
    start: Float[ArrayLike, " ..."],
    *,
    learning_rate: float = 0.03,
    steps: int = 2000,
) -> Float[np.ndarray, " ..."]:
    r"""Minimize by Adam with a learning rate that falls to zero along a half cosine.

    To be held against :func:`ista` and :func:`least_absolute` on the same objective: the same loss,
    without a proximal step. All is computed in float64.

    Args:
        objective: a function in JAX, of an array of the shape of ``start``. Where an absolute value
            is 0, the gradient taken for it is 0.
        start: where to begin.
        learning_rate: at the first step.
        steps: how many.

    Returns:
        The last iterate, of the shape of ``start``.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> found = adam(lambda z: jnp.abs(z).sum(), [3.0, -1.0])
        >>> bool(np.all(np.abs(found) < 1e-2)), bool(np.any(found == 0))
        (True, False)

    References:
        D. P. Kingma and J. Ba (2015), Adam: a method for stochastic optimization, ICLR.
    """
    learning_rate = check_number("learning_rate", learning_rate, above=0)
    steps = check_count("steps", steps)
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))
    problem = Problem(
        objective=lambda z, _batch, _step: (objective(z), ()),
        batch=lambda order, _step: (order, None),
        optimizer=optimizer,
    )
    with jax.enable_x64(True):
        first = jnp.asarray(start, jnp.float64)
        last, _ = compiled(lambda z: minimize(problem, z, steps=steps), first)(first)
        return np.asarray(last)

"""How often an attack succeeds, as a function of its strength."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from aelib._arrays import as_jax, as_real
from aelib._checks import require_all
from aelib._compile import run_compiled
from aelib.adversarial._attacks import Objective, check_objective, pgd
from aelib.adversarial._checks import (
    check_epsilon,
    check_examples,
    check_strength,
    concrete,
    fraction_above_zero,
)


class AttackCurve(NamedTuple):
    """Attacks of several strengths on the same examples.

    Attributes:
        epsilons: the strengths, ascending.
        x: the strongest iterate at each strength.
        strength: its value of the criterion, positive for a success.
        last_strength: the criterion of the last iterate.

    Example:
        >>> import jax.numpy as jnp
        >>> from aelib import adversarial
        >>> total = lambda x: x.sum(axis=1) - 1.5
        >>> curve = adversarial.attack_curve(total, jnp.array([[0.5, 0.5]]), epsilons=[0.1, 0.3])
        >>> curve.success
        Array([0., 1.], dtype=float32)
    """

    epsilons: Float[Array, " k"]
    x: Float[Array, "k n ..."]
    strength: Float[Array, "k n"]
    last_strength: Float[Array, "k n"]

    @property
    def success(self) -> Float[Array, " k"]:
        """Fraction of examples on which the attack succeeds at each strength; NaN if one is NaN."""
        return fraction_above_zero(self.strength)


def attack_curve(
    objective: Objective,
    x: Float[ArrayLike, "n ..."],
    *also: PyTree,
    epsilons: Float[ArrayLike, " k"],
    criterion: Objective | None = None,
    **options: Any,
) -> AttackCurve:
    """Run :func:`pgd` at several strengths with the same random starts, in one compiled program.

    Args:
        objective: as for :func:`pgd`.
        x: the examples, values in [0, 1].
        *also: further arguments of objective and criterion, such as labels.
        epsilons: strengths in ascending order.
        criterion: as for :func:`pgd`.
        **options: ``norm``, ``steps``, ``step_size``, ``restarts``, ``key`` of :func:`pgd`.

    Returns:
        Attacked examples and strengths for each epsilon. Within ``jax.vmap``, as over networks,
        every entry has a leading axis.

    Raises:
        TypeError: as :func:`pgd`.
        ValueError: as :func:`pgd`, or if the strengths are not ascending from 0 or above.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[0.5, 0.5], [0.5, 0.9]])
        >>> plane = lambda x: x @ jnp.array([2.0, -1.0]) - 1.0
        >>> attack_curve(plane, x, epsilons=[0.0, 0.2, 0.4], steps=12).success
        Array([0. , 0.5, 1. ], dtype=float32)
    """
    x = check_examples("x", x)
    strengths = as_real("epsilons", epsilons)
    if strengths.ndim != 1 or not strengths.size:
        raise ValueError(f"epsilons: expected shape [k], not empty, got {strengths.shape}")
    if concrete(strengths):
        values = np.asarray(strengths)
        ascending = values >= np.concatenate([[0.0], values[:-1]])
        expected = "finite numbers of at least 0 in ascending order"
        require_all("epsilons", values, np.isfinite(values) & ascending, expected)
    check_objective("objective", objective, x, also)
    key = options.pop("key", None)
    if criterion is not None:
        check_objective("criterion", criterion, x, also)
    step_size = options.pop("step_size", None)
    if step_size is not None:
        step_size = check_epsilon(step_size, len(x), x.dtype, name="step_size")
    attacks = functools.partial(_curve, options)
    epsilons = as_jax("epsilons", strengths, x.dtype)
    curve = run_compiled(attacks, [objective, criterion], x, also, epsilons, step_size, key)
    check_strength(curve.strength)
    return curve


def _curve(
    options: dict[str, Any],
    functions: Sequence[Any],
    x: jax.Array,
    also: PyTree,
    epsilons: jax.Array,
    step_size: jax.Array | None,
    key: PRNGKeyArray | None,
) -> AttackCurve:
    objective, criterion = functions
    options = {**options, "criterion": criterion, "key": key, "step_size": step_size}

    def attack(epsilon: jax.Array) -> AttackCurve:
        found = pgd(objective, x, *also, epsilon=epsilon, **options)
        return AttackCurve(epsilon, found.x, found.strength, found.last_strength)

    return jax.lax.map(attack, epsilons)

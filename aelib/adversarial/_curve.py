"""How often an attack succeeds, against how strong it may be."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from aelib.adversarial._attacks import Objective, check_objective, pgd
from aelib.adversarial._checks import check_items, concrete
from aelib.adversarial._compile import traced


class AttackCurve(NamedTuple):
    """Attacks of several strengths on the same items.

    Attributes:
        epsilons: the strengths, ascending, ``[k]``.
        x: the strongest iterate at each strength, ``[k, n, ...]``.
        strength: what the judge says of it, positive for a success, ``[k, n]``.
        last_strength: what the judge says of the last iterate, ``[k, n]``.
    """

    epsilons: jax.Array
    x: jax.Array
    strength: jax.Array
    last_strength: jax.Array

    @property
    def success(self) -> jax.Array:
        """Share of items on which the attack succeeds at each strength, ``[k]``."""
        return jnp.mean(self.strength > 0, axis=-1)


def attack_curve(
    objective: Objective,
    x: Any,
    *also: Any,
    epsilons: Any,
    judge: Objective | None = None,
    **options: Any,
) -> AttackCurve:
    """:func:`pgd` at each of several strengths, with the same random starts, in one program.

    Args:
        objective: as for :func:`pgd`.
        x: the items, values in [0, 1], ``[n, ...]``.
        *also: what else objective and judge take, such as labels.
        epsilons: strengths in ascending order, ``[k]``.
        judge: as for :func:`pgd`.
        **options: ``norm``, ``steps``, ``restarts``, ``key`` of :func:`pgd`.

    Returns:
        AttackCurve: attacked items and strengths for each epsilon. Within ``jax.vmap``, as over
        networks, every entry has a leading axis.

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
    x = check_items("x", x)
    strengths = epsilons if isinstance(epsilons, jax.Array) else np.asarray(epsilons, x.dtype)
    if strengths.ndim != 1 or not strengths.size:
        raise ValueError(f"epsilons: expected shape [k], not empty, got {strengths.shape}")
    if concrete(strengths):
        values = np.asarray(strengths, np.float64)
        bad = ~(np.isfinite(values) & (values >= np.maximum(0, np.roll(values, 1))))
        bad[0] = not 0 <= values[0] < np.inf
        if bad.any():
            index = int(np.argmax(bad))
            raise ValueError(
                "epsilons: expected finite numbers of at least 0 in ascending order, got "
                f"{values[index]:g} at index {index}"
            )
    check_objective("objective", objective, x, also)
    key = options.pop("key", None)
    free = traced((objective, judge), x, also, strengths, key)
    run = _curve if free else _compiled
    settings = tuple(sorted(options.items()))
    return run(objective, judge, settings, x, also, jnp.asarray(strengths, x.dtype), key)


def _curve(
    objective: Objective,
    judge: Objective | None,
    options: tuple[tuple[str, Any], ...],
    x: jax.Array,
    also: Any,
    epsilons: jax.Array,
    key: Any,
) -> AttackCurve:
    def attack(epsilon: jax.Array) -> AttackCurve:
        found = pgd(objective, x, *also, epsilon=epsilon, judge=judge, key=key, **dict(options))
        return AttackCurve(epsilon, found.x, found.strength, found.last_strength)

    return jax.lax.map(attack, epsilons)


_compiled = functools.partial(jax.jit, static_argnums=(0, 1, 2))(_curve)


def epsilon_needed(epsilons: Any, success: Any, share: float = 0.5) -> np.ndarray:
    """The strength at which an attack succeeds on a given share of items.

    Linear between the strengths that were tried, the first crossing; infinite if the share is not
    reached, and the first strength if it is reached there.

    Args:
        epsilons: strengths in ascending order, ``[k]``.
        success: share of successes at each, ``[..., k]``.
        share: in (0, 1].

    Returns:
        ``[...]``.

    Raises:
        ValueError: if shapes do not fit or the share is out of range.

    Example:
        >>> epsilon_needed([0.0, 0.1, 0.2], [[0.0, 0.25, 0.75], [0.0, 0.1, 0.2]]).round(3)
        array([0.15,  inf])
    """
    if not 0 < share <= 1:
        raise ValueError(f"share: expected a number in (0, 1], got {share!r}")
    at, rates = np.asarray(epsilons, np.float64), np.asarray(success, np.float64)
    if at.ndim != 1 or rates.shape[-1:] != at.shape:
        raise ValueError(
            f"success: expected shape [..., {at.size}], as there are strengths, got {rates.shape}"
        )
    reached = rates >= share
    place = np.argmax(reached, axis=-1)
    before = np.maximum(place - 1, 0)
    high = np.take_along_axis(rates, place[..., None], axis=-1)[..., 0]
    low = np.take_along_axis(rates, before[..., None], axis=-1)[..., 0]
    step = np.where(high > low, (share - low) / np.where(high > low, high - low, 1), 1)
    found = np.where(place == 0, at[0], at[before] + step * (at[place] - at[before]))
    return np.where(reached.any(axis=-1), found, np.inf)

"""FGSM and PGD: attacks by gradient ascent."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from aelib._checks import check_callable, check_count, check_key
from aelib._compile import run_compiled
from aelib.adversarial._balls import project_unchecked, random_start, unit
from aelib.adversarial._checks import (
    Norm,
    check_epsilon,
    check_examples,
    check_norm,
    check_strength,
    concrete,
    over_features,
    per_example,
)

Objective = Callable[..., Float[Array, " n"]]


class AttackResult(NamedTuple):
    """What :func:`pgd` returns.

    Attributes:
        x: the strongest iterate of each example, the original example among them.
        strength: its value of the criterion; with :func:`margin`, positive where it fools. NaN
            where it is for any iterate and none succeeds, as for a label that is no class.
        last: the last iterate (of the last restart).
        last_strength: its value of the criterion.

    Example:
        >>> import jax.numpy as jnp
        >>> from aelib import adversarial
        >>> total = lambda x: x.sum(axis=1) - 1.5
        >>> result = adversarial.pgd(total, jnp.array([[0.5, 0.5], [0.1, 0.1]]), epsilon=0.3)
        >>> result.strength > 0  # which of the two attacks succeeded
        Array([ True, False], dtype=bool)
    """

    x: Float[Array, "n ..."]
    strength: Float[Array, " n"]
    last: Float[Array, "n ..."]
    last_strength: Float[Array, " n"]


def fgsm(
    objective: Objective,
    x: Float[ArrayLike, "n ..."],
    *also: PyTree,
    epsilon: Float[ArrayLike, "*n"],
    norm: Norm = "linf",
) -> Float[Array, "n ..."]:
    r"""Attack by one step of the largest allowed length along the gradient.

    With the gradient g of the objective at x, the step is :math:`\varepsilon \operatorname{sign} g`
    for ``"linf"`` (the fast gradient sign method) and :math:`\varepsilon g / \lVert g \rVert` for
    ``"l2"``: of all steps in the ball they increase the *linearized* objective most. Then the
    result is projected to [0, 1].

    Args:
        objective: ``objective(x, *also) -> [n]``, each entry a function of its own example only,
            which the attack increases, such as :func:`margin` of a classifier's logits.
        x: the examples, values in [0, 1].
        *also: further arguments of the objective, such as labels.
        epsilon: attack strength, one number or one for each example.
        norm: ``"linf"`` or ``"l2"``; see :func:`project`.

    Returns:
        The attacked examples.

    Raises:
        TypeError: if the examples are not floating-point numbers.
        ValueError: if an argument is out of its range, or, unless traced by JAX, the objective of
            an example is NaN; the message names it.

    Example:
        >>> import jax.numpy as jnp
        >>> fgsm(lambda x: x @ jnp.array([2.0, -1.0]), jnp.array([[0.5, 0.5]]), epsilon=0.25)
        Array([[0.75, 0.25]], dtype=float32)

    References:
        I. J. Goodfellow, J. Shlens and C. Szegedy (2015), *Explaining and harnessing adversarial
        examples*.
    """
    check_norm(norm)
    x = check_examples("x", x)
    radius = check_epsilon(epsilon, len(x), x.dtype)
    check_objective("objective", objective, x, also)
    attacked, values = run_compiled(functools.partial(_fgsm, norm), [objective], x, also, radius)
    check_strength(values)
    return attacked


def pgd(
    objective: Objective,
    x: Float[ArrayLike, "n ..."],
    *also: PyTree,
    epsilon: Float[ArrayLike, "*n"],
    norm: Norm = "linf",
    steps: int = 40,
    step_size: Float[ArrayLike, "*n"] | None = None,
    criterion: Objective | None = None,
    restarts: int = 1,
    key: PRNGKeyArray | None = None,
) -> AttackResult:
    r"""Attack by projected gradient ascent (PGD): many short steps, each followed by a projection.

    Each step is as that of :func:`fgsm`, of length ``step_size``; then :func:`project`. All steps
    run in one compiled loop, compiled once for each objective and norm, whatever the number of
    steps; under ``jax.jit`` or ``jax.vmap`` it becomes a part of the caller's program.

    Of all iterates, the original example included, the one with the largest ``criterion`` is kept.
    So with the same key, and one start, more steps are never weaker, by construction; whether the
    *last* iterate gets stronger too says if the search works.

    Args:
        objective: ``objective(x, *also) -> [n]``, each entry a function of its own example only,
            which the attack increases, such as :func:`margin` of a classifier's logits.
        x: the examples, values in [0, 1].
        *also: further arguments of objective and criterion, such as labels.
        epsilon: attack strength, one number or one for each example.
        norm: ``"linf"`` or ``"l2"``; see :func:`project`.
        steps: number of steps.
        step_size: length of a step, one number or one for each example; None for ``epsilon / 5``.
        criterion: ``criterion(x, *also) -> [n]``, positive where the attack succeeds; it needs no
            gradient. None for the objective.
        restarts: number of starts, each from another random point; needs a key.
        key: ``jax.random.key(seed)`` for random starts; None to start at the example itself.

    Returns:
        The strongest iterate ``x`` and its ``strength``, and the last.

    Raises:
        TypeError: if the examples are not floating-point numbers.
        ValueError: if an argument is out of its range, or, unless traced by JAX, the objective of
            an example is NaN; the message names it.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[0.5, 0.5], [0.5, 0.9]])
        >>> plane = lambda x: x @ jnp.array([2.0, -1.0]) - 1.0
        >>> found = pgd(plane, x, epsilon=0.25, steps=12, key=jax.random.key(0))
        >>> found.x, found.strength.round(3)
        (Array([[0.75, 0.25],
               [0.75, 0.65]], dtype=float32), Array([ 0.25, -0.15], dtype=float32))

    References:
        A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu (2018), *Towards deep learning
        models resistant to adversarial attacks*.
    """
    check_norm(norm)
    x = check_examples("x", x)
    restarts = check_count("restarts", restarts)
    if concrete(steps):
        steps = check_count("steps", steps)
    if restarts > 1 and key is None:
        raise ValueError(f"key: expected jax.random.key(seed) with {restarts} restarts, got None")
    if key is not None:
        check_key("key", key)
    radius = check_epsilon(epsilon, len(x), x.dtype)
    length = radius / 5
    if step_size is not None:
        length = check_epsilon(step_size, len(x), x.dtype, name="step_size")
    check_objective("objective", objective, x, also)
    if criterion is not None:
        check_objective("criterion", criterion, x, also)
    attack = functools.partial(climb, norm, restarts)
    functions = [objective, criterion]
    result = run_compiled(attack, functions, x, also, radius, length, jnp.asarray(steps), key)
    check_strength(result.strength)
    return result


def check_objective(name: str, objective: Objective, x: jax.Array, also: PyTree) -> None:
    """Raise an error unless it is callable and gives one number for each example."""
    check_callable(name, objective)
    shape = getattr(jax.eval_shape(objective, x, *also), "shape", None)
    if shape != (len(x),):
        raise ValueError(f"{name}: expected one number for each example, ({len(x)},), got {shape}")


def slope(
    objective: Objective, x: Float[Array, "n ..."], also: PyTree
) -> tuple[Float[Array, " n"], Float[Array, "n ..."]]:
    """The objective of each example, and its gradient, zero where it is not finite."""

    def total(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        values = objective(x, *also)
        return jnp.sum(values), values

    (_, values), gradient = jax.value_and_grad(total, has_aux=True)(x)
    finite = jnp.isfinite(gradient).all(axis=over_features(x), keepdims=True)
    return values, jnp.where(finite, gradient, 0)


def _step(gradient: jax.Array, length: jax.Array, norm: Norm) -> jax.Array:
    direction = jnp.sign(gradient) if norm == "linf" else unit(gradient)
    return per_example(length, gradient) * direction


def move(
    here: jax.Array,
    gradient: jax.Array,
    x: jax.Array,
    radius: jax.Array,
    length: jax.Array,
    norm: Norm,
) -> jax.Array:
    """One step uphill, back into the ball around x."""
    return project_unchecked(here + _step(gradient, length, norm), x, radius, norm)


def _fgsm(
    norm: Norm, functions: Sequence[Objective], x: jax.Array, also: PyTree, radius: jax.Array
) -> tuple[jax.Array, jax.Array]:
    (objective,) = functions
    values, gradient = slope(objective, x, also)
    return move(x, gradient, x, radius, radius, norm), values


def climb(
    norm: Norm,
    restarts: int,
    functions: Sequence[Objective | None],
    x: jax.Array,
    also: PyTree,
    radius: jax.Array,
    length: jax.Array,
    steps: int | Int[Array, ""],
    key: jax.Array | None,
) -> AttackResult:
    """:func:`pgd` for arguments that are known to be right."""
    objective, criterion = functions
    assert objective is not None

    def evaluate(here: jax.Array, values: jax.Array) -> jax.Array:
        return values if criterion is None else criterion(here, *also)

    def stronger(
        best: tuple[jax.Array, jax.Array], here: jax.Array, strength: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        # NaN is stronger than a failure, weaker than a success: who finds it has not met a
        # classifier that is robust there.
        better = (
            (strength > best[1])
            | (jnp.isnan(best[1]) & (strength > 0))
            | (jnp.isnan(strength) & (best[1] <= 0))
        )
        return jnp.where(per_example(better, x), here, best[0]), jnp.where(
            better, strength, best[1]
        )

    def step(_: Int[Array, ""], carry: PyTree) -> PyTree:
        best, here = carry
        values, gradient = slope(objective, here, also)
        best = stronger(best, here, evaluate(here, values))
        return best, move(here, gradient, x, radius, length, norm)

    def restart(carry: PyTree, start_key: jax.Array | None) -> tuple[PyTree, None]:
        best, _ = carry
        start = x if start_key is None else random_start(start_key, x, radius, norm)
        best, last = jax.lax.fori_loop(0, steps, step, (best, start))
        strength = evaluate(last, objective(last, *also))
        return (stronger(best, last, strength), (last, strength)), None

    strength = evaluate(x, objective(x, *also))
    carry = ((x, strength), (x, strength))
    if key is None:
        carry, _ = restart(carry, None)
    else:
        carry, _ = jax.lax.scan(restart, carry, jax.random.split(key, restarts))
    (strongest, most), (last, last_strength) = carry
    return AttackResult(strongest, most, last, last_strength)

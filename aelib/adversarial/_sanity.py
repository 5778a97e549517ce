"""Is a defence strong, or only the attack weak? Checks to run before believing a number."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from aelib.adversarial._attacks import Objective, move, pgd, slope
from aelib.adversarial._balls import random_unchecked
from aelib.adversarial._checks import Norm, check_items, over_features
from aelib.adversarial._compile import traced


class Sanity(NamedTuple):
    """Shares of items, from :func:`sanity_checks`.

    Attributes:
        noise: fooled by one random point of the ball.
        one_step: fooled by :func:`fgsm`.
        few_steps: fooled by the *last* iterate of a quarter of the steps.
        all_steps: fooled by the last iterate of all steps.
        unbounded: fooled by :func:`pgd` that may change every value to anything in [0, 1].
        transfer: fooled by items attacked on another model; NaN if there were none.
        no_slope: items at which the gradient is zero or not finite.
    """

    noise: jax.Array
    one_step: jax.Array
    few_steps: jax.Array
    all_steps: jax.Array
    unbounded: jax.Array
    transfer: jax.Array
    no_slope: jax.Array

    def problems(self, slack: float = 0.02) -> list[str]:
        """What speaks against the attack, in words; empty if nothing does.

        Args:
            slack: differences of shares up to this are taken for chance.

        Returns:
            One sentence for each check that failed.
        """
        shares = {name: float(value) for name, value in self._asdict().items()}
        rules = {
            "the gradient is zero or not finite at {no_slope:.0%} of the items": (
                shares["no_slope"] > slack
            ),
            "without a bound, only {unbounded:.0%} are fooled, not all": (
                shares["unbounded"] < 1 - slack
            ),
            "noise ({noise:.0%}) is not weaker than the attack ({all_steps:.0%})": (
                shares["noise"] > shares["all_steps"] - slack
            ),
            "one step ({one_step:.0%}) is stronger than many ({all_steps:.0%})": (
                shares["one_step"] > shares["all_steps"] + slack
            ),
            "a quarter of the steps ({few_steps:.0%}) is stronger than all ({all_steps:.0%})": (
                shares["few_steps"] > shares["all_steps"] + slack
            ),
            "items made for another model ({transfer:.0%}) are stronger than the attack "
            "({all_steps:.0%})": shares["transfer"] > shares["all_steps"] + slack,
        }
        return [text.format(**shares) for text, broken in rules.items() if broken]


def sanity_checks(
    objective: Objective,
    x: Any,
    *also: Any,
    epsilon: Any,
    norm: Norm = "linf",
    steps: int = 40,
    judge: Objective | None = None,
    transferred: Any = None,
    key: jax.Array,
) -> Sanity:
    """Run an attack beside others that it must not be weaker than.

    A defence may look strong because the attack cannot see a slope: the gradient is zero, or noisy,
    or points nowhere. Each of these checks is a symptom. Passing them all is no proof.

    Args:
        objective: what the attack increases; see :func:`pgd`.
        x: the items, values in [0, 1], ``[n, ...]``.
        *also: what else objective and judge take.
        epsilon: attack strength, one number or one for each item, ``[n]``. Choose it such that the
            attack succeeds sometimes, not always.
        norm: ``"linf"`` or ``"l2"``.
        steps: number of steps.
        judge: positive for a success; None for the objective.
        transferred: items within epsilon of ``x``, made for another model, ``[n, ...]``.
        key: ``jax.random.key(seed)``.

    Returns:
        Sanity: shares, and :meth:`Sanity.problems`.

    Raises:
        TypeError: as :func:`pgd`.
        ValueError: as :func:`pgd`.

    Source: N. Carlini et al. (2019), *On evaluating adversarial robustness*; A. Athalye et al.
    (2018), *Obfuscated gradients give a false sense of security*.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jnp.linspace(0.0, 0.9, 40).reshape(-1, 1)
        >>> staircase = lambda x: jnp.round(4 * x[:, 0]) - 3.5
        >>> found = sanity_checks(staircase, x, epsilon=0.2, key=jax.random.key(0))
        >>> found.problems()[0]
        'the gradient is zero or not finite at 100% of the items'
    """
    x = check_items("x", x)
    if transferred is not None:
        transferred = check_items("transferred", transferred)
        if transferred.shape != x.shape:
            raise ValueError(
                f"transferred: expected the shape of x, {x.shape}, got {transferred.shape}"
            )
    noise_key, start_key = jax.random.split(key)
    options: dict[str, Any] = {"norm": norm, "judge": judge, "key": start_key}

    def attack(radius: Any, count: int) -> Any:
        return pgd(objective, x, *also, epsilon=radius, steps=count, **options)

    whole = 1.0 if norm == "linf" else float((x.size // len(x)) ** 0.5)
    few, every, unbounded = (
        attack(*pair) for pair in ((epsilon, max(1, steps // 4)), (epsilon, steps), (whole, steps))
    )
    # After pgd, which has checked all the rest.
    radius = jnp.asarray(epsilon, x.dtype)
    free = traced((objective, judge), x, also, radius, transferred, key)
    weaker = _weaker if free else _compiled_weaker
    noise, one_step, transfer, no_slope = weaker(
        objective, judge, norm, x, also, radius, transferred, noise_key
    )
    return Sanity(
        noise=noise,
        one_step=one_step,
        few_steps=jnp.mean(few.last_strength > 0),
        all_steps=jnp.mean(every.last_strength > 0),
        unbounded=jnp.mean(unbounded.strength > 0),
        transfer=transfer,
        no_slope=no_slope,
    )


def _weaker(
    objective: Objective,
    judge: Objective | None,
    norm: Norm,
    x: jax.Array,
    also: Any,
    radius: jax.Array,
    transferred: jax.Array | None,
    key: jax.Array,
) -> tuple[jax.Array, ...]:
    """Shares fooled by noise, one step and items from elsewhere; share without a slope."""

    def fooled(items: jax.Array) -> jax.Array:
        return jnp.mean((objective if judge is None else judge)(items, *also) > 0)

    gradient = slope(objective, x, also)[1]
    return (
        fooled(random_unchecked(key, x, radius, norm)),
        fooled(move(x, gradient, x, radius, radius, norm)),
        jnp.asarray(jnp.nan) if transferred is None else fooled(transferred),
        jnp.mean(jnp.all(gradient == 0, axis=over_features(x))),
    )


_compiled_weaker = functools.partial(jax.jit, static_argnums=(0, 1, 2))(_weaker)

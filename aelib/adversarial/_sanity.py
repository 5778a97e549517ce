"""Is a defense strong, or only the attack weak? Checks to run before believing a number."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from aelib._checks import check_key
from aelib._compile import run_compiled
from aelib.adversarial._attacks import AttackResult, Objective, move, pgd, slope
from aelib.adversarial._balls import random_start
from aelib.adversarial._checks import Norm, check_examples, fraction_above_zero, over_features


class SanityReport(NamedTuple):
    """What :func:`sanity_checks` returns: fractions of examples.

    Attributes:
        noise: fooled by one random point of the ball.
        one_step: fooled by :func:`fgsm`.
        few_steps: fooled by the *last* iterate of a quarter of the steps.
        all_steps: fooled by the last iterate of all steps.
        unbounded: fooled by :func:`pgd` that may change every value to anything in [0, 1].
        transfer: fooled by examples attacked on another model; NaN if there were none.
        no_slope: examples at which the gradient is zero or not finite.

    Example:
        >>> report = SanityReport(
        ...     noise=0.6, one_step=0.4, few_steps=0.5, all_steps=0.5, unbounded=1.0,
        ...     transfer=float("nan"), no_slope=0.0,
        ... )
        >>> report.problems()
        ['noise (60%) is not weaker than the attack (50%)']
    """

    noise: Float[Array, ""]
    one_step: Float[Array, ""]
    few_steps: Float[Array, ""]
    all_steps: Float[Array, ""]
    unbounded: Float[Array, ""]
    transfer: Float[Array, ""]
    no_slope: Float[Array, ""]

    def problems(self, slack: float = 0.02) -> list[str]:
        """Describe each check that failed; an empty list if none did.

        Args:
            slack: differences of fractions up to this are taken for chance.

        Returns:
            One sentence for each check that failed.
        """
        found = {name: float(value) for name, value in self._asdict().items()}
        rules = {
            "the gradient is zero or not finite at {no_slope:.0%} of the examples": not (
                found["no_slope"] <= slack
            ),
            "without a bound, only {unbounded:.0%} are fooled, not all": not (
                found["unbounded"] >= 1 - slack
            ),
            "noise ({noise:.0%}) is not weaker than the attack ({all_steps:.0%})": not (
                found["noise"] <= found["all_steps"] - slack
            ),
            "one step ({one_step:.0%}) is stronger than many ({all_steps:.0%})": not (
                found["one_step"] <= found["all_steps"] + slack
            ),
            "a quarter of the steps ({few_steps:.0%}) is stronger than all ({all_steps:.0%})": not (
                found["few_steps"] <= found["all_steps"] + slack
            ),
            "examples made for another model ({transfer:.0%}) are stronger than the attack "
            "({all_steps:.0%})": found["transfer"] > found["all_steps"] + slack,
        }
        return [text.format(**found) for text, broken in rules.items() if broken]


def sanity_checks(
    objective: Objective,
    x: Float[ArrayLike, "n ..."],
    *also: PyTree,
    epsilon: Float[ArrayLike, "*n"],
    norm: Norm = "linf",
    steps: int = 40,
    criterion: Objective | None = None,
    transferred: Float[ArrayLike, "n ..."] | None = None,
    key: PRNGKeyArray,
) -> SanityReport:
    """Compare an attack with others that it must not be weaker than.

    A defense may look strong because the attack has no useful gradient: it is zero, or noisy, or
    points nowhere. Each failed check is a symptom of that. Passing them all is no proof.

    Args:
        objective: what the attack increases; see :func:`pgd`.
        x: the examples, values in [0, 1].
        *also: further arguments of objective and criterion.
        epsilon: attack strength, one number or one for each example. Choose it such that the attack
            succeeds sometimes, not always.
        norm: ``"linf"`` or ``"l2"``.
        steps: number of steps.
        criterion: positive for a success; None for the objective.
        transferred: examples within epsilon of ``x``, made for another model.
        key: ``jax.random.key(seed)``.

    Returns:
        Fractions of examples fooled, and :meth:`SanityReport.problems`.

    Raises:
        TypeError: as :func:`pgd`.
        ValueError: as :func:`pgd`.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jnp.linspace(0.0, 0.9, 40).reshape(-1, 1)
        >>> staircase = lambda x: jnp.round(4 * x[:, 0]) - 3.5
        >>> found = sanity_checks(staircase, x, epsilon=0.2, key=jax.random.key(0))
        >>> found.problems()[0]
        'the gradient is zero or not finite at 100% of the examples'

    References:
        N. Carlini et al. (2019), *On evaluating adversarial robustness*.

        A. Athalye, N. Carlini and D. Wagner (2018), *Obfuscated gradients give a false sense of
        security*.
    """
    x = check_examples("x", x)
    if transferred is not None:
        transferred = check_examples("transferred", transferred)
        if transferred.shape != x.shape:
            raise ValueError(
                f"transferred: expected the shape of x, {x.shape}, got {transferred.shape}"
            )
    noise_key, start_key = jax.random.split(check_key("key", key))
    options: dict[str, Any] = {"norm": norm, "criterion": criterion, "key": start_key}

    def attack(radius: ArrayLike, count: int) -> AttackResult:
        return pgd(objective, x, *also, epsilon=radius, steps=count, **options)

    whole = 1.0 if norm == "linf" else float((x.size // len(x)) ** 0.5)
    few, every, unbounded = (
        attack(*pair) for pair in ((epsilon, max(1, steps // 4)), (epsilon, steps), (whole, steps))
    )
    # After pgd, which has checked all the rest.
    radius = jnp.asarray(epsilon, x.dtype)
    noise, one_step, transfer, no_slope = run_compiled(
        functools.partial(_weaker, norm),
        [objective, criterion],
        x,
        also,
        radius,
        transferred,
        noise_key,
    )
    return SanityReport(
        noise=noise,
        one_step=one_step,
        few_steps=fraction_above_zero(few.last_strength),
        all_steps=fraction_above_zero(every.last_strength),
        unbounded=fraction_above_zero(unbounded.strength),
        transfer=transfer,
        no_slope=no_slope,
    )


def _weaker(
    norm: Norm,
    functions: Sequence[Any],
    x: jax.Array,
    also: PyTree,
    radius: jax.Array,
    transferred: jax.Array | None,
    key: jax.Array,
) -> tuple[jax.Array, ...]:
    """Fractions fooled by noise, one step and transferred examples; fraction without a gradient."""
    objective, criterion = functions

    def fooled(examples: jax.Array) -> jax.Array:
        return fraction_above_zero((objective if criterion is None else criterion)(examples, *also))

    gradient = slope(objective, x, also)[1]
    return (
        fooled(random_start(key, x, radius, norm)),
        fooled(move(x, gradient, x, radius, radius, norm)),
        jnp.asarray(jnp.nan) if transferred is None else fooled(transferred),
        jnp.mean(jnp.all(gradient == 0, axis=over_features(x))),
    )

"""Attacks on classifiers, defenses by reconstruction, and how to measure them.

:func:`fgsm` and :func:`pgd` change examples within a ball so as to fool; :class:`Defense` puts a
detector and a reformer before a classifier and gives the objective of an attacker who knows both;
:func:`attack_curve` measures success against strength, and :func:`sanity_checks` asks whether the
attack is any good.

Example:
    An attack on a rule that calls an example dark if its mean is below one half:

    >>> import jax.numpy as jnp
    >>> from aelib import adversarial
    >>> x = jnp.array([[0.2, 0.6, 0.4]])
    >>> brightness = lambda x: x.mean(axis=1) - 0.5  # positive where the rule is fooled
    >>> adversarial.attack_curve(brightness, x, epsilons=[0.05, 0.15], steps=5).success
    Array([0., 1.], dtype=float32)
"""

from aelib.adversarial._attacks import AttackResult as AttackResult
from aelib.adversarial._attacks import fgsm as fgsm
from aelib.adversarial._attacks import pgd as pgd
from aelib.adversarial._balls import project as project
from aelib.adversarial._curve import AttackCurve as AttackCurve
from aelib.adversarial._curve import attack_curve as attack_curve
from aelib.adversarial._defense import Defense as Defense
from aelib.adversarial._objectives import margin as margin
from aelib.adversarial._objectives import straight_through as straight_through
from aelib.adversarial._sanity import SanityReport as SanityReport
from aelib.adversarial._sanity import sanity_checks as sanity_checks

__all__ = [
    "AttackCurve",
    "AttackResult",
    "Defense",
    "SanityReport",
    "attack_curve",
    "fgsm",
    "margin",
    "pgd",
    "project",
    "sanity_checks",
    "straight_through",
]

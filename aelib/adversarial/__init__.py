"""Attacks on classifiers, defences by reconstruction, and how to measure them honestly.

:func:`fgsm` and :func:`pgd` change items within a ball so as to fool; :class:`Defence` puts a
detector and a reformer before a classifier and says what an attacker who knows it would maximise;
:func:`attack_curve` measures success against strength, :func:`sanity_checks` asks whether the
attack deserves to be believed, :func:`train_classifiers` trains on attacked items.

An attack on a rule that calls an item dark if its mean is below one half:

>>> import jax.numpy as jnp
>>> from aelib import adversarial
>>> x = jnp.array([[0.2, 0.6, 0.4]])
>>> brightness = lambda x: x.mean(axis=1) - 0.5  # positive where the rule is fooled
>>> adversarial.attack_curve(brightness, x, epsilons=[0.05, 0.15], steps=5).success
Array([0., 1.], dtype=float32)
"""

from aelib.adversarial._attacks import Attacked as Attacked
from aelib.adversarial._attacks import fgsm as fgsm
from aelib.adversarial._attacks import pgd as pgd
from aelib.adversarial._balls import project as project
from aelib.adversarial._balls import random_start as random_start
from aelib.adversarial._curve import AttackCurve as AttackCurve
from aelib.adversarial._curve import attack_curve as attack_curve
from aelib.adversarial._curve import epsilon_needed as epsilon_needed
from aelib.adversarial._defence import Defence as Defence
from aelib.adversarial._obfuscation import straight_through as straight_through
from aelib.adversarial._objectives import margin as margin
from aelib.adversarial._sanity import Sanity as Sanity
from aelib.adversarial._sanity import sanity_checks as sanity_checks
from aelib.adversarial._training import TrainedClassifiers as TrainedClassifiers
from aelib.adversarial._training import train_classifiers as train_classifiers

__all__ = [
    "AttackCurve",
    "Attacked",
    "Defence",
    "Sanity",
    "TrainedClassifiers",
    "attack_curve",
    "epsilon_needed",
    "fgsm",
    "margin",
    "pgd",
    "project",
    "random_start",
    "sanity_checks",
    "straight_through",
    "train_classifiers",
]

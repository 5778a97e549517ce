"""Exercises that answer back, and predictions that are made before the answer is shown.

Each function displays a field on the page: it says at once whether an answer is right, works
without a kernel and a network, and stores nothing. :func:`check` is for answers in code.
"""

from aelib.page.exercises._check import ExerciseFailed as ExerciseFailed
from aelib.page.exercises._check import check as check
from aelib.page.exercises._fields import choice as choice
from aelib.page.exercises._fields import expression as expression
from aelib.page.exercises._fields import number as number
from aelib.page.exercises._fields import predict as predict

__all__ = ["ExerciseFailed", "check", "choice", "expression", "number", "predict"]

"""Exercises in code: a check says whether what the reader wrote does what it should."""

from html import escape
from typing import Any

from aelib.page._embed import Output, common, inline

_SYMBOLS = {"right": "✓", "wrong": "✗", "open": "○"}


class ExerciseFailed(AssertionError):  # noqa: N818  # a failed check, like ClaimFailed
    """A solution does not pass the check of its own exercise."""


def check(name: str, passed: Any, *, hint: str = "", solution: bool = False) -> None:
    """Say whether the code above solves an exercise.

    The stub of an exercise raises ``NotImplementedError`` until the reader has written something;
    the same check, with ``solution=True``, stands under the solution, where failing is an error.

    Args:
        name: number of the exercise, such as ``"1.4"``.
        passed: whether it is solved; or a function of nothing that says so and may raise.
        hint: what to think of; it is folded.
        solution: whether this is the solution, which must pass.

    Raises:
        ExerciseFailed: if ``solution`` is true and the check does not pass.

    Example:
        >>> check("1.4", lambda: 1 + 1 == 2, solution=True)
    """
    state, words = _outcome(passed)
    if solution and state != "right":
        raise ExerciseFailed(f"exercise {name}: expected its solution to pass, but: {words}")
    title = f"Exercise {name}"
    shown = "The solution passes the check." if solution else words
    tip = ""
    if hint and state != "right":  # folded: a reader asks for it
        tip = f"<details><summary>Hint</summary><p>{inline(hint)}</p></details>"
    html = (
        f'<div class="aelib aelib-exercise" data-kind="check" data-exercise="{escape(name)}" '
        f'data-result="{state}"><div class="aelib-box"><p><span class="aelib-name">'
        f'<span aria-hidden="true">{_SYMBOLS[state]}</span> {escape(title)}.</span> '
        f"{escape(shown)}</p>{tip}</div>{common()}</div>"
    )
    Output(html, f"{_SYMBOLS[state]} {title}. {shown} {hint if tip else ''}".strip()).show()


def _outcome(passed: Any) -> tuple[str, str]:
    try:
        result = bool(passed()) if callable(passed) else bool(passed)
    except NotImplementedError:
        return "open", "Not solved yet: write your code above and run both cells."
    except Exception as error:  # whatever a reader's code does, the notebook goes on
        return "wrong", f"Not yet: your code stopped with {type(error).__name__}: {error}"
    if result:
        return "right", "Solved: your code passes the check."
    return "wrong", "Not yet: your code runs, but its result is not the right one."

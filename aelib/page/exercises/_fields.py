"""Fields for a number, a choice, an expression; and a prediction."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from aelib.page._embed import Output, common, inline, json_element
from aelib.page.exercises._expression import evaluate

_POINTS = 24  # two expressions that agree at so many random points are the same for our purposes


def number(
    name: str, question: str, *, answer: float, tolerance: float, hint: str = "", unit: str = ""
) -> None:
    """Ask for a number.

    Args:
        name: number of the exercise, such as ``"1.1"``.
        question: the question; ``$…$``, ``*…*`` and backquotes are understood.
        answer: the right answer, best computed by the cell.
        tolerance: largest absolute difference that is accepted.
        hint: what to think of; it is folded.
        unit: unit, shown behind the field.

    Raises:
        ValueError: if the answer is not finite or the tolerance is negative.
    """
    if not np.isfinite(answer) or not tolerance >= 0:
        raise ValueError(
            f"answer, tolerance: expected finite numbers, got {answer} and {tolerance}"
        )
    data = {"answer": float(answer), "tolerance": float(tolerance)}
    field = _text_field(f"Your answer to exercise {name}", unit) + _button("Check")
    _exercise("number", name, question, field, data, hint).show()


def choice(
    name: str,
    question: str,
    *,
    choices: Sequence[str] | Mapping[str, str],
    answer: str,
    hint: str = "",
) -> None:
    """Ask which of several statements is right.

    Args:
        name: number of the exercise, such as ``"1.2"``.
        question: the question.
        choices: what can be chosen; as a mapping, with what to say to who has chosen it.
        answer: the right one.
        hint: what to think of; it is folded.

    Raises:
        ValueError: if ``answer`` is not one of at least two different choices.
    """
    options = _options(choices, answer)
    remarks = list(choices.values()) if isinstance(choices, Mapping) else [""] * len(options)
    data = {"answer": options.index(answer), "remarks": remarks}
    field = _radio_fields(f"Answers to exercise {name}", options) + _button("Check")
    _exercise("choice", name, question, field, data, hint).show()


def expression(
    name: str,
    question: str,
    *,
    answer: str,
    variables: Mapping[str, tuple[float, float]],
    hint: str = "",
    tolerance: float = 1e-6,
) -> None:
    """Ask for an expression; any that has the same values is right.

    Args:
        name: number of the exercise, such as ``"1.3"``.
        question: the question.
        answer: one right expression. It and the reader's are made of numbers, the variables,
            ``+ - * / ^``, brackets, ``log exp sqrt abs sin cos tanh sigmoid softplus`` and ``pi``.
        variables: the range of each variable, from which points to compare at are drawn.
        hint: what to think of; it is folded.
        tolerance: largest difference accepted, absolute below one and relative above.

    Raises:
        ValueError: if the expression cannot be read or is finite at less than half of the points.
    """
    names = list(variables)
    low, high = (np.array([limits[i] for limits in variables.values()]) for i in (0, 1))
    draws = low + (high - low) * np.random.default_rng(0).random((2 * _POINTS, len(names)))
    draws = np.round(draws, 4)
    values = [evaluate(answer, dict(zip(names, map(float, draw), strict=True))) for draw in draws]
    fine = [index for index, value in enumerate(values) if np.isfinite(value)][:_POINTS]
    if len(fine) < _POINTS:
        raise ValueError(f"variables: expected ranges where {answer!r} is finite, got {variables}")
    data = {
        "names": names,
        "points": draws[fine].tolist(),
        "values": [values[index] for index in fine],
        "tolerance": tolerance,
    }
    field = _text_field(f"Your expression for exercise {name}", "") + _button("Check")
    _exercise("expression", name, question, field, data, hint).show()


def predict(
    name: str,
    question: str,
    *,
    choices: Sequence[str] | None = None,
    answer: Any = None,
    tolerance: float = 0.0,
    told: str = "",
    unit: str = "",
) -> None:
    """Ask for a prediction before the answer is shown.

    In the book, what follows the cell, up to the next heading or prediction, is covered until the
    reader has committed to an answer or asks to see it. Without scripts and in print it is shown.

    Args:
        name: a name for the prediction, unique in its chapter.
        question: the question.
        choices: what can be predicted; a number when left out.
        answer: what came out, one of the choices or a number; when left out, the reader is only
            sent on to see.
        tolerance: for numbers, the distance that counts as right.
        told: a sentence that is added once the reader has committed.
        unit: unit of a number, shown behind the field.

    Raises:
        ValueError: if ``answer`` is not one of at least two different choices.
    """
    data: dict[str, Any]
    if choices is not None:
        options = _options(choices, answer)
        index = None if answer is None else options.index(answer)
        data = {"choices": options, "answer": index, "told": told}
        field = _radio_fields("Your prediction", options)
    else:
        number_ = None if answer is None else float(answer)
        data = {"choices": None, "answer": number_, "tolerance": float(tolerance), "told": told}
        field = _text_field("Your prediction", unit)
    _exercise("predict", name, question, field + _button("Commit"), data, "").show()


def _options(choices: Sequence[str] | Mapping[str, str], answer: str | None) -> list[str]:
    options = list(choices)
    if len(options) < 2 or len(set(options)) < len(options):
        raise ValueError(f"choices: expected at least two different ones, got {options}")
    if answer is not None and answer not in options:
        raise ValueError(f"answer: expected one of {options}, got {answer!r}")
    return options


def _text_field(label: str, unit: str) -> str:
    behind = f"<span>{inline(unit)}</span>" if unit else ""
    return (
        f'<input type="text" name="answer" aria-label="{escape(label)}" autocomplete="off" '
        f'autocapitalize="off" spellcheck="false" disabled>{behind}'
    )


def _radio_fields(label: str, options: Sequence[str]) -> str:
    rows = "".join(
        f'<label><input type="radio" name="answer" autocomplete="off" disabled>'
        f"<span>{inline(option)}</span></label>"
        for option in options
    )
    return f'<div class="aelib-options" role="radiogroup" aria-label="{escape(label)}">{rows}</div>'


def _button(words: str) -> str:
    return f'<button type="submit" disabled>{words}</button>'


def _exercise(
    kind: str, name: str, question: str, field: str, data: dict[str, Any], hint: str
) -> Output:
    if not question.strip():
        raise ValueError("question: expected words, got none")
    title = "Predict first" if kind == "predict" else f"Exercise {name}"
    folded = f"<details><summary>Hint</summary><p>{inline(hint)}</p></details>" if hint else ""
    anchor = ("predict-" if kind == "predict" else "exercise-") + name.replace(".", "-")
    html = (
        f'<div class="aelib aelib-exercise" data-kind="{kind}" data-exercise="{escape(name)}" '
        f'id="{escape(anchor)}">'
        '<div class="aelib-box tex2jax_process">'
        f'<p><span class="aelib-name">{escape(title)}.</span> {inline(question)}</p>'
        f'<form autocomplete="off" novalidate>{field}</form>'
        f'<p role="status"></p>{folded}</div>'
        f"{json_element(data)}{common()}</div>"
    )
    return Output(html, f"({title}: {question})")

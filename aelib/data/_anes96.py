"""The American National Election Study of 1996, as published with statsmodels."""

from __future__ import annotations

import numpy as np

from aelib.data._dataset import Dataset
from aelib.data._table import (
    CITATION,
    Field,
    leveled,
    measured,
    nonnegative,
    read_csv,
    table_dataset,
)

_DIGEST = "c124d8556d6f8c4329b1fea61e3dc6891c5e663f15b7fe5791235963420ba896"
_LEANING = (
    "extremely liberal",
    "liberal",
    "slightly liberal",
    "moderate",
    "slightly conservative",
    "conservative",
    "extremely conservative",
)
_PARTY = (
    "strong Democrat",
    "weak Democrat",
    "independent, leaning Democrat",
    "independent",
    "independent, leaning Republican",
    "weak Republican",
    "strong Republican",
)
_EDUCATION = (
    "grades 1 to 8",
    "some high school",
    "high school",
    "some college",
    "college degree",
    "master's degree",
    "PhD",
)
# Lower ends of the 24 income brackets, in dollars; the last one is open.
_INCOME = (
    *(0, 3000, 5000, 7000, 9000, 10000, 11000, 12000, 13000, 14000, 15000, 17000),
    *(20000, 22000, 25000, 30000, 35000, 40000, 45000, 50000, 60000, 75000, 90000, 105000),
)


def _fields() -> list[Field]:
    leaning = list(enumerate(_LEANING, start=1))
    return [
        nonnegative("popul", "1000 inhabitants", "population of the place", 1.0),
        leveled(
            "TVnews",
            "ordinal",
            [(times, f"{times} times a week") for times in range(8)],
            "how often television news is watched, times a week",
        ),
        leveled("selfLR", "ordinal", leaning, "where the respondent stands"),
        leveled("ClinLR", "ordinal", leaning, "where the respondent sees Clinton"),
        leveled("DoleLR", "ordinal", leaning, "where the respondent sees Dole"),
        leveled("PID", "ordinal", list(enumerate(_PARTY)), "party identification"),
        measured("age", "years", "age in whole years", 1.0),
        leveled("educ", "ordinal", list(enumerate(_EDUCATION, start=1)), "education"),
        leveled(
            "income",
            "ordinal",
            [(code, f"from ${low:,}") for code, low in enumerate(_INCOME, start=1)],
            "income of the household, in brackets",
        ),
        leveled("vote", "binary", [(0, "Clinton"), (1, "Dole")], "expected vote"),
    ]


def load_anes96(*, logpopul: bool = False) -> Dataset:
    """A survey of 944 voters: vote, party, leanings, age, education, income.

    Args:
        logpopul: whether to add statsmodels' derived column ``log(popul + 0.1)``, a function of
            ``popul``, to show what a duplicate column does to a likelihood.

    Returns:
        Ten columns (eleven with ``logpopul``), ``[944, 10]``.
    """
    table = read_csv("datasets/anes96/anes96.csv", _DIGEST, "\t", quote="'")
    fields = _fields()
    if logpopul:
        table["logpopul"] = np.log(table["popul"] + 0.1)
        fields.append(measured("logpopul", "log 1000 inhabitants", "of popul"))
    return table_dataset(
        "anes96",
        table,
        fields,
        source="statsmodels, sm.datasets.anes96: part of the American National Election Study "
        "of 1996, www.electionstudies.org",
        license="public domain",
        citation=CITATION,
        description="TVnews counts times a week, 0 to 7, not hours. statsmodels adds logpopul = "
        "log(popul + 0.1) when it loads the file: with both columns a learned scale shrinks "
        "without end and the joint density with it, so it is left out here unless asked for. "
        "None of the columns is an unordered category. popul and age are rounded to whole "
        "numbers and popul is often exactly 0.",
    )

"""Fair's survey on extramarital affairs, as published with statsmodels."""

from __future__ import annotations

from aelib.data._dataset import Dataset
from aelib.data._table import Field, leveled, nonnegative, read_csv, table_dataset

_DIGEST = "fd5f3f094a34fc35ca346a14c359e046ed27843038d6921efcd50a7ab21f6af0"
_OCCUPATION = [
    (1, "student"),
    (2, "farming, semi-skilled or unskilled"),
    (3, "white-collar"),
    (4, "teacher, social worker, nurse, artist, technician, skilled"),
    (5, "managerial, administrative, business"),
    (6, "professional with advanced degree"),
]


def _fields() -> list[Field]:
    rating = [(1, "very poor"), (2, "poor"), (3, "fair"), (4, "good"), (5, "very good")]
    age = [(17.5, "17.5"), (22, "22"), (27, "27"), (32, "32"), (37, "37"), (42, "42")]
    married = [(years, f"{years:g}") for years in (0.5, 2.5, 6.0, 9.0, 13.0, 16.5, 23.0)]
    children = [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4"), (5.5, "more than 4")]
    religious = [(1, "not"), (2, "mildly"), (3, "fairly"), (4, "strongly")]
    education = [
        (9, "grade school"),
        (12, "high school"),
        (14, "some college"),
        (16, "college graduate"),
        (17, "some graduate school"),
        (20, "advanced degree"),
    ]
    return [
        leveled("rate_marriage", "ordinal", rating, "rating of the marriage"),
        leveled("age", "ordinal", age, "middle of the age bracket, years"),
        leveled("yrs_married", "ordinal", married, "middle of the bracket, years of marriage"),
        leveled("children", "ordinal", children, "number of children"),
        leveled("religious", "ordinal", religious, "how religious"),
        leveled("educ", "ordinal", education, "education"),
        leveled("occupation", "categorical", _OCCUPATION, "occupation, without an order"),
        leveled("occupation_husb", "categorical", _OCCUPATION, "husband's occupation"),
        nonnegative("affairs", "index", "time spent in affairs; exactly 0 for two thirds"),
    ]


def load_fair() -> Dataset:
    """6,366 answers to a magazine's survey of married women, with unordered categories.

    Returns:
        Nine columns, ``[6366, 9]``.
    """
    table = read_csv("datasets/fair/fair.csv", _DIGEST, ",")
    return table_dataset(
        "fair",
        table,
        _fields(),
        source="statsmodels, sm.datasets.fair: Redbook survey of 1974",
        license="included in statsmodels with permission of the author",
        citation="R. C. Fair (1978), A Theory of Extramarital Affairs, Journal of Political "
        "Economy 86(1), 45-61, doi:10.1086/260636",
        description="Each row is another woman; answers are so coarse that many rows agree, by "
        "chance and not because a person was asked twice, so splits are by row. Ages, years of "
        "marriage and children are the middles of brackets, hence ordinal. The occupations are "
        "unordered categories, though published as numbers. affairs has an atom at 0 and is "
        "continuous beyond: no density alone fits it.",
    )

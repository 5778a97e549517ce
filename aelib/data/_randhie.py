"""The RAND Health Insurance Experiment, as published with statsmodels."""

from __future__ import annotations

import numpy as np

from aelib.data._dataset import Dataset
from aelib.data._table import (
    CITATION,
    Field,
    counted,
    leveled,
    nonnegative,
    read_csv,
    table_dataset,
)

_DIGEST = "9f6c87d05aef087a82cc4465310c8cd3f38327be6eafa43bd81fb98c4f3d088c"
_NO_YES = [(0.0, "no"), (1.0, "yes")]
# lncoins is log(coinsurance + 1), published with six decimals.
_COINSURANCE = [
    (0.0, "0 %"),
    (3.258096, "25 %"),
    (3.931826, "50 %"),
    (4.564348, "95 %"),
    (4.61512, "100 %"),
]


def _fields(merge_health: bool) -> list[Field]:
    health = [
        leveled("hlthg", "binary", _NO_YES, "rates own health as good"),
        leveled("hlthf", "binary", _NO_YES, "rates own health as fair"),
        leveled("hlthp", "binary", _NO_YES, "rates own health as poor"),
    ]
    if merge_health:
        levels = [(0.0, "excellent"), (1.0, "good"), (2.0, "fair"), (3.0, "poor")]
        health = [leveled("health", "ordinal", levels, "rating of own health")]
    return [
        counted("mdvis", "visits a year", "outpatient visits to a physician"),
        leveled("lncoins", "ordinal", _COINSURANCE, "coinsurance, published as log(percent + 1)"),
        leveled("idp", "binary", _NO_YES, "plan with an individual deductible"),
        nonnegative("lpi", "log dollars", "log(max(1, participation incentive))"),
        nonnegative("fmde", "log dollars", "log of the maximum expenditure, or 0"),
        nonnegative("physlm", "share", "physical limitation; between 0 and 1: imputed"),
        nonnegative("disea", "diseases", "index of chronic diseases"),
        *health,
    ]


def load_randhie(*, merge_health: bool = False) -> Dataset:
    """20,190 person-years of health insurance: visits to the physician and nine covariates.

    Args:
        merge_health: whether the three indicators ``hlthg``, ``hlthf`` and ``hlthp``, of which at
            most one is 1, become one ordinal column of four levels.

    Returns:
        Ten columns (eight with ``merge_health``), ``[20190, 10]``. ``groups`` numbers the distinct
        rows of covariates.
    """
    table = read_csv("datasets/randhie/randhie.csv", _DIGEST, ",")
    covariates = table.drop(columns="mdvis").to_numpy()
    groups = np.unique(covariates, axis=0, return_inverse=True)[1].reshape(-1)
    if merge_health:
        table["health"] = table["hlthg"] + 2 * table["hlthf"] + 3 * table["hlthp"]
    return table_dataset(
        "randhie",
        table,
        _fields(merge_health),
        groups=groups,
        source="statsmodels, sm.datasets.randhie: RAND Health Insurance Experiment, in the form "
        "of Cameron and Trivedi",
        license="public domain",
        citation="A. C. Cameron and P. K. Trivedi (2005), Microeconometrics: Methods and "
        f"Applications, Cambridge University Press; {CITATION}",
        description="One row is one person in one year, and the person is not recorded: 99.5 % of "
        "the rows share all nine covariates with another row. Every split here keeps rows with "
        "equal covariates together, or a model could pass the test by remembering. physlm has "
        "values between 0 and 1 where it was imputed; disea is an index and not the whole number "
        "that its published description promises; fmde is not 0 for most rows with an individual "
        "deductible, though it is described so; lncoins takes five values. The health "
        "indicators exclude each other, none of them meaning excellent.",
    )

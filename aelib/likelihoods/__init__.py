"""Likelihoods: what the decoder's raw outputs say about the data, in nats.

A likelihood owns the link from raw outputs to parameters, the mean, the variance, a sampler, a
check of the data against its support, and how many decoder outputs each feature needs. The
arithmetic is in :mod:`aelib.losses`.
"""

from aelib.likelihoods._protocol import Likelihood as Likelihood
from aelib.likelihoods.bernoulli import Bernoulli as Bernoulli
from aelib.likelihoods.categorical import Categorical as Categorical
from aelib.likelihoods.composite import Composite as Composite
from aelib.likelihoods.composite_coding import CodedTable as CodedTable
from aelib.likelihoods.composite_column import TableColumn as TableColumn
from aelib.likelihoods.composite_columns import Columns as Columns
from aelib.likelihoods.composite_determined import determined_columns as determined_columns
from aelib.likelihoods.continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from aelib.likelihoods.discretised import normal_log_mass as normal_log_mass
from aelib.likelihoods.factorised import Factorised as Factorised
from aelib.likelihoods.gaussian import Gaussian as Gaussian
from aelib.likelihoods.laplace import Laplace as Laplace
from aelib.likelihoods.multinomial import Multinomial as Multinomial
from aelib.likelihoods.negative_binomial import NegativeBinomial as NegativeBinomial
from aelib.likelihoods.one_of import OneOf as OneOf
from aelib.likelihoods.ordinal import Ordinal as Ordinal
from aelib.likelihoods.poisson import Poisson as Poisson
from aelib.likelihoods.positive import Positive as Positive
from aelib.likelihoods.student_t import StudentT as StudentT
from aelib.likelihoods.zero_inflated import (
    ZeroInflatedNegativeBinomial as ZeroInflatedNegativeBinomial,
)

__all__ = [
    "Bernoulli",
    "Categorical",
    "CodedTable",
    "Columns",
    "Composite",
    "ContinuousBernoulli",
    "Factorised",
    "Gaussian",
    "Laplace",
    "Likelihood",
    "Multinomial",
    "NegativeBinomial",
    "OneOf",
    "Ordinal",
    "Poisson",
    "Positive",
    "StudentT",
    "TableColumn",
    "ZeroInflatedNegativeBinomial",
    "determined_columns",
    "normal_log_mass",
]

"""Likelihoods: what the decoder's raw outputs say about the data, in nats.

A likelihood owns the link from raw outputs to parameters, the mean, the variance, a sampler, a
check of the data against its support, and how many decoder outputs each feature needs. The
arithmetic is in :mod:`aelib.losses`.
"""

from ._protocol import Likelihood as Likelihood
from .bernoulli import Bernoulli as Bernoulli
from .categorical import Categorical as Categorical
from .composite import Composite as Composite
from .composite_coding import CodedTable as CodedTable
from .composite_column import TableColumn as TableColumn
from .composite_columns import Columns as Columns
from .composite_determined import determined_columns as determined_columns
from .continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from .discretised import normal_log_mass as normal_log_mass
from .factorised import Factorised as Factorised
from .gaussian import Gaussian as Gaussian
from .laplace import Laplace as Laplace
from .multinomial import Multinomial as Multinomial
from .negative_binomial import NegativeBinomial as NegativeBinomial
from .one_of import OneOf as OneOf
from .ordinal import Ordinal as Ordinal
from .poisson import Poisson as Poisson
from .positive import Positive as Positive
from .student_t import StudentT as StudentT
from .zero_inflated import ZeroInflatedNegativeBinomial as ZeroInflatedNegativeBinomial

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

"""Likelihoods: what the decoder's raw outputs say about the data, in nats.

A likelihood owns the link from raw outputs to parameters, the mean, the variance, a sampler, a
check of the data against its support, and how many decoder outputs each feature needs. The
arithmetic is in :mod:`aelib.losses`.
"""

from aelib.likelihoods._bernoulli import Bernoulli as Bernoulli
from aelib.likelihoods._categorical import Categorical as Categorical
from aelib.likelihoods._composite.columns import Columns as Columns
from aelib.likelihoods._composite.composite import Composite as Composite
from aelib.likelihoods._continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from aelib.likelihoods._discretized import Discretized as Discretized
from aelib.likelihoods._factorized import Factorized as Factorized
from aelib.likelihoods._gaussian import Gaussian as Gaussian
from aelib.likelihoods._laplace import Laplace as Laplace
from aelib.likelihoods._multinomial import Multinomial as Multinomial
from aelib.likelihoods._negative_binomial import NegativeBinomial as NegativeBinomial
from aelib.likelihoods._ordinal import Ordinal as Ordinal
from aelib.likelihoods._poisson import Poisson as Poisson
from aelib.likelihoods._protocol import Likelihood as Likelihood
from aelib.likelihoods._student_t import StudentT as StudentT
from aelib.likelihoods._zero_inflated import (
    ZeroInflatedNegativeBinomial as ZeroInflatedNegativeBinomial,
)

__all__ = [
    "Bernoulli",
    "Categorical",
    "Columns",
    "Composite",
    "ContinuousBernoulli",
    "Discretized",
    "Factorized",
    "Gaussian",
    "Laplace",
    "Likelihood",
    "Multinomial",
    "NegativeBinomial",
    "Ordinal",
    "Poisson",
    "StudentT",
    "ZeroInflatedNegativeBinomial",
]

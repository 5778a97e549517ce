"""Negative log-likelihoods: raw decoder outputs in, nats out, all constants included.

Pure functions, elementwise for factorized families and per example for joint ones; the caller
reduces. There is no epsilon inside a logarithm: parameters come as logits and logarithms, and
where large terms cancel they are canceled on paper (``_cancellation``, ``_stirling``).
"""

from aelib.losses._bernoulli import bernoulli_nll as bernoulli_nll
from aelib.losses._categorical import categorical_nll as categorical_nll
from aelib.losses._continuous_bernoulli import continuous_bernoulli_nll as continuous_bernoulli_nll
from aelib.losses._gaussian import gaussian_nll as gaussian_nll
from aelib.losses._laplace import laplace_nll as laplace_nll
from aelib.losses._multinomial import multinomial_nll as multinomial_nll
from aelib.losses._negative_binomial import negative_binomial_nll as negative_binomial_nll
from aelib.losses._poisson import poisson_nll as poisson_nll
from aelib.losses._student_t import student_t_nll as student_t_nll
from aelib.losses._zero_inflated import (
    zero_inflated_negative_binomial_nll as zero_inflated_negative_binomial_nll,
)

__all__ = [
    "bernoulli_nll",
    "categorical_nll",
    "continuous_bernoulli_nll",
    "gaussian_nll",
    "laplace_nll",
    "multinomial_nll",
    "negative_binomial_nll",
    "poisson_nll",
    "student_t_nll",
    "zero_inflated_negative_binomial_nll",
]

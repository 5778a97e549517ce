"""Negative log-likelihoods: raw decoder outputs in, nats out, constants included."""

from ._draft import bernoulli_nll as bernoulli_nll
from ._draft import categorical_nll as categorical_nll
from ._draft import continuous_bernoulli_nll as continuous_bernoulli_nll
from ._draft import gaussian_nll as gaussian_nll
from ._draft import laplace_nll as laplace_nll
from ._draft import multinomial_nll as multinomial_nll
from ._draft import negative_binomial_nll as negative_binomial_nll
from ._draft import poisson_nll as poisson_nll
from ._draft import student_t_nll as student_t_nll
from ._draft import zero_inflated_negative_binomial_nll as zero_inflated_negative_binomial_nll

"""Negative binomial losses, gradients included, against scVI's formula in PyTorch.

Of 4096 x 2000 counts, as a batch of single cells has them.
"""

import functools
from typing import Any

import mpmath
import numpy as np

from tests.benchmarks.harness import Call, Report, figure, growth, in_turns

CELLS, GENES = 4096, 2000


def report(rounds: int) -> Report:
    """NB and ZINB, against PyTorch eager and compiled; growth with the cells."""
    figures = []
    for family, name in (("nb", "negative binomial"), ("zinb", "zero-inflated NB")):
        calls = {
            "aelib": aelib_side(family, CELLS),
            "eager": torch_side(family, compiled=False),
            "compiled": torch_side(family, compiled=True),
        }
        taken = in_turns(calls, rounds)
        for kind in ("eager", "compiled"):
            figures.append(
                figure(
                    f"{name} loss and gradient, {CELLS} x {GENES} counts",
                    f"scVI's formula, PyTorch {kind}",
                    taken["aelib"],
                    taken[kind],
                    at_least=2.0,
                    note=_errors() if family == "nb" else "",
                )
            )
    cells = {n: aelib_side("nb", n) for n in (512, 1024, 2048, 4096)}
    return Report(figures, [growth("negative binomial loss and gradient", "rows", cells)])


@functools.cache
def data(cells: int = CELLS) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Log means [n, d], log dispersions [d], zero logits [n, d] and counts [n, d]."""
    rng = np.random.default_rng(0)
    log_mean = rng.normal(0.0, 1.5, (cells, GENES)).astype(np.float32)
    log_theta = rng.normal(1.0, 1.0, GENES).astype(np.float32)
    zero_logits = rng.normal(-1.0, 1.0, (cells, GENES)).astype(np.float32)
    counts = rng.poisson(np.exp(log_mean) * rng.gamma(2.0, 0.5, log_mean.shape))
    return log_mean, log_theta, zero_logits, counts.astype(np.float32)


def aelib_side(family: str, cells: int) -> Call:
    """Mean loss and gradients of all parameters, compiled."""
    import jax
    import jax.numpy as jnp

    from aelib import losses

    log_mean, log_theta, zero_logits, counts = map(jnp.asarray, data(cells))
    by_cell = (log_mean,) if family == "nb" else (log_mean, zero_logits)

    def total(by_cell: tuple[jax.Array, ...], log_theta: jax.Array, counts: jax.Array) -> jax.Array:
        nll = losses.negative_binomial_nll
        if family == "zinb":
            nll = losses.zero_inflated_negative_binomial_nll
        return nll(by_cell[0], log_theta, *by_cell[1:], counts).sum() / (cells * GENES)

    compiled = jax.jit(jax.value_and_grad(total, argnums=(0, 1)))

    def call() -> Any:
        return jax.block_until_ready(compiled(by_cell, log_theta, counts))

    return call


def torch_side(family: str, *, compiled: bool) -> Call:
    """The same with scVI's formula."""
    import torch

    *given, counts = (torch.tensor(values) for values in data())
    parameters = [values.requires_grad_() for values in (given[:2] if family == "nb" else given)]
    formula = scvi_nb if family == "nb" else scvi_zinb

    def mean(counts: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        return formula(*parameters, counts).mean()

    if compiled:
        mean = torch.compile(mean)

    def call() -> Any:
        value = mean(counts, *parameters)
        return value, torch.autograd.grad(value, parameters)

    return call


def scvi_nb(log_mean: Any, log_theta: Any, counts: Any, eps: float = 1e-8) -> Any:
    """What scVI computes (Lopez et al. 2018): the negative log-mass with its guards."""
    import torch

    mean, theta = log_mean.exp(), log_theta.exp()
    log_sum = (theta + mean + eps).log()
    return -(
        theta * ((theta + eps).log() - log_sum)
        + counts * ((mean + eps).log() - log_sum)
        + torch.lgamma(counts + theta)
        - torch.lgamma(theta)
        - torch.lgamma(counts + 1)
    )


def scvi_zinb(log_mean: Any, log_theta: Any, zero_logits: Any, counts: Any) -> Any:
    """The zero-inflated one, by softplus as scVI does it."""
    import torch
    from torch.nn.functional import softplus

    eps = 1e-8
    mean, theta = log_mean.exp(), log_theta.exp()
    log_sum = (theta + mean + eps).log()
    zero = -zero_logits + theta * ((theta + eps).log() - log_sum)
    at_zero = softplus(zero) - softplus(-zero_logits)
    above = (
        -softplus(-zero_logits)
        + zero
        + counts * ((mean + eps).log() - log_sum)
        + torch.lgamma(counts + theta)
        - torch.lgamma(theta)
        - torch.lgamma(counts + 1)
    )
    return -torch.where(counts < eps, at_zero, above)


def _errors() -> str:
    """How far each is from the truth at x = 5, mu = 3, theta = 1e6, in nats."""
    import jax.numpy as jnp
    import torch

    from aelib import losses

    x, mu, theta = 5, mpmath.mpf(3), mpmath.mpf(10) ** 6
    exact = -(
        mpmath.loggamma(x + theta)
        - mpmath.loggamma(theta)
        - mpmath.loggamma(x + 1)
        + theta * mpmath.log(theta / (theta + mu))
        + x * mpmath.log(mu / (theta + mu))
    )
    arguments = [np.float32(np.log(3.0)), np.float32(np.log(1e6)), np.float32(5)]
    ours = losses.negative_binomial_nll(*map(jnp.asarray, arguments))
    theirs = scvi_nb(*(torch.tensor(value) for value in arguments))
    errors = [abs(float(value) - float(exact)) for value in (ours, theirs)]
    return f"error at x = 5, mean 3, theta 1e6: {errors[0]:.0e} against {errors[1]:.1f} nats"

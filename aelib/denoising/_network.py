"""The network of a denoiser: it starts at principal components and learns what they lack.

A plain tree of arrays. Codes are a linear map of centered log counts plus a hidden layer; outputs
are a linear map of codes plus a hidden layer. Both hidden layers end in weights of 0, so that
before the first step the network is linear.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from aelib import losses

Parameters = dict[str, Float[Array, " ..."]]
NETWORKS = ("squared error", "poisson", "negative binomial", "zero-inflated")


def initial_parameters(
    axes: Float[np.ndarray, "genes latent"],
    decoder: Float[np.ndarray, "latent genes"],
    bias: Float[np.ndarray, " genes"],
    *,
    hidden: int,
    rng: np.random.Generator,
) -> dict[str, Float[np.ndarray, " ..."]]:
    """Weights of a network that begins as the linear one given."""
    genes, latent = axes.shape
    return {
        "encoder": axes,
        "encoder_hidden": rng.normal(size=(genes, hidden)) * np.sqrt(2 / genes),
        "encoder_hidden_bias": np.zeros(hidden),
        "encoder_out": np.zeros((hidden, latent)),
        "decoder": decoder,
        "decoder_hidden": rng.normal(size=(latent, hidden)) * np.sqrt(2 / latent),
        "decoder_hidden_bias": np.zeros(hidden),
        "decoder_out": np.zeros((hidden, genes)),
        "bias": bias,
    }


def encode(
    parameters: Parameters, inputs: Float[Array, "batch genes"]
) -> Float[Array, "batch latent"]:
    """Codes of centered log counts."""
    hidden = inputs @ parameters["encoder_hidden"] + parameters["encoder_hidden_bias"]
    return inputs @ parameters["encoder"] + jax.nn.relu(hidden) @ parameters["encoder_out"]


def decode(
    parameters: Parameters, codes: Float[Array, "batch latent"]
) -> Float[Array, "batch genes"]:
    """Log rates at exposure 1; for the squared error, predicted log counts."""
    hidden = codes @ parameters["decoder_hidden"] + parameters["decoder_hidden_bias"]
    linear = codes @ parameters["decoder"] + parameters["bias"]
    return linear + jax.nn.relu(hidden) @ parameters["decoder_out"]


def zero_logits(
    parameters: Parameters, codes: Float[Array, "batch latent"]
) -> Float[Array, "batch genes"]:
    """Logits of dropout, under the zero-inflated likelihood."""
    return codes @ parameters["dropout"] + parameters["dropout_bias"]


def nats(
    method: str,
    parameters: Parameters,
    inputs: Float[Array, "batch genes"],
    exposure: Float[Array, "batch 1"],
    target: Real[Array, "batch genes"],
) -> Float[Array, ""]:
    """The loss of a batch: mean over cells, sum over genes.

    Up to what does not depend on the weights, which saves most of the time of a step. The
    dispersion of the negative binomial is estimated beforehand and stays as it is. That of the
    zero-inflated one is trained, since beforehand dropout cannot be told from dispersion.
    """
    codes = encode(parameters, inputs)
    outputs = decode(parameters, codes)
    log_mean = outputs + jnp.log(exposure)
    if method == "squared error":
        each = 0.5 * (outputs - jnp.log1p(target / exposure)) ** 2
    elif method == "poisson":
        each = jnp.exp(log_mean) - target * log_mean
    elif method == "negative binomial":
        log_theta = jax.lax.stop_gradient(parameters["log_theta"])
        odds = log_mean - log_theta
        each = (target + jnp.exp(log_theta)) * jax.nn.softplus(odds) - target * odds
    else:
        logits = zero_logits(parameters, codes)
        each = losses.zero_inflated_negative_binomial_nll(
            log_mean, parameters["log_theta"], logits, target
        )
    return each.sum(axis=-1).mean()

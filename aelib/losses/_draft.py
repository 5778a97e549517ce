"""First versions of the losses."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.special import gammaln
from jax.typing import ArrayLike

from ._arguments import compute_dtype, parameter, same_shape

_HALF_LOG_TWO_PI = 0.9189385332046727


def gaussian_nll(mean: ArrayLike, targets: ArrayLike, *, scale: ArrayLike = 1.0) -> Array:
    dtype = compute_dtype(mean=mean, targets=targets, scale=scale)
    mean, targets = same_shape(dtype, mean=mean, targets=targets)
    scale = parameter(dtype, mean.shape, "scale", scale)
    return 0.5 * jnp.square((targets - mean) / scale) + jnp.log(scale) + _HALF_LOG_TWO_PI


def laplace_nll(loc: ArrayLike, targets: ArrayLike, *, scale: ArrayLike = 1.0) -> Array:
    dtype = compute_dtype(loc=loc, targets=targets, scale=scale)
    loc, targets = same_shape(dtype, loc=loc, targets=targets)
    scale = parameter(dtype, loc.shape, "scale", scale)
    return jnp.abs(targets - loc) / scale + jnp.log(2 * scale)


def student_t_nll(
    loc: ArrayLike, targets: ArrayLike, *, df: ArrayLike, scale: ArrayLike = 1.0
) -> Array:
    dtype = compute_dtype(loc=loc, targets=targets, df=df, scale=scale)
    loc, targets = same_shape(dtype, loc=loc, targets=targets)
    df = parameter(dtype, loc.shape, "df", df)
    scale = parameter(dtype, loc.shape, "scale", scale)
    z = (targets - loc) / scale
    return (
        0.5 * (df + 1) * jnp.log1p(jnp.square(z) / df)
        + gammaln(0.5 * df)
        - gammaln(0.5 * (df + 1))
        + 0.5 * jnp.log(jnp.pi * df)
        + jnp.log(scale)
    )


def bernoulli_nll(logits: ArrayLike, targets: ArrayLike) -> Array:
    dtype = compute_dtype(logits=logits, targets=targets)
    logits, targets = same_shape(dtype, logits=logits, targets=targets)
    return targets * jax.nn.softplus(-logits) + (1 - targets) * jax.nn.softplus(logits)


def continuous_bernoulli_nll(logits: ArrayLike, targets: ArrayLike) -> Array:
    dtype = compute_dtype(logits=logits, targets=targets)
    logits, targets = same_shape(dtype, logits=logits, targets=targets)
    size = jnp.abs(logits)
    safe = jnp.where(size < 1e-2, 1.0, size)
    small = 0.5 * size + jnp.square(logits) / 24
    normaliser = jnp.where(size < 1e-2, small, safe + jnp.log(-jnp.expm1(-safe) / safe))
    return normaliser + jnp.where(logits < 0, (1 - targets) * logits, -targets * logits)


def categorical_nll(logits: ArrayLike, labels: ArrayLike) -> Array:
    dtype = compute_dtype(logits=logits)
    logits = jnp.asarray(logits).astype(dtype)
    labels = jnp.asarray(labels)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise TypeError(f"labels: expected integers, got dtype {labels.dtype}")
    if logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"labels: expected the leading shape of logits, {logits.shape[:-1]}, got {labels.shape}"
        )
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)
    return -picked[..., 0]


def multinomial_nll(logits: ArrayLike, counts: ArrayLike) -> Array:
    dtype = compute_dtype(logits=logits, counts=counts)
    logits, counts = same_shape(dtype, logits=logits, counts=counts)
    log_p = jax.nn.log_softmax(logits)
    total = counts.sum(-1)
    return -(gammaln(total + 1) - gammaln(counts + 1).sum(-1) + (counts * log_p).sum(-1))


def poisson_nll(log_rate: ArrayLike, counts: ArrayLike) -> Array:
    dtype = compute_dtype(log_rate=log_rate, counts=counts)
    log_rate, counts = same_shape(dtype, log_rate=log_rate, counts=counts)
    return jnp.exp(log_rate) - counts * log_rate + gammaln(counts + 1)


def negative_binomial_nll(log_mean: ArrayLike, log_theta: ArrayLike, counts: ArrayLike) -> Array:
    dtype = compute_dtype(log_mean=log_mean, log_theta=log_theta, counts=counts)
    log_mean, counts = same_shape(dtype, log_mean=log_mean, counts=counts)
    log_theta = parameter(dtype, log_mean.shape, "log_theta", log_theta)
    theta = jnp.exp(log_theta)
    gap = log_mean - log_theta
    return (
        theta * jax.nn.softplus(gap)
        + counts * jax.nn.softplus(-gap)
        + gammaln(counts + 1)
        + gammaln(theta)
        - gammaln(counts + theta)
    )


def zero_inflated_negative_binomial_nll(
    log_mean: ArrayLike, log_theta: ArrayLike, zero_logits: ArrayLike, counts: ArrayLike
) -> Array:
    dtype = compute_dtype(
        log_mean=log_mean, log_theta=log_theta, zero_logits=zero_logits, counts=counts
    )
    log_mean, zero_logits, counts = same_shape(
        dtype, log_mean=log_mean, zero_logits=zero_logits, counts=counts
    )
    nll = negative_binomial_nll(log_mean, log_theta, counts)
    zero = jax.nn.softplus(zero_logits) - jnp.logaddexp(zero_logits, -nll)
    return jnp.where(counts == 0, zero, nll + jax.nn.softplus(zero_logits))

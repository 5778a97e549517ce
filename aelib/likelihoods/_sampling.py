"""Draws of counts, also where they are many.

JAX's own samplers return 32-bit integers, which end at 2^31, and weigh a draw by differences of
terms of the size of the count times its logarithm, which float32 rounds to whole numbers from
some ten thousand on. Where a count has a variance of 100 and more, a normal draw is moved by the
skewness and the kurtosis instead (Cornish and Fisher) and rounded: at that variance its quantiles
are off by a thousandth of one count, and by less beyond.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, PRNGKeyArray, Real

# From here on float32, whose numbers are then 8192 apart, would add more than a ten-thousandth to
# the variance of a Poisson.
LARGEST_MEAN = 1e11
LARGEST_NUMBER = 1_000_000_000  # of trials; 32-bit integers end a little beyond
_LARGE_VARIANCE = 100.0
_LARGE_NUMBER = 1e5  # above, JAX's binomial sampler loses its digits
_NEARLY_NORMAL_SHAPE = 1e4


@functools.partial(jax.jit, static_argnames="largest")
def poisson(
    key: PRNGKeyArray, mean: Float[Array, "*shape"], *, largest: float = LARGEST_MEAN
) -> Float[Array, "*shape"]:
    """Poisson counts as floating-point numbers; NaN where the mean is NaN or above ``largest``.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> draws = poisson(jax.random.key(0), jnp.full(1000, 3e9))
        >>> bool(abs(draws.mean() / 3e9 - 1) < 1e-5)
        True
    """
    few_key, many_key = jax.random.split(key)
    many = mean >= _LARGE_VARIANCE
    few = jax.random.poisson(few_key, jnp.where(many | jnp.isnan(mean), 0.0, mean))
    finite = jnp.where(many & (mean < jnp.inf), mean, _LARGE_VARIANCE)
    rounded = _rounded_normal(many_key, finite, finite, 1.0, 1.0)
    rounded = jnp.where(mean == jnp.inf, jnp.inf, rounded)
    draws = jnp.where(many, rounded, few.astype(mean.dtype))
    return jnp.where(mean <= largest, draws, jnp.nan)


@jax.jit
def gamma_over_shape(key: PRNGKeyArray, log_shape: Float[Array, "*shape"]) -> Array:
    """A Gamma of mean 1: the draw over its shape.

    For large shapes by Wilson and Hilferty's cube of a normal, whose mean is 1 and whose variance
    is 1 / shape up to terms of 1 / shape^3; in logarithms for the others, because a Gamma of tiny
    shape is often too small a number to write down.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> draws = gamma_over_shape(jax.random.key(0), jnp.full(1000, 27.6))  # a shape of 1e12
        >>> bool(abs(draws.std() * 1e6 - 1) < 0.1)
        True
    """
    few_key, many_key = jax.random.split(key)
    nearly_normal = log_shape > np.log(_NEARLY_NORMAL_SHAPE)
    small = jnp.where(nearly_normal, 0.0, log_shape)
    drawn = jnp.exp(jax.random.loggamma(few_key, jnp.exp(small), log_shape.shape) - small)
    ninth = jnp.exp(-jnp.where(nearly_normal, log_shape, 0.0)) / 9.0
    normal = jax.random.normal(many_key, log_shape.shape, log_shape.dtype)
    step = jnp.sqrt(ninth) * normal - ninth
    # (1 + step)^3, less the 1: added last, so that the small part is not rounded to it.
    cube = 1.0 + step * (3.0 + step * (3.0 + step))
    return jnp.where(nearly_normal, cube, drawn)


@jax.jit
def binomial(
    key: PRNGKeyArray, number: Int[Array, "*shape"], p: Float[Array, "*shape"]
) -> Int[Array, "*shape"]:
    """How many of ``number`` trials, at most a billion, succeed with probability ``p``.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> draws = binomial(jax.random.key(0), jnp.full(1000, 10**9), jnp.full(1000, 0.25))
        >>> bool(abs(draws.mean() / 2.5e8 - 1) < 1e-5)
        True
    """
    keys = jax.random.split(key, 3)
    turned = p > 0.5
    q = jnp.where(turned, 1.0 - p, p)
    trials = number.astype(p.dtype)
    variance = trials * q * (1.0 - q)
    many = variance >= _LARGE_VARIANCE
    large = ~many & (trials > _LARGE_NUMBER)
    few = jax.random.binomial(keys[0], jnp.where(many | large, 0.0, trials), q)
    rare = _successes(keys[1], jnp.where(large, trials, 0.0), jnp.where(large, q, 0.5))
    safe = jnp.where(many, variance, _LARGE_VARIANCE)
    skewness, kurtosis = 1.0 - 2.0 * q, 1.0 - 6.0 * q * (1.0 - q)
    rounded = _rounded_normal(keys[2], trials * q, safe, skewness, kurtosis)
    draws = jnp.where(many, rounded, jnp.where(large, rare, few))
    whole = jnp.clip(draws.astype(number.dtype), 0, number)
    return jnp.where(turned, number - whole, whole)


@jax.jit
def multinomial(
    key: PRNGKeyArray, number: Float[Array, " batch"], p: Float[Array, "batch words"]
) -> Float[Array, "batch words"]:
    """How ``number`` trials fall on the words; NaN where it is not a whole number up to a billion.

    Word by word, a binomial of what is left.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> draws = multinomial(jax.random.key(0), jnp.full(2, 7.0), jnp.full((2, 3), 1 / 3))
        >>> draws.sum(-1)
        Array([7., 7.], dtype=float32)
    """
    known = (number >= 0) & (number <= LARGEST_NUMBER) & (number == jnp.floor(number))
    known &= ~jnp.isnan(p).any(-1)
    # From the last on, so that what is left of the probabilities is a sum and no difference.
    left = jnp.cumsum(p[:, ::-1], axis=1)[:, ::-1]
    odds = jnp.where(known[:, None], p / jnp.where(left > 0.0, left, 1.0), 0.0)

    def draw(left: Int[Array, " batch"], word: tuple[Any, Array]) -> tuple[Array, Array]:
        drawn = binomial(word[0], left, jnp.minimum(word[1], 1.0))
        return left - drawn, drawn

    keys = jax.random.split(key, p.shape[1])
    start = jnp.where(known, number, 0.0).astype(jnp.int32)
    _, counts = jax.lax.scan(draw, start, (keys, odds.T))
    return jnp.where(known[:, None], counts.T.astype(p.dtype), jnp.nan)


@jax.jit
def bernoulli(key: PRNGKeyArray, logits: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Zeros and ones as floating-point numbers; NaN where the logit is.

    The rarer of the two is drawn, with twice the random bits: 23 of them are never below 1e-7.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> bernoulli(jax.random.key(0), jnp.array([-jnp.inf, jnp.inf]))
        Array([0., 1.], dtype=float32)
    """
    rarer = jax.nn.sigmoid(-jnp.abs(logits))
    rare = jax.random.bernoulli(key, jnp.where(jnp.isnan(rarer), 0.0, rarer), mode="high")
    draws = jnp.where(rare, logits <= 0.0, logits > 0.0).astype(logits.dtype)
    return jnp.where(jnp.isnan(logits), jnp.nan, draws)


def require_drawn(draws: Real[Array, "batch ..."]) -> None:
    """Raise an error where a draw was impossible: NaN, or a label of -1; not while traced.

    Raises:
        ValueError: naming the first value.
    """
    if isinstance(draws, jax.core.Tracer):
        return
    possible: Bool[np.ndarray, " ..."] = np.asarray(
        ~jnp.isnan(draws) if jnp.issubdtype(draws.dtype, jnp.floating) else draws >= 0
    )
    if possible.all():
        return
    where = np.argwhere(~possible)[0]
    raise ValueError(
        "outputs: expected outputs of which a sample can be drawn (no NaN; means up to "
        f"{LARGEST_MEAN:g}, totals up to {LARGEST_NUMBER:g}), got none for index "
        f"{tuple(int(i) for i in where)} of draws of shape {draws.shape}"
    )


def _rounded_normal(
    key: PRNGKeyArray,
    mean: Float[Array, "*shape"],
    variance: Float[Array, "*shape"],
    skewness: Array | float,
    kurtosis: Array | float,
) -> Float[Array, "*shape"]:
    """Whole numbers with the first four cumulants; the last two over the variance.

    Rounding adds 1/12 to a variance, which is taken off before.
    """
    z = jax.random.normal(key, mean.shape, mean.dtype)
    square, deviation = jnp.square(z), jnp.sqrt(variance - 1 / 12)
    shape = kurtosis * (square - 3.0) / 24 - jnp.square(skewness) * (2.0 * square - 5.0) / 36
    moved = deviation * z + skewness * (square - 1.0) / 6 + z * shape / deviation
    return jnp.floor(mean + moved + 0.5)


def _successes(
    key: PRNGKeyArray, number: Float[Array, "*shape"], p: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Successes in many trials of which few succeed: by the gaps between them."""
    log_failure = jnp.log1p(-p)

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        return (state[1] <= number).any()

    def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        successes, reached, key = state
        key, own = jax.random.split(key)
        uniform = jax.random.uniform(own, p.shape, p.dtype, minval=jnp.finfo(p.dtype).tiny)
        gap = jnp.ceil(jnp.log(uniform) / log_failure)
        # The last gap leads beyond the end and is no success.
        return successes + (reached <= number), reached + gap, key

    zeros = jnp.zeros_like(number)
    found, _, _ = jax.lax.while_loop(unfinished, step, (zeros, zeros, key))
    return found - 1.0

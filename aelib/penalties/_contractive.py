"""The contractive penalty, and its estimate with a standard error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from flax import nnx
from flax.errors import TraceContextError
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray, Real

from aelib._arrays import as_jax
from aelib._checks import check_callable, check_choice, check_count, check_key
from aelib._compile import run_compiled
from aelib.penalties._contractive_closed_form import closed_form, is_dense_stack, largest_array
from aelib.penalties._contractive_rows import Batched, exact, hutchinson

Method = Literal["auto", "closed_form", "exact", "hutchinson"]
_MOST_NUMBERS = 2**28  # in one array of the closed form: 1 GiB of float32
_MOST_ROWS = 256  # latent units up to which "auto" computes every row


class ContractiveEstimate(NamedTuple):
    """A squared Jacobian norm for each example, and how far to trust it.

    Attributes:
        value: [batch].
        standard_error: [batch]; 0 where the method is not random.
        method: the method that was used.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from aelib import penalties
        >>> found = penalties.contractive_estimate(
        ...     lambda x: 2 * x, jnp.ones((1, 3)), method="hutchinson", num_probes=2,
        ...     key=jax.random.key(0),
        ... )
        >>> found.value, found.method
        (Array([12.], dtype=float32), 'hutchinson')
    """

    value: Float[Array, " batch"]
    standard_error: Float[Array, " batch"]
    method: str


def contractive(
    encoder: nnx.Module | Callable[[jax.Array], jax.Array],
    x: Real[ArrayLike, "batch ..."],
    *,
    method: Method = "auto",
    num_probes: int = 1,
    key: PRNGKeyArray | None = None,
) -> Float[Array, " batch"]:
    r"""How strongly codes react to inputs: :math:`\lVert\partial z/\partial x\rVert_F^2` for each.

    The penalty of the contractive autoencoder (Rifai et al. 2011), for encoders of any depth and
    with any activation. See :func:`aelib.penalties.on_encoder` for its use in training.

    Args:
        encoder: an ``nnx.Module`` [batch, ...] -> [batch, k], such as ``model.encoder``, which
            treats examples one by one; or a callable of one example [...] -> [k].
        x: [batch, ...].
        method: ``"closed_form"``, from the weights of an aelib encoder of dense layers; its cost
            hardly grows with the input. ``"exact"``, one vector-Jacobian product for each latent
            unit, for any encoder; memory is that of one of them. ``"hutchinson"``, an unbiased
            estimate from ``num_probes`` such products with random signs. ``"auto"``, the first of
            the three that applies: the closed form if no array it makes is above a gibibyte of
            float32; every row if there are at most 256, or no key; else the estimate.
        num_probes: random products for ``"hutchinson"``.
        key: ``jax.random.key(seed)``, for ``"hutchinson"``.

    Returns:
        [batch], in squared units of the code per squared unit of the input. At least float32, in
        which encoders of lower precision are evaluated, with products in full precision on every
        device. Exact methods agree to 1e-5 of the value in float32, also for encoders that contract
        so strongly that the shortcut of the closed form loses the digits: then it is not taken.
        Gradients are as accurate but where units cancel each other: there rounding is amplified,
        by either method, and they need float64.

    Raises:
        ValueError: if ``method`` is unknown or does not apply, ``num_probes`` is below 1, the key
            is missing, or a shape does not fit.
        TypeError: if ``encoder`` cannot be called or changes when it is, or ``key`` is no key.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jnp.array([[1.0, 2.0], [0.0, 3.0]])
        >>> contractive(lambda one: jnp.array([one[0] * one[1]]), x)  # the gradient is (x2, x1)
        Array([5., 9.], dtype=float32)
    """
    num_probes = check_count("num_probes", num_probes)
    problem = _prepare(encoder, x, method, key)
    if problem.method == "hutchinson":
        return jnp.mean(_draws(problem, num_probes, key), axis=0)
    return _exactly(problem)


def contractive_estimate(
    encoder: nnx.Module | Callable[[jax.Array], jax.Array],
    x: Real[ArrayLike, "batch ..."],
    *,
    method: Method = "auto",
    num_probes: int = 16,
    key: PRNGKeyArray | None = None,
) -> ContractiveEstimate:
    """The contractive penalty, its standard error and the method that was chosen.

    Args:
        encoder: as in :func:`contractive`.
        x: [batch, ...].
        method: as in :func:`contractive`.
        num_probes: random products; a standard error needs at least 2.
        key: ``jax.random.key(seed)``, for ``"hutchinson"``.

    Returns:
        ContractiveEstimate: value, standard error and method. It is a tuple with a string in it,
        which a function under ``jax.jit`` cannot return: there, take the first two.

    Raises:
        ValueError: as :func:`contractive`, or if an estimate would have one probe only.
        TypeError: as :func:`contractive`.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> mix = jnp.array([[3.0, 1.0], [0.0, 4.0]])
        >>> contractive_estimate(lambda one: mix @ one, jnp.ones((1, 2)))
        ContractiveEstimate(value=Array([26.], ...), standard_error=Array([0.], ...), method=...)
    """
    num_probes = check_count("num_probes", num_probes)
    problem = _prepare(encoder, x, method, key)
    if problem.method != "hutchinson":
        value = _exactly(problem)
        return ContractiveEstimate(value, jnp.zeros_like(value), problem.method)
    if num_probes < 2:
        raise ValueError(f"num_probes: expected at least 2 for a standard error, got {num_probes}")
    draws = _draws(problem, num_probes, key)
    error = jnp.std(draws, axis=0, ddof=1) / math.sqrt(num_probes)
    return ContractiveEstimate(jnp.mean(draws, axis=0), error, problem.method)


class _Problem(NamedTuple):
    """Checked arguments; ``encoder`` is as given but for its precision."""

    encoder: Any
    encode: Batched
    x: jax.Array
    method: str


def _prepare(
    encoder: Any,
    x: Real[ArrayLike, "batch ..."],
    method: str,
    key: PRNGKeyArray | None,
) -> _Problem:
    check_choice("method", method, get_args(Method))
    check_callable("encoder", encoder)
    x = as_jax("x", x)
    if x.ndim < 2:
        raise ValueError(f"x: expected [batch, ...], got shape {x.shape}")
    if isinstance(encoder, nnx.Module):
        encoder, dtype = _at_least_float32(encoder)
        encode, example = encoder, f"{x.shape} to an nnx.Module"
    else:
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        dtype = jnp.promote_types(x.dtype, jnp.float32) if floating else jnp.result_type(float)
        encode, example = jax.vmap(encoder), f"{x.shape[1:]} to a callable of one example"
    x = x.astype(dtype)
    try:
        codes = jax.eval_shape(encode, x)
    except TraceContextError as error:
        raise TypeError(
            "encoder: expected one that changes nothing when it is called, got one whose batch "
            "statistics or random state do; its .eval() sets them at rest"
        ) from error
    if not hasattr(codes, "shape") or codes.ndim != 2 or codes.shape[0] != x.shape[0]:
        shapes = jax.tree.map(lambda leaf: leaf.shape, codes)
        raise ValueError(
            f"encoder: expected codes of shape ({x.shape[0]}, k) for the batch, got {shapes} "
            f"(it was given {example})"
        )
    dense = is_dense_stack(encoder)
    if method == "closed_form" and not dense:
        raise ValueError(
            "method: 'closed_form' needs an aelib encoder of dense layers; "
            f"got {type(encoder).__name__}; 'exact' and 'hutchinson' take any"
        )
    if method == "auto":
        if dense and largest_array(encoder, x.shape[0]) <= _MOST_NUMBERS:
            method = "closed_form"
        else:
            method = "exact" if codes.shape[1] <= _MOST_ROWS or key is None else "hutchinson"
    if method == "hutchinson" and key is None:
        raise ValueError("key: expected a key such as jax.random.key(0) for 'hutchinson', got None")
    if key is not None:
        check_key("key", key)
    return _Problem(encoder, encode, x, method)


def _exactly(problem: _Problem) -> jax.Array:
    with jax.default_matmul_precision("highest"):
        if problem.method == "closed_form":
            return _nan_where_input_is(problem.x, closed_form(problem.encoder, problem.x))
        # As one program: of a function that it does not know JAX would compile the loop anew.
        norms = run_compiled(
            lambda functions, x, _: exact(functions[0], x), [problem.encode], problem.x, ()
        )
        return _nan_where_input_is(problem.x, norms)


def _draws(problem: _Problem, num_probes: int, key: PRNGKeyArray | None) -> jax.Array:
    assert key is not None  # _prepare has asked for one
    with jax.default_matmul_precision("highest"):
        draws = run_compiled(
            lambda functions, x, _, key: hutchinson(functions[0], x, num_probes, key),
            [problem.encode],
            problem.x,
            (),
            key,
        )
        return _nan_where_input_is(problem.x, draws)


def _nan_where_input_is(x: jax.Array, norms: jax.Array) -> jax.Array:
    """A unit that is given NaN may have slope 0, and the penalty of nothing known would be 0."""
    unknown = jnp.isnan(x).any(axis=tuple(range(1, x.ndim)))
    return jnp.where(unknown, jnp.nan, norms)


def _at_least_float32(encoder: nnx.Module) -> tuple[nnx.Module, jnp.dtype]:
    """The same encoder with no parameter below float32, and the type it computes in."""
    graphdef, state = nnx.split(encoder)
    dtypes = {
        leaf.dtype for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jnp.floating)
    }
    dtype = jnp.result_type(jnp.float32, *dtypes)
    if all(jnp.promote_types(item, jnp.float32) == item for item in dtypes):
        return encoder, dtype

    def widen(leaf: jax.Array) -> jax.Array:
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        return leaf.astype(jnp.promote_types(leaf.dtype, jnp.float32))

    return nnx.merge(graphdef, jax.tree.map(widen, state)), dtype

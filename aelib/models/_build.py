"""The builders: from sizes to an autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from aelib._checks import check_choice, check_count, check_counts
from aelib.models._activations import ACTIVATIONS
from aelib.models._architecture import Architecture, builder
from aelib.models._autoencoder import Autoencoder
from aelib.models._layers import Dense, Stack
from aelib.models._tied import TiedAutoencoder, Transpose


@builder
def linear(
    num_features: int,
    latent: int,
    *,
    use_bias: bool = True,
    outputs_per_feature: int = 1,
    dtype: jax.typing.DTypeLike | None = None,
    rngs: nnx.Rngs,
) -> Autoencoder:
    """A linear autoencoder: one affine map in, another out, nothing between them.

    Both weights start as independent random semi-orthogonal matrices. With normal draws instead, a
    decoder would start with outputs far larger than the data, and the problem would be badly
    conditioned.

    Args:
        num_features: length d of an example.
        latent: length of its code.
        use_bias: whether both maps have a bias.
        outputs_per_feature: raw outputs p that the likelihood needs for each feature
            (``likelihood.num_outputs``).
        dtype: floating type of the parameters; None for JAX's default (float32, or float64 with
            x64).
        rngs: where the initial weights come from.

    Returns:
        Autoencoder [batch, d] -> [batch, d], or [batch, d, p] where p > 1.

    Raises:
        ValueError: if a size is not a whole number of at least 1, or ``dtype`` is not floating.

    Example:
        >>> from flax import nnx
        >>> linear(64, 8, rngs=nnx.Rngs(0))
        Autoencoder(linear: [64] -> 8 | 64 -> [64]; 1,096 parameters, float32)
    """
    d, k = check_count("num_features", num_features), check_count("latent", latent)
    p = check_count("outputs_per_feature", outputs_per_feature)
    dtype = floating("dtype", dtype)
    make: dict[str, Any] = {"use_bias": bool(use_bias), "dtype": dtype, "rngs": rngs}
    make["initial"] = "orthogonal"
    encoder = Stack([Dense(d, k, **make)], (d,), (k,))
    decoder = Stack([Dense(k, d * p, **make)], (k,), _example_shape(d, p))
    arguments = {"num_features": d, "latent": k, "use_bias": bool(use_bias)}
    return Autoencoder(
        encoder,
        decoder,
        architecture=_architecture("linear", **arguments, outputs_per_feature=p, dtype=dtype.name),
    )


@builder
def tied(
    num_features: int,
    latent: int,
    *,
    code_activation: str = "identity",
    use_bias: bool = True,
    dtype: jax.typing.DTypeLike | None = None,
    rngs: nnx.Rngs,
) -> TiedAutoencoder:
    """An autoencoder of one layer whose decoder is its encoder transposed, linear by default.

    The code is ``z = s(x W + b)``, the output ``z Wᵀ + c``: one for each feature, so there is no
    ``outputs_per_feature``. With a sigmoid for s it is the network of Rifai et al. (2011).

    Args:
        num_features: length d of an example.
        latent: length of its code.
        code_activation: s, a name in :data:`aelib.models.ACTIVATIONS`.
        use_bias: whether both directions have a bias.
        dtype: floating type of the parameters; None for JAX's default (float32, or float64 with
            x64).
        rngs: where the initial weight comes from.

    Returns:
        TiedAutoencoder [batch, d] -> [batch, d].

    Raises:
        ValueError: if a size is not a whole number of at least 1, the activation is unknown, or
            ``dtype`` is not floating.

    Example:
        >>> from flax import nnx
        >>> tied(64, 8, rngs=nnx.Rngs(0))
        TiedAutoencoder(tied: [64] -> 8 | transposed -> [64]; 584 parameters, float32)
    """
    d, k = check_count("num_features", num_features), check_count("latent", latent)
    dtype = floating("dtype", dtype)
    check_choice("code_activation", code_activation, ACTIVATIONS)
    use_bias = bool(use_bias)
    make: dict[str, Any] = {"use_bias": use_bias, "dtype": dtype, "rngs": rngs}
    layer = Dense(d, k, activation=code_activation, initial="orthogonal", **make)
    return TiedAutoencoder(
        Stack([layer], (d,), (k,)),
        Transpose(d, use_bias=use_bias, dtype=dtype),
        architecture=_architecture(
            "tied",
            num_features=d,
            latent=k,
            code_activation=code_activation,
            use_bias=use_bias,
            dtype=dtype.name,
        ),
    )


@builder
def mlp(
    num_features: int,
    latent: int,
    *,
    hidden: Sequence[int] = (512, 256),
    activation: str = "relu",
    code_activation: str = "identity",
    outputs_per_feature: int = 1,
    dtype: jax.typing.DTypeLike | None = None,
    rngs: nnx.Rngs,
) -> Autoencoder:
    """A multi-layer autoencoder; the decoder mirrors the encoder's widths.

    Args:
        num_features: length d of an example.
        latent: length of its code.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse.
        activation: activation of every hidden layer, a name in :data:`aelib.models.ACTIVATIONS`.
        code_activation: activation of the codes; ``"sigmoid"`` keeps them in (0, 1).
        outputs_per_feature: raw outputs p that the likelihood needs for each feature
            (``likelihood.num_outputs``).
        dtype: floating type of the parameters; None for JAX's default (float32, or float64 with
            x64).
        rngs: where the initial weights come from.

    Returns:
        Autoencoder [batch, d] -> [batch, d], or [batch, d, p] where p > 1.

    Raises:
        ValueError: if a size is not a whole number of at least 1, an activation is unknown, or
            ``dtype`` is not floating.

    Example:
        >>> from flax import nnx
        >>> mlp(64, 2, hidden=(9,), activation="tanh", outputs_per_feature=2, rngs=nnx.Rngs(0))
        Autoencoder(mlp: [64] -> 9 tanh -> 2 | 9 tanh -> 128 -> [64, 2]; 1,912 parameters, float32)
    """
    d, k = check_count("num_features", num_features), check_count("latent", latent)
    p = check_count("outputs_per_feature", outputs_per_feature)
    widths = check_counts("hidden", hidden)
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("code_activation", code_activation, ACTIVATIONS)
    dtype = floating("dtype", dtype)
    encoder = dense_layers((d, *widths, k), activation, code_activation, dtype, rngs)
    decoder = dense_layers((k, *reversed(widths), d * p), activation, "identity", dtype, rngs)
    return Autoencoder(
        Stack(encoder, (d,), (k,)),
        Stack(decoder, (k,), _example_shape(d, p)),
        architecture=_architecture(
            "mlp",
            num_features=d,
            latent=k,
            hidden=widths,
            activation=activation,
            code_activation=code_activation,
            outputs_per_feature=p,
            dtype=dtype.name,
        ),
    )


def dense_layers(
    widths: tuple[int, ...], hidden: str, last: str, dtype: jnp.dtype, rngs: nnx.Rngs
) -> list[Dense]:
    """One layer for each pair of neighboring widths; ``hidden`` and ``last`` are activations."""
    names = [hidden] * (len(widths) - 2) + [last]
    pairs = zip(widths[:-1], widths[1:], names, strict=True)
    return [Dense(i, o, activation=name, dtype=dtype, rngs=rngs) for i, o, name in pairs]


def _example_shape(num_features: int, outputs_per_feature: int) -> tuple[int, ...]:
    return (num_features,) if outputs_per_feature == 1 else (num_features, outputs_per_feature)


def _architecture(name: str, **arguments: Any) -> Architecture:
    return Architecture(name, tuple(arguments.items()))


def floating(argument: str, dtype: jax.typing.DTypeLike | None) -> jnp.dtype:
    """The floating type asked for, or JAX's default.

    Raises:
        ValueError: if it is not floating, or is float64 while x64 is off.
    """
    try:
        wanted = jnp.zeros(()).dtype if dtype is None else jnp.dtype(dtype)
    except TypeError:
        raise ValueError(f"{argument}: expected a floating type, got {dtype!r}") from None
    if not jnp.issubdtype(wanted, jnp.floating):
        raise ValueError(f"{argument}: expected a floating type, got {wanted.name}")
    if wanted.itemsize > jnp.zeros(()).dtype.itemsize:
        raise ValueError(
            f"{argument}: {wanted.name} needs x64: jax.config.update('jax_enable_x64', True)"
        )
    return wanted

"""Layers with public weights and named activations, and stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from aelib._arrays import as_jax
from aelib._checks import check_choice, check_count
from aelib.models._activations import ACTIVATIONS
from aelib.models._initial import next_key, normal, orthogonal


class Dense(nnx.Module):
    """One affine map and an activation: ``activation(x @ weight + bias)``.

    Weights start so that signals keep their size (see ``initial``); biases start at 0.

    Attributes:
        weight: ``nnx.Param`` [in_features, out_features].
        bias: ``nnx.Param`` [out_features], or None.
        activation: a name in :data:`aelib.models.ACTIVATIONS`.

    Args:
        in_features: number of inputs.
        out_features: number of outputs.
        activation: name of the elementwise activation.
        use_bias: whether there is a bias.
        initial: ``"normal"`` draws of variance gain / in_features, where the gain belongs to the
            activation, keep the variance of each unit (He et al. 2015); ``"orthogonal"`` draws keep
            the length of every signal that fits (Saxe, McClelland and Ganguli 2014).
        dtype: floating type of the parameters; None for JAX's default.
        rngs: where the initial weights come from.

    Raises:
        ValueError: if ``activation`` or ``initial`` is unknown.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> Dense(4, 3, activation="relu", rngs=nnx.Rngs(0))(jnp.ones((2, 4))).shape
        (2, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activation: str = "identity",
        use_bias: bool = True,
        initial: Literal["normal", "orthogonal"] = "normal",
        dtype: jax.typing.DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        dtype = jnp.result_type(float if dtype is None else dtype)
        self.activation = check_choice("activation", activation, ACTIVATIONS)
        gain = ACTIVATIONS[activation].gain
        in_features = check_count("in_features", in_features)
        out_features = check_count("out_features", out_features)
        shape = (in_features, out_features)
        if check_choice("initial", initial, ("normal", "orthogonal")) == "normal":
            weight = normal(next_key(rngs), shape, (gain / in_features) ** 0.5, dtype)
        else:
            weight = orthogonal(next_key(rngs), shape, gain**0.5, dtype)
        self.weight = nnx.Param(weight)
        # Put on the device as it is; made there it would be compiled for each shape.
        zeros = np.zeros(out_features, dtype)
        self.bias = nnx.Param(jax.device_put(zeros)) if use_bias else None

    @property
    def in_features(self) -> int:
        """Number of inputs."""
        return int(self.weight.shape[-2])

    @property
    def out_features(self) -> int:
        """Number of outputs."""
        return int(self.weight.shape[-1])

    def __call__(
        self, x: Float[Array, "*batch in_features"]
    ) -> Float[Array, "*batch out_features"]:
        """Map [..., in_features] to [..., out_features]."""
        return ACTIVATIONS[self.activation].function(self.affine(x))

    def affine(self, x: Float[Array, "*batch in_features"]) -> Float[Array, "*batch out_features"]:
        """What the activation is applied to: [..., in_features] -> [..., out_features]."""
        y = x @ self.weight[...]
        return y if self.bias is None else y + self.bias[...]

    def __repr__(self) -> str:
        bias = "" if self.bias is not None else ", no bias"
        return f"Dense({self.in_features} -> {self.out_features} {self.activation}{bias})"


class Stack(nnx.Module):
    """Layers applied one after the other, from examples of one shape to examples of another.

    Attributes:
        layers: tuple of layers in order of application; each has ``weight``, ``bias`` and
            ``activation``.
        input_shape: shape of one example that goes in.
        output_shape: shape of one example that comes out; the last layer's outputs are reshaped to
            it.

    Args:
        layers: the layers, at least one.
        input_shape: shape of one example that goes in.
        output_shape: shape of one example that comes out.

    Example:
        >>> from flax import nnx
        >>> rngs = nnx.Rngs(0)
        >>> layers = [Dense(4, 3, activation="tanh", rngs=rngs), Dense(3, 2, rngs=rngs)]
        >>> encoder = Stack(layers, (4,), (2,))
        >>> [(layer.weight.shape, layer.activation) for layer in encoder.layers]
        [((4, 3), 'tanh'), ((3, 2), 'identity')]
    """

    def __init__(
        self,
        layers: Sequence[nnx.Module],
        input_shape: tuple[int, ...],
        output_shape: tuple[int, ...],
    ) -> None:
        self.layers: tuple[Any, ...] = nnx.data(tuple(layers))
        self.input_shape = tuple(input_shape)
        self.output_shape = tuple(output_shape)

    def __call__(self, x: Real[ArrayLike, " ..."]) -> Float[Array, " ..."]:
        """Map [..., *input_shape] to [..., *output_shape].

        The computation is in the type of the parameters, whatever the type of ``x``.

        Raises:
            TypeError: if ``x`` does not hold real numbers.
            ValueError: if the trailing axes of ``x`` are not ``input_shape``.
        """
        examples = as_jax("x", x)
        batch = leading_shape(examples, self.input_shape)
        signals = examples.astype(self.layers[0].weight.dtype)
        for layer in self.layers:
            signals = layer(signals)
        return signals.reshape(batch + self.output_shape)

    def __repr__(self) -> str:
        return f"Stack({self.describe()})"

    def describe(self) -> str:
        """The widths and activations in order, as one line."""
        return " -> ".join(
            f"{_size(layer)} {layer.activation}".removesuffix(" identity") for layer in self.layers
        )


def _size(layer: Any) -> str:
    """``14x14x16`` for a layer that says the shape of what it makes, else its width."""
    shape = getattr(layer, "output_shape", None)
    return "x".join(map(str, shape)) if shape else str(layer.out_features)


def leading_shape(x: jax.Array, example_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The batch axes of ``x``, whose trailing axes must be ``example_shape``.

    Raises:
        ValueError: if they are not.
    """
    split = x.ndim - len(example_shape)
    if split < 0 or x.shape[split:] != example_shape:
        expected = ", ".join(["...", *map(str, example_shape)])
        raise ValueError(f"x: expected shape [{expected}] as the model was built, got {x.shape}")
    return x.shape[:split]

"""An autoencoder that adds up atoms of fixed length."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from aelib._checks import check_count
from aelib.models import Autoencoder, Dense, Stack


class Atoms(nnx.Module):
    """A linear decoder: a weighted sum of atoms, each divided by its length, and a bias.

    With ``unit_norm`` the atoms' lengths are 1 whatever the parameters are: then a small code
    means a small output, and a penalty on codes is worth what it says. Without, the code can be
    made as small as one likes and the atoms as long, at no cost.

    Attributes:
        weight: ``nnx.Param`` [latent, num_features], one atom per row before it is scaled.
        bias: ``nnx.Param`` [num_features].
        unit_norm: ``nnx.Variable`` [], 1 if atoms are scaled to length 1, else 0.

    Args:
        latent: number of atoms.
        num_features: length of an atom.
        unit_norm: whether atoms are scaled to length 1.
        rngs: where the initial atoms come from; they have length 1 in either case.
    """

    def __init__(
        self, latent: int, num_features: int, *, unit_norm: bool = True, rngs: nnx.Rngs
    ) -> None:
        self.weight = nnx.Param(_unit(jax.random.normal(rngs.params(), (latent, num_features))))
        self.bias = nnx.Param(jnp.zeros(num_features))
        # A variable and not an attribute: both kinds are then one compiled program.
        self.unit_norm = nnx.Variable(jnp.float32(unit_norm))

    @property
    def atoms(self) -> jax.Array:
        """The atoms as they are used, [latent, num_features]."""
        rows = self.weight[...]
        return rows / jnp.linalg.norm(rows, axis=1, keepdims=True) ** self.unit_norm[...]

    def __call__(self, codes: jax.Array) -> jax.Array:
        """[batch, latent] -> [batch, num_features]."""
        return codes @ self.atoms + self.bias[...]


def dictionary(
    num_features: int,
    latent: int,
    *,
    code_activation: str = "relu",
    unit_norm: bool = True,
    rngs: nnx.Rngs,
) -> Autoencoder:
    """An autoencoder of one layer each way, whose decoder adds up atoms of length 1.

    Args:
        num_features: length d of an example.
        latent: number of atoms, which is the length of a code.
        code_activation: activation of the codes, a name in :data:`aelib.models.ACTIVATIONS`.
        unit_norm: whether the atoms are held at length 1.
        rngs: where the initial weights come from.

    Returns:
        Autoencoder [batch, d] -> [batch, d] with a decoder of class :class:`Atoms`.

    Raises:
        ValueError: if a size is below 1 or the activation is unknown.

    Example:
        >>> import numpy as np
        >>> from flax import nnx
        >>> model = dictionary(16, 32, rngs=nnx.Rngs(0))
        >>> bool(np.allclose(np.linalg.norm(model.decoder.atoms, axis=1), 1.0, atol=1e-6))
        True

    References:
        B. A. Olshausen and D. J. Field (1996), Emergence of simple-cell receptive field properties
        by learning a sparse code for natural images, Nature 381.
    """
    check_count("num_features", num_features)
    check_count("latent", latent)
    layer = Dense(num_features, latent, activation=code_activation, rngs=rngs)
    encoder = Stack([layer], (num_features,), (latent,))
    return Autoencoder(encoder, Atoms(latent, num_features, unit_norm=unit_norm, rngs=rngs))


def _unit(rows: jax.Array) -> jax.Array:
    return rows / jnp.linalg.norm(rows, axis=1, keepdims=True)

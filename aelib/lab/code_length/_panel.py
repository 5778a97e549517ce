"""Autoencoders that share nothing, trained side by side, one for each of several likelihoods."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from aelib.models import Autoencoder

View = Callable[[jax.Array], jax.Array]


class Panel(nnx.Module):
    """Autoencoders side by side, which have the data in common and nothing else.

    No parameter is shared, the loss is the sum of the members' losses and the optimiser works
    number by number (Adam, SGD), so each member is trained as if it were alone: but all are
    compiled once.

    Attributes:
        members: the autoencoders.
        view: what every encoder is given instead of the data themselves, such as ``jnp.log1p``.

    Args:
        members: autoencoders of any structure.
        view: a function [batch, d] -> [batch, inputs].
    """

    def __init__(self, members: Sequence[Autoencoder], view: View) -> None:
        self.members: tuple[Any, ...] = nnx.data(tuple(members))
        self.view = view

    def encode(self, x: jax.Array) -> tuple[jax.Array, ...]:
        """The codes of each member."""
        seen = self.view(x)
        if not jnp.issubdtype(seen.dtype, jnp.floating):
            seen = seen.astype(jnp.float32)
        return tuple(member.encode(seen) for member in self.members)

    def decode(self, codes: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        """The raw outputs of each member."""
        return tuple(member.decode(code) for member, code in zip(self.members, codes, strict=True))

    def __call__(self, x: jax.Array) -> tuple[jax.Array, ...]:
        """``decode(encode(x))``."""
        return self.decode(self.encode(x))


class PanelLikelihood(nnx.Module):
    """The likelihoods of a :class:`Panel`, whose losses are added up.

    Attributes:
        names: what each is called.
        likelihoods: one for each member of the panel.

    Args:
        likelihoods: likelihoods by name.

    Raises:
        ValueError: if there are none.
    """

    def __init__(self, likelihoods: Mapping[str, Any]) -> None:
        if not likelihoods:
            raise ValueError("likelihoods: expected at least one, got none")
        self.names = tuple(likelihoods)
        self.likelihoods: tuple[Any, ...] = nnx.data(tuple(likelihoods.values()))

    def lengths(
        self, outputs: Sequence[jax.Array], x: jax.Array, *, exposure: jax.Array | None = None
    ) -> jax.Array:
        """Nats of each item by each member, ``[members, batch]``.

        The exposure goes to those families that have one; the others do without.
        """
        lengths = []
        for likelihood, raw in zip(self.likelihoods, outputs, strict=True):
            counts = getattr(likelihood, "uses_exposure", False) and exposure is not None
            given = {"exposure": exposure} if counts else {}
            lengths.append(-likelihood.log_prob(raw, x, **given))
        return jnp.stack(lengths)

    def log_prob(
        self, outputs: Sequence[jax.Array], x: jax.Array, *, exposure: jax.Array | None = None
    ) -> jax.Array:
        """The sum over members, ``[batch]``: what training minimises, and nothing else."""
        return -self.lengths(outputs, x, exposure=exposure).sum(axis=0)

    def check(self, x: np.ndarray) -> None:
        """Whether the data are in the support of every member.

        Raises:
            ValueError: if they are not; the message names the family.
        """
        for name, likelihood in zip(self.names, self.likelihoods, strict=True):
            try:
                likelihood.check(x)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error

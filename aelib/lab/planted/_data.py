"""Bits hidden in white and in colored noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Float, Key
from numpy.typing import ArrayLike, NDArray

from aelib._checks import check_count, check_matrix, check_number


@dataclass(frozen=True)
class PlantedBits:
    """Examples with a hidden bit.

    Attributes:
        x: the examples, [n, d].
        bits: the hidden bit of each, 0 or 1, [n].
        direction: where the bit is written, of unit length, [d].
        noise_directions: directions of the colored noise, orthonormal rows, [m, d]; m = 0 if the
            noise is white.
        noise_covariance: the true covariance of all noise together, [d, d].
    """

    x: NDArray[np.float32]
    bits: NDArray[np.int32]
    direction: NDArray[np.float64]
    noise_directions: NDArray[np.float64]
    noise_covariance: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> PlantedBits:
        """The examples of a slice, with the same truth behind them."""
        return replace(self, x=self.x[rows], bits=self.bits[rows])


def random_directions(
    key: Key[jax.Array, ""], num_directions: int, num_features: int
) -> Float[np.ndarray, "m d"]:
    """Return orthonormal directions, uniformly at random, as rows.

    Args:
        key: of the draw.
        num_directions: m, at most d.
        num_features: d.

    Raises:
        ValueError: if m is not between 0 and d.

    Example:
        >>> import jax
        >>> import numpy as np
        >>> rows = random_directions(jax.random.key(0), 2, 5)
        >>> bool(np.allclose(rows @ rows.T, np.eye(2)))
        True
    """
    check_count("num_directions", num_directions, at_least=0, at_most=num_features)
    columns = _generator(key).normal(size=(num_features, num_directions))
    basis, triangular = np.linalg.qr(columns)
    # QR alone is not uniform over rotations: the signs of the diagonal have to be taken out.
    return (basis * np.sign(np.diag(triangular))).T


def bits_in_white_noise(
    key: Key[jax.Array, ""],
    num_examples: int,
    *,
    num_features: int = 100,
    signal_scale: float = 1.0,
    noise_scale: float = 1.0,
) -> PlantedBits:
    """Hide a bit under noise of the same variance in every direction.

    Args:
        key: of the draws.
        num_examples: n.
        num_features: d.
        signal_scale: s, the standard deviation of the signal along its direction.
        noise_scale: standard deviation of the noise along every direction.

    Raises:
        ValueError: if a size is below 1 or a scale is negative or not finite.

    Example:
        >>> import jax
        >>> bits_in_white_noise(jax.random.key(0), 50).x.shape
        (50, 100)
    """
    return bits_in_colored_noise(
        key,
        num_examples,
        num_features=num_features,
        num_noise_directions=0,
        signal_scale=signal_scale,
        background_scale=noise_scale,
    )


def bits_in_colored_noise(
    key: Key[jax.Array, ""],
    num_examples: int,
    *,
    num_features: int = 40,
    num_noise_directions: int = 8,
    signal_scale: float = 1.0,
    noise_scale: float = 3.0,
    background_scale: float = 0.1,
) -> PlantedBits:
    """Hide a bit under noise that is strong along some directions and weak along all.

    The directions are orthogonal to each other and turned at random, so that no feature alone
    carries signal or noise.

    Args:
        key: of the draws.
        num_examples: n.
        num_features: d.
        num_noise_directions: m, the number of directions with strong noise.
        signal_scale: s, the standard deviation of the signal along its direction.
        noise_scale: standard deviation of the strong noise along each of its directions.
        background_scale: standard deviation of the weak noise along every direction.

    Raises:
        ValueError: if a size is below 1, m is not between 0 and d - 1, or a scale is negative or
            not finite.

    Example:
        >>> import jax
        >>> data = bits_in_colored_noise(jax.random.key(0), 100, noise_scale=3.0)
        >>> data.x.shape, data.bits.shape, data.noise_directions.shape
        ((100, 40), (100,), (8, 40))
    """
    check_count("num_examples", num_examples)
    check_count("num_noise_directions", num_noise_directions, at_least=0, at_most=num_features - 1)
    check_number("signal_scale", signal_scale, at_least=0)
    check_number("noise_scale", noise_scale, at_least=0)
    check_number("background_scale", background_scale, at_least=0)
    direction_key, noise_key = jax.random.split(key)
    directions = random_directions(direction_key, num_noise_directions + 1, num_features)
    draw = _generator(noise_key)
    signs = draw.choice([-1.0, 1.0], size=num_examples)
    strong = draw.normal(size=(num_examples, num_noise_directions))
    weak = draw.normal(size=(num_examples, num_features))
    direction, rows = directions[0], directions[1:]
    noise = noise_scale * strong @ rows + background_scale * weak
    return PlantedBits(
        x=(signal_scale * signs[:, None] * direction + noise).astype(np.float32),
        bits=(signs > 0).astype(np.int32),
        direction=direction,
        noise_directions=rows,
        noise_covariance=noise_scale**2 * rows.T @ rows
        + background_scale**2 * np.eye(num_features),
    )


def add_colored_noise(
    key: Key[jax.Array, ""],
    x: Float[ArrayLike, "n d"],
    directions: Float[ArrayLike, "m d"],
    scale: float,
) -> Float[np.ndarray, "n d"]:
    """Return examples with noise along known directions added to them, in float32.

    Args:
        key: of the draws.
        x: the examples.
        directions: rows along which noise is added, as from :func:`random_directions`.
        scale: standard deviation of the noise along each of them.

    Raises:
        ValueError: if the widths differ or ``scale`` is negative or not finite.

    Example:
        >>> import jax
        >>> import numpy as np
        >>> rows = random_directions(jax.random.key(0), 2, 5)
        >>> noisy = add_colored_noise(jax.random.key(1), np.zeros((4, 5)), rows, 2.0)
        >>> int(np.linalg.matrix_rank(noisy))
        2
    """
    examples = check_matrix("x", x)
    rows = check_matrix("directions", directions, columns=examples.shape[1])
    check_number("scale", scale, at_least=0)
    along = _generator(key).normal(size=(len(examples), len(rows)))
    return (examples + scale * along @ rows).astype(np.float32)


def _generator(key: jax.Array) -> np.random.Generator:
    """A NumPy generator seeded by a JAX key: JAX would compile anew for every shape."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))

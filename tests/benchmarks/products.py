"""Matrix products alone: what no program that has to compute them can do without."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.benchmarks.harness import Call


class Product(NamedTuple):
    """``[m, k] @ [k, n]``, several at once.

    Attributes:
        m: rows of the result.
        k: length of the sums.
        n: columns of the result.
        stored: "t" for a factor that lies in memory transposed, "n" for one that does not.
        num_products: how many.
    """

    m: int
    k: int
    n: int
    stored: str = "nn"
    num_products: int = 1


def layer_products(
    layers: Iterable[tuple[int, int]], batch: int, num_products: int = 1
) -> list[Product]:
    """Those of a training step of dense layers, given inputs and outputs of each."""
    layers = list(layers)
    forward = [Product(batch, i, o, "nn", num_products) for i, o in layers]
    to_weights = [Product(i, batch, o, "tn", num_products) for i, o in layers]
    back = [Product(batch, o, i, "nt", num_products) for i, o in layers[1:]]
    return forward + to_weights + back


def products(which: Sequence[Product], times: int) -> Call:
    """All of them, over and over, compiled as one loop."""
    import jax
    import jax.numpy as jnp

    def factor(rows: int, columns: int, stored: str, num_products: int) -> jax.Array:
        return jnp.full(
            (num_products, *((rows, columns) if stored == "n" else (columns, rows))), 1e-2
        )

    left = [factor(p.m, p.k, p.stored[0], p.num_products) for p in which]
    right = [factor(p.k, p.n, p.stored[1], p.num_products) for p in which]
    sums = [(2 if p.stored[0] == "n" else 1, 1 if p.stored[1] == "n" else 2) for p in which]

    def once(_: int, left: list[jax.Array]) -> list[jax.Array]:
        made = [
            jax.lax.dot_general(a, b, (((axis_a,), (axis_b,)), ((0,), (0,))))
            for a, b, (axis_a, axis_b) in zip(left, right, sums, strict=True)
        ]
        # One number of each product goes into its own factor, so that none can be left out.
        made = jax.lax.optimization_barrier(made)
        return [a.at[0, 0, 0].add(1e-9 * c[0, 0, 0]) for a, c in zip(left, made, strict=True)]

    run = jax.jit(lambda left: jax.lax.fori_loop(0, times, once, left))

    def call() -> None:
        jax.block_until_ready(run(left))

    return call

"""The contractive penalty and its gradient, against PyTorch's ``vmap(jacrev)``.

The encoder is d -> 512 -> 256 -> 32 with tanh, the batch 256, the type float32. One call of either
side returns the mean penalty and its gradient with respect to every parameter. Memory is the peak
of a process of its own that makes three such calls.
"""

import itertools
import json
import statistics
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.harness import (
    Figure,
    Growth,
    Report,
    figure,
    in_a_process,
    in_turns,
    peak_mebibytes,
)
from tests.benchmarks.products import Product, layer_products, products

AT_LEAST = {784: 2.0, 3072: 6.0, 12288: 12.0}
HIDDEN, LATENT, BATCH = (512, 256), 32, 256
Answer = tuple[float, list[np.ndarray]]


def report(rounds: int) -> Report:
    """Times at three sizes, and the memory at the largest."""
    figures, ours = [], []
    for size, at_least in AT_LEAST.items():
        calls = {"aelib": aelib_side(size), "torch": torch_side(size)}
        for call in calls.values():  # PyTorch's first of a process is off by 4e-5 now and then
            call()
        (value, gradient), (other, others) = (call() for call in calls.values())
        apart = max(
            abs(value / other - 1),
            *(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(gradient, others, strict=True)),
        )
        times = 3  # so that starting the loop is not what is measured
        bare = products(_products(size), times)
        bare()
        taken = in_turns({**calls, "products": bare}, rounds, warm=False)
        alone = statistics.median(taken["products"]) / times
        figures.append(
            figure(
                f"contractive penalty and gradient, {size} inputs",
                "torch.func vmap(jacrev)",
                taken["aelib"],
                taken["torch"],
                at_least=at_least,
                note=f"values and gradients apart by {apart:.0e}; "
                f"our matrix products alone {1e3 * alone:.3g} ms",
            )
        )
        ours.append(figures[-1].ours)
    figures += _memory(max(AT_LEAST), min(rounds, 3))
    growth = Growth("contractive penalty and gradient", "features", tuple(AT_LEAST), tuple(ours))
    return Report(figures, [growth])


def _memory(size: int, rounds: int) -> list[Figure]:
    found = {
        side: [in_a_process(__name__, side, str(size)) for _ in range(rounds)]
        for side in ("aelib", "torch")
    }
    peaks = [[run["peak"] for run in runs] for runs in found.values()]
    beyond = [[run["peak"] - run["before"] for run in runs] for runs in found.values()]
    return [
        figure(work, "the same", *held, at_least=4.0, unit="MiB")
        for work, held in (
            (f"peak memory of its process, {size} inputs", peaks),
            ("of this, beyond what was held before", beyond),
        )
    ]


def problem(size: int) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """A batch, and weights [in, out] and biases."""
    rng = np.random.default_rng(0)
    widths = (size, *HIDDEN, LATENT)

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        drawn = rng.standard_normal(shape, np.float32)
        drawn *= np.float32(scale)
        return drawn

    layers = [
        (normal(i, o, scale=i**-0.5), normal(o, scale=0.1)) for i, o in itertools.pairwise(widths)
    ]
    return normal(BATCH, size), layers


def _products(size: int) -> list[Product]:
    """Those of the closed form and its gradient."""
    first, second, flat = *HIDDEN, BATCH * LATENT
    half = first // 2
    return [
        *layer_products(itertools.pairwise((size, *HIDDEN, LATENT)), BATCH),
        *(Product(first, second, flat), Product(second, first, flat)),
        Product(first, flat, second, "nt"),
        *(Product(first, size, first), Product(first, first, flat), Product(size, first, first)),
        *3 * [Product(half, flat, half, "nt")],  # of a symmetric product, three quarters
    ]


def aelib_side(size: int) -> Callable[[], Answer]:
    """Value and gradients, compiled."""
    import jax
    import jax.numpy as jnp
    from flax import nnx

    import aelib

    x, layers = problem(size)
    widths, names = (size, *HIDDEN, LATENT), ("tanh", "tanh", "identity")
    dense = [
        aelib.models.Dense(i, o, activation=name, rngs=nnx.Rngs(0))
        for (i, o), name in zip(itertools.pairwise(widths), names, strict=True)
    ]
    encoder = aelib.models.Stack(dense, (size,), (LATENT,))
    for layer, (weight, bias) in zip(encoder.layers, layers, strict=True):
        layer.weight[...], layer.bias[...] = jnp.asarray(weight), jnp.asarray(bias)
    graphdef, state = nnx.split(encoder)
    x, state = jnp.asarray(x), nnx.as_pure(state)

    @jax.jit
    def compiled(state: Any, x: jax.Array) -> Any:
        def mean(state: Any) -> jax.Array:
            return jnp.mean(aelib.penalties.contractive(nnx.merge(graphdef, state), x))

        return jax.value_and_grad(mean)(state)

    def call() -> Answer:
        value, gradient = jax.block_until_ready(compiled(state, x))
        layers = gradient["layers"]
        return float(value), [np.asarray(layers[i]["weight"]) for i in sorted(layers)]

    return call


def torch_side(size: int) -> Callable[[], Answer]:
    """Value and gradients as torch.func's users write them."""
    import torch
    from torch.func import functional_call, jacrev, vmap

    x, layers = problem(size)
    modules: list[torch.nn.Module] = []
    for weight, bias in layers:
        linear = torch.nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = torch.tensor(weight.T.copy()), torch.tensor(bias)
        modules += [linear, torch.nn.Tanh()]
    model = torch.nn.Sequential(*modules[:-1])
    parameters = dict(model.named_parameters())
    batch = torch.tensor(x)

    def encode(parameters: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return functional_call(model, parameters, (one,))

    jacobian = vmap(jacrev(encode, argnums=1), in_dims=(None, 0))

    def call() -> Answer:
        mean = jacobian(parameters, batch).square().sum(dim=(1, 2)).mean()
        gradient = torch.autograd.grad(mean, list(parameters.values()), allow_unused=True)
        return float(mean.detach()), [part.numpy().T for part in gradient[::2]]

    return call


if __name__ == "__main__":  # the memory of one side, in a process of its own
    name, inputs = sys.argv[1:]
    side = {"aelib": aelib_side, "torch": torch_side}[name](int(inputs))
    before = peak_mebibytes()
    for _ in range(3):
        side()
    print(json.dumps({"before": before, "peak": peak_mebibytes()}))

"""The contractive penalty and its gradient, against PyTorch's ``vmap(jacrev)``.

    python tests/benchmarks/contractive.py [--rounds 5] [--sizes 784 3072 12288] [--json FILE]

The encoder is d -> 512 -> 256 -> 32 with tanh, the batch 256, the type float32. One call of either
side returns the mean penalty and its gradient with respect to every parameter. The two take turns,
so that whatever else the machine does hits both; a ratio is that of two neighbours. Memory is the
peak of a process of its own that makes three such calls. Needs the extra ``parity``.
"""

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (784, 3072, 12288)
HIDDEN, LATENT, BATCH = (512, 256), 32, 256
SIDES = ("aelib", "torch")


def problem(size: int) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """A batch, and weights [in, out] and biases."""
    rng = np.random.default_rng(0)
    widths = (size, *HIDDEN, LATENT)
    layers = [
        (rng.normal(size=(i, o)) / np.sqrt(i), rng.normal(size=o) / 10)
        for i, o in itertools.pairwise(widths)
    ]
    x = rng.normal(size=(BATCH, size)).astype(np.float32)
    return x, [(w.astype(np.float32), b.astype(np.float32)) for w, b in layers]


def aelib_side(size: int) -> Callable[[], tuple[float, list[np.ndarray]]]:
    """Value and gradients, compiled."""
    import jax
    import jax.numpy as jnp
    from flax import nnx

    import aelib

    x, layers = problem(size)
    encoder = aelib.models.mlp(
        size, LATENT, hidden=HIDDEN, activation="tanh", rngs=nnx.Rngs(0)
    ).encoder
    for layer, (weight, bias) in zip(encoder.layers, layers, strict=True):
        layer.weight[...], layer.bias[...] = jnp.asarray(weight), jnp.asarray(bias)
    graphdef, state = nnx.split(encoder)
    x, state = jnp.asarray(x), nnx.as_pure(state)

    @jax.jit
    def compiled(state: Any, x: jax.Array) -> Any:
        def mean(state: Any) -> jax.Array:
            return jnp.mean(aelib.penalties.contractive(nnx.merge(graphdef, state), x))

        return jax.value_and_grad(mean)(state)

    def call() -> tuple[float, list[np.ndarray]]:
        value, gradient = jax.block_until_ready(compiled(state, x))
        layers = nnx.merge(graphdef, gradient).layers
        return float(value), [np.asarray(layer.weight[...]) for layer in layers]

    return call


def torch_side(size: int) -> Callable[[], tuple[float, list[np.ndarray]]]:
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

    def call() -> tuple[float, list[np.ndarray]]:
        mean = jacobian(parameters, batch).square().sum(dim=(1, 2)).mean()
        gradient = torch.autograd.grad(mean, list(parameters.values()), allow_unused=True)
        return float(mean.detach()), [part.numpy().T for part in gradient[::2]]

    return call


def compare(size: int, rounds: int) -> dict[str, Any]:
    """Times of both sides, taking turns, and how far apart their answers are."""
    calls = {"aelib": aelib_side(size), "torch": torch_side(size)}
    answers = {side: call() for side, call in calls.items()}  # compiles, warms up
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    cpu_seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for index in range(rounds):
        for side in SIDES if index % 2 else SIDES[::-1]:
            start, start_cpu = time.perf_counter(), time.process_time()
            calls[side]()
            seconds[side].append(time.perf_counter() - start)
            cpu_seconds[side].append(time.process_time() - start_cpu)
    ratios = [b / a for a, b in zip(seconds["aelib"], seconds["torch"], strict=True)]
    cpu = {side: statistics.median(cpu_seconds[side]) for side in SIDES}
    (value, gradient), (other, others) = answers["aelib"], answers["torch"]
    return {
        "size": size,
        **{f"{side}_ms": 1e3 * statistics.median(seconds[side]) for side in SIDES},
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "cpu_ratio": cpu["torch"]
        / cpu["aelib"],  # of processor time: less swayed by a busy machine
        "value_apart": abs(value / other - 1),
        "gradient_apart": max(
            float(np.abs(a - b).max() / np.abs(b).max())
            for a, b in zip(gradient, others, strict=True)
        ),
    }


def peak_memory(side: str, size: int) -> dict[str, float]:
    """Mebibytes a process of its own holds before the first call, and at most."""
    command = [sys.executable, str(Path(__file__).resolve()), "--memory-of", side, str(size)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    before, peak = json.loads(output.splitlines()[-1])
    return {"before": before, "peak": peak}


def _held() -> float:
    """The most mebibytes this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, ru_maxrss starts from that of the process which started this
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _print_memory(side: str, size: int) -> None:
    call = {"aelib": aelib_side, "torch": torch_side}[side](size)
    before = _held()
    for _ in range(3):
        call()
    print(json.dumps([before, _held()]))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory-of", nargs=2, metavar=("SIDE", "SIZE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of:
        _print_memory(given.memory_of[0], int(given.memory_of[1]))
        return
    rows = []
    print("inputs: time of each, ratio (lowest to highest; of processor time), peak MiB (before)")
    for size in given.sizes:
        row = compare(size, given.rounds)
        row["memory"] = {side: peak_memory(side, size) for side in SIDES}
        rows.append(row)
        peaks = ", ".join(
            f"{side} {row['memory'][side]['peak']:.0f} ({row['memory'][side]['before']:.0f})"
            for side in SIDES
        )
        print(
            f"{size:6d}: aelib {row['aelib_ms']:.0f} ms, torch {row['torch_ms']:.0f} ms, "
            f"{row['ratio']:.1f}x ({row['ratio_low']:.1f} to {row['ratio_high']:.1f}; "
            f"{row['cpu_ratio']:.1f}x), {peaks}; value apart by {row['value_apart']:.0e}, "
            f"gradient by {row['gradient_apart']:.0e}"
        )
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()

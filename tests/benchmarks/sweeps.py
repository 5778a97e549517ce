"""A sweep over 8 bottlenecks and 5 seeds, 1,000 steps of 100 on digits, against a PyTorch loop."""

import concurrent.futures
import functools
import itertools
import os

import numpy as np

from tests.benchmarks.harness import Call, Report, figure, growth, in_turns, seconds_of
from tests.benchmarks.products import layer_products, products

LATENTS, SEEDS, STEPS, BATCH = (1, 2, 4, 8, 16, 24, 32, 64), range(5), 1000, 100
WIDTHS = (32, 256)


def report(rounds: int) -> Report:
    """With compilation and without, for a small and a large hidden layer; growth with models."""
    rounds = min(rounds, 2)  # of a minute or two each
    figures = []
    for width in WIDTHS:
        ours, theirs = (functools.partial(side, width) for side in (aelib_side, torch_side))
        cold = [seconds_of(lambda ours=ours: _afresh(ours)) for _ in range(rounds)]
        taken = in_turns({"aelib": ours, "torch": theirs}, rounds, warm=False)
        work = f"40 models of 64-{width}-d-{width}-64, 1,000 steps"
        against = "a PyTorch loop"
        theirs = taken["torch"]
        note = f"their matrix products alone, none padded, {_seconds_of_products(width):.3g} s"
        figures += [
            figure(f"{work}, compilation included", against, cold, theirs, at_least=5.0),
            figure(
                f"{work}, once compiled", against, taken["aelib"], theirs, at_least=8.0, note=note
            ),
        ]
    calls: dict[int, Call] = {
        len(LATENTS) * n: functools.partial(aelib_side, 32, range(n), 200) for n in (1, 2, 5, 10)
    }
    return Report(figures, [growth("sweep of 200 steps, width 32", "models", calls)])


def _afresh(call: Call) -> None:
    import jax

    jax.clear_caches()
    call()


@functools.cache
def digits() -> np.ndarray:
    """Digits in [0, 1], [n, 64]."""
    import aelib

    return aelib.data.load("digits").x


def aelib_side(width: int, seeds: range = SEEDS, steps: int = STEPS) -> None:
    """One call."""
    import optax

    import aelib

    aelib.training.sweep(
        lambda rngs, latent: aelib.models.mlp(64, latent, hidden=(width,), rngs=rngs),
        digits(),
        aelib.likelihoods.Gaussian(scale=1.0),
        seeds=seeds,
        sizes={"latent": LATENTS},
        optimizer=optax.adam(1e-3),
        batch_size=BATCH,
        steps=steps,
        tick_every=steps,
        progress=False,
    )


def _seconds_of_products(width: int) -> float:
    """Those of all models, the seeds of one size in one call, the steps dealt out to the cores."""
    which = [
        product
        for latent in LATENTS
        for product in layer_products(
            itertools.pairwise((64, width, latent, width, 64)), BATCH, len(SEEDS)
        )
    ]
    cores = os.cpu_count() or 1
    call = products(which, STEPS // cores)
    call()
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        return min(
            seconds_of(lambda: list(pool.map(lambda _: call(), range(cores)))) for _ in range(3)
        )


def torch_side(width: int) -> None:
    """One model after the other."""
    import torch

    x = torch.tensor(digits())
    for latent in LATENTS:
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = torch.nn.Sequential(
                torch.nn.Linear(64, width),
                torch.nn.ReLU(),
                torch.nn.Linear(width, latent),
                torch.nn.Linear(latent, width),
                torch.nn.ReLU(),
                torch.nn.Linear(width, 64),
            )
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
            for step in range(STEPS):
                if step % (len(x) // BATCH) == 0:
                    order = torch.randperm(len(x))
                start = step % (len(x) // BATCH) * BATCH
                batch = x[order[start : start + BATCH]]
                optimizer.zero_grad(set_to_none=True)
                loss = 0.5 * (model(batch) - batch).square().sum() / BATCH
                loss.backward()
                optimizer.step()

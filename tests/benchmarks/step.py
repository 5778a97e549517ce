"""A training step of 784-512-256-32-256-512-784, batch 256, Adam, binary cross-entropy.

Ours is :func:`aelib.training.fit` as it stands, once compiled: batches drawn, history kept, failure
looked for. The other side is PyTorch's loop, plain and compiled, on batches drawn the same way; and
the matrix products of the step, alone, in JAX.
"""

import itertools
import warnings

import numpy as np

from tests.benchmarks.harness import Call, Report, figure, growth, in_turns
from tests.benchmarks.products import layer_products, products

ROWS, FEATURES, LATENT, BATCH, STEPS = 4096, 784, 32, 256, 200


def report(rounds: int) -> Report:
    """Against PyTorch, against the bare products, and growth with the width."""
    layers = list(itertools.pairwise((FEATURES, 512, 256, LATENT, 256, 512, FEATURES)))
    calls = {
        "aelib": aelib_side(),
        "eager": torch_side(compiled=False),
        "compiled": torch_side(compiled=True),
        "products": products(layer_products(layers, BATCH), STEPS),
    }
    taken = {name: [t / STEPS for t in times] for name, times in in_turns(calls, rounds).items()}
    work = "training step, 784-512-256-32-256-512-784"
    figures = [
        figure(work, "PyTorch eager", taken["aelib"], taken["eager"], at_least=1.2),
        figure(work, "PyTorch compiled", taken["aelib"], taken["compiled"], at_least=1.2),
        figure(work, "its matrix products alone", taken["aelib"], taken["products"], at_least=0.8),
    ]
    widths = {width: aelib_side((width, width // 2)) for width in (128, 256, 512, 1024)}
    return Report(figures, [growth(f"{STEPS} training steps", "width", widths)])


def images() -> np.ndarray:
    """Binary images, [ROWS, FEATURES]."""
    return (np.random.default_rng(0).random((ROWS, FEATURES)) < 0.2).astype(np.float32)


def aelib_side(hidden: tuple[int, int] = (512, 256)) -> Call:
    """``fit`` for some steps."""
    import jax
    import optax
    from flax import nnx

    import aelib

    model = aelib.models.mlp(FEATURES, LATENT, hidden=hidden, rngs=nnx.Rngs(0))
    x = images()

    def call() -> None:
        aelib.training.fit(
            model,
            x,
            aelib.likelihoods.Bernoulli(),
            optimizer=optax.adam(1e-3),
            batch_size=BATCH,
            steps=STEPS,
            tick_every=STEPS,
            progress=False,
            key=jax.random.key(0),
        )

    return call


def torch_side(*, compiled: bool) -> Call:
    """The loop of every tutorial."""
    import torch

    widths = (FEATURES, 512, 256, LATENT, 256, 512, FEATURES)
    layers: list[torch.nn.Module] = []
    for index, pair in enumerate(itertools.pairwise(widths)):
        layers.append(torch.nn.Linear(*pair))
        if index not in (2, 5):
            layers.append(torch.nn.ReLU())
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
    x = torch.tensor(images())

    def objective(batch: torch.Tensor) -> torch.Tensor:
        return loss(model(batch), batch) / BATCH

    if compiled:
        warnings.filterwarnings("ignore", module="torch")
        objective = torch.compile(objective)

    def call() -> None:
        order = torch.randperm(ROWS)
        for step in range(STEPS):
            start = step * BATCH % ROWS
            optimizer.zero_grad(set_to_none=True)
            objective(x[order[start : start + BATCH]]).backward()
            optimizer.step()

    return call

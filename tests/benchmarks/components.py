"""PCA against scikit-learn's default at the sizes people have; and a stream."""

import json
import sys

import numpy as np

from tests.benchmarks.harness import (
    Figure,
    Report,
    figure,
    growth,
    in_a_process,
    in_turns,
    peak_mebibytes,
)

ROWS, FEATURES, COMPONENTS = 60_000, 784, 32
SIZES = ((60_000, 784), (10_000, 2_000), (2_000, 5_000), (1_000_000, 64))


def report(rounds: int) -> Report:
    """Time and agreement; memory of a stream of twice as many rows; growth with the rows."""
    from sklearn import decomposition

    from aelib import pca

    x = planted(ROWS)
    x64 = x.astype(np.float64)
    calls = {
        "aelib": lambda: pca.fit(x, COMPONENTS),
        "exact": lambda: pca.fit(x, COMPONENTS, precision="exact"),
        "sklearn": lambda: decomposition.PCA(COMPONENTS).fit(x),
        "sklearn64": lambda: decomposition.PCA(COMPONENTS).fit(x64),
    }
    taken = in_turns(calls, rounds)
    angle = pca.principal_angles(calls["aelib"]().basis, calls["sklearn"]().components_.T).max()
    peaks = {n: in_a_process(__name__, str(n))["peak"] for n in (ROWS // 4, ROWS)}
    work = f"PCA, {ROWS} x {FEATURES}, variances 4 : 1 at {COMPONENTS}"
    figures = [
        figure(
            work,
            "scikit-learn's default",
            taken["aelib"],
            taken["sklearn"],
            at_least=1.0,
            note=f"largest angle between the subspaces {angle:.0e} rad",
        ),
        figure(
            work,
            'the same in float64; ours with precision="exact"',
            taken["exact"],
            taken["sklearn64"],
            at_least=1.0,
        ),
        figure(
            f"peak memory of a streamed fit of {ROWS} rows",
            f"of {ROWS // 4} rows",
            (peaks[ROWS],),
            (peaks[ROWS // 4],),
            at_least=0.95,
            unit="MiB",
        ),
    ]
    figures[1:1] = [size_figure(*size, k, rounds) for size in SIZES for k in (10, 50)]
    rows = {n: lambda n=n: pca.fit(x[:n], COMPONENTS) for n in (7_500, 15_000, 30_000, 60_000)}
    return Report(figures, [growth("PCA of 784 features", "rows", rows)])


def size_figure(rows: int, features: int, components: int, rounds: int) -> Figure:
    """One size and number of components; the variances fall by 4 right after the last one kept."""
    from sklearn import decomposition

    from aelib import pca

    x = planted(rows, features, components)
    calls = {
        "aelib": lambda: pca.fit(x, components),
        "sklearn": lambda: decomposition.PCA(components).fit(x),
    }
    taken = in_turns(calls, rounds)
    angle = pca.principal_angles(calls["aelib"]().basis, calls["sklearn"]().components_.T).max()
    return figure(
        f"PCA, {rows} x {features}, {components} components",
        "scikit-learn's default",
        taken["aelib"],
        taken["sklearn"],
        at_least=1.0,
        note=f"largest angle between the subspaces {angle:.0e} rad",
    )


def planted(rows: int, features: int = FEATURES, components: int = COMPONENTS) -> np.ndarray:
    """Gaussian rows: variances from 100 to 4 in the first directions, then from 1 to 1e-4."""
    rng = np.random.default_rng(0)
    deviations = np.concatenate(
        [np.geomspace(10, 2, components), np.geomspace(1, 0.01, features - components)]
    )
    axes = np.linalg.qr(rng.normal(size=(features, features)))[0]
    mixed = (deviations[:, None] * axes.T).astype(np.float32)
    return rng.standard_normal((rows, features), dtype=np.float32) @ mixed


def stream(rows: int) -> None:
    """Fit without ever holding the rows."""
    from aelib import pca

    rng = np.random.default_rng(0)
    size = 2_500
    pca.fit_batches(
        (rng.standard_normal((size, FEATURES), dtype=np.float32) for _ in range(rows // size)),
        COMPONENTS,
    )


if __name__ == "__main__":  # the memory of a stream, in a process of its own
    stream(int(sys.argv[1]))
    print(json.dumps({"peak": peak_mebibytes()}))

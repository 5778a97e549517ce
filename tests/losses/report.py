"""The table of worst errors: ``python -m tests.losses.report``."""

import time

import numpy as np

from tests.losses.cases import CASES
from tests.losses.comparison import compare


def main() -> None:
    """Print, for each loss and precision, the worst error of value and gradient, and where."""
    for dtype in (np.float32, np.float64):
        print(
            f"\n{np.dtype(dtype)}: value in units of max(1, |nats|); gradient in units of rounding"
        )
        for name in CASES:
            start = time.perf_counter()
            result = compare(name, dtype)
            seconds = time.perf_counter() - start
            slopes = "  ".join(f"{k} {np.nanmax(v):.3g}" for k, v in result.gradient.items())
            print(
                f"{name:38s} n={len(result.value):5d} {seconds:5.1f}s finite={result.finite} "
                f"value {np.nanmax(result.value):.2e}   gradient: {slopes}"
            )
            for label, errors in {"value": result.value, **result.gradient}.items():
                worst = int(np.nanargmax(errors))
                where = ", ".join(str(p[worst]) for p in result.points)
                print(f"      worst {label:12s} {errors[worst]:.3g} at {where}")


if __name__ == "__main__":
    main()

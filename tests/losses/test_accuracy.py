"""Every loss against forty digits, at extremes and on ridges. ``report.py`` prints the table."""

import numpy as np
import pytest

from tests.losses.cases import CASES
from tests.losses.comparison import compare

pytestmark = pytest.mark.exact

# What is promised in float32 is 1e-5 of max(1, |nats|); what is achieved is 6e-7.
VALUE = {np.float32: 1e-6, np.float64: 4e-15}
# In units of what rounding the inputs and the result would change by itself.
GRADIENT = 4.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name: str, dtype: type) -> None:
    result = compare(name, dtype)
    assert result.finite
    errors = {"value": (result.value, VALUE[dtype])}
    errors |= {f"d/d{k}": (v, GRADIENT) for k, v in result.gradient.items()}
    for what, (error, bound) in errors.items():
        worst = int(np.argmax(error))
        where = [p[worst] for p in result.points]
        assert error[worst] <= bound, f"{what}: {error[worst]:.3g} > {bound:g} at {where}"

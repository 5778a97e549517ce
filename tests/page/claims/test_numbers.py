import pytest

from aelib.page.claims._numbers import number
from aelib.page.claims.record import Measurement


def measured(values: list[float], op: str = "<", bound: object = 1e9) -> Measurement:
    return Measurement("1.1", "Something", tuple(values), op, bound)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (5, "5"),
        (1790, "1,790"),
        (110642, "110,642"),
        (0.70710678, "0.7071"),
        (-2.2945, "−2.295"),
        (0.001, "0.001"),
        (1e-4, "10⁻⁴"),
        (-1e-4, "−10⁻⁴"),
        (2.5e-7, "2.5 × 10⁻⁷"),
        (1e-6, "10⁻⁶"),
        (0.99999, "1"),
        (9.9999e-5, "10⁻⁴"),
        (1234567.0, "1.235 × 10⁶"),
        (1e300, "10³⁰⁰"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.0601, 0.0604, 0.0603, 0.0599, 0.06], "0.06014 ± 0.00026"),
        ([3.2, 3.3, 3.1], "3.20 ± 0.25"),
        ([-3.2, -3.3, -3.1], "−3.20 ± 0.25"),
        ([1e-7, 1.1e-7, 1.2e-7], "(1.10 ± 0.25) × 10⁻⁷"),
        ([1000, 2000, 3000], "2,000 ± 2,484"),
        ([5, 5, 5], "5"),
    ],
)
def test_measurement_over_seeds(values: list[float], text: str) -> None:
    assert measured(values).measured == text


def test_rounding_never_shows_a_number_that_would_not_pass() -> None:
    assert measured([0.99996], "<", 1.0).measured == "0.99996"
    assert measured([1.00001], ">", 1.0).measured == "1.00001"


def test_requirement() -> None:
    assert measured([1], "<=", 1e-6).required == "≤ 10⁻⁶"
    assert measured([1], "in", (-4.0, 0.5)).required == "in [−4, 0.5]"
    assert measured([1], "==", 3.0).required == "= 3"


def test_a_geometric_mean_is_shown_with_the_ends_of_its_interval() -> None:
    decades = Measurement("1.1", "x", (1e-6, 1e-5, 1e-4), "<", 1.0, unit="nats", scale="log")
    assert decades.measured == "10⁻⁵ nats (3.3 × 10⁻⁸ to 0.003)"

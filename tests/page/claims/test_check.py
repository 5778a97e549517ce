import json
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from aelib.page.claims import ClaimFailed, Measurement, check, forest, verdict


@pytest.mark.parametrize(
    ("op", "bound", "passing", "failing"),
    [
        ("<", 1.0, 0.5, 1.0),
        ("<=", 1.0, 1.0, 1.0001),
        (">", 1.0, 1.5, 1.0),
        (">=", 1.0, 1.0, 0.9999),
        ("==", 1.0, 1.0, 1.0 + 1e-15),
        ("in", (0.0, 1.0), 1.0, 1.0001),
    ],
)
def test_operators(op: str, bound: Any, passing: float, failing: float) -> None:
    assert check("1.1", "x", passing, op, bound).passed
    with pytest.raises(ClaimFailed):
        check("1.1", "x", failing, op, bound)


def test_the_worse_end_of_the_interval_has_to_pass() -> None:
    seeds = [0.9, 1.0, 1.1]  # mean 1, interval about [0.75, 1.25]
    assert check("1.1", "x", seeds, "<", 1.25).seeds == 3
    for op, bound in [("<", 1.2), (">", 0.8), ("in", (0.8, 2.0)), ("in", (0.0, 1.2))]:
        with pytest.raises(ClaimFailed):
            check("1.1", "x", seeds, op, bound)


def test_equality_is_asked_of_every_seed() -> None:
    assert check("1.1", "x", [3, 3, 3], "==", 3).passed
    with pytest.raises(ClaimFailed):
        check("1.1", "x", [2, 3, 4], "==", 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, [1.0, np.nan], [0.0, -np.inf]])
@pytest.mark.parametrize("op", ["<", ">", "<=", ">=", "=="])
def test_what_is_not_finite_fails(bad: Any, op: str) -> None:
    with pytest.raises(ClaimFailed, match="not finite"):
        check("1.1", "x", bad, op, 0.0)


@pytest.mark.parametrize(
    "measured", [2, 2.0, np.float32(2), np.array(2), jnp.asarray(2.0), jnp.bfloat16(2)]
)
def test_kinds_of_numbers(measured: Any) -> None:
    assert check("1.1", "x", measured, "==", 2).values == (2.0,)


def test_kinds_of_sequences() -> None:
    for measured in ([1, 2], (1, 2), np.array([1, 2]), jnp.array([1, 2]), [np.float32(1), 2]):
        assert check("1.1", "x", measured, "<", 99).values == (1.0, 2.0)


def test_failure_says_what_to_do() -> None:
    with pytest.raises(ClaimFailed) as failure:
        check("3.1", "Excess loss", [0.1, 0.2, 0.3], "<", 0.25, unit="nats", because="half a bit")
    message = str(failure.value)
    wanted = ("claim 3.1: Excess loss", "0.20 ± 0.25 nats", "< 0.25 nats", "0.1, 0.2, 0.3")
    for part in (*wanted, "because: half a bit"):
        assert part in message
    assert isinstance(failure.value, AssertionError)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"claim_id": "3"}, ValueError, "claim_id: expected chapter.number"),
        ({"claim_id": 3.1}, TypeError, "claim_id: expected text, got float"),
        ({"text": " "}, ValueError, "text: expected words"),
        ({"measured": [1.0]}, ValueError, "measured: .*at least two"),
        ({"measured": []}, ValueError, "measured: .*at least two"),
        ({"measured": [[1.0, 2.0]]}, ValueError, "measured: .*shape"),
        ({"measured": "1"}, TypeError, "measured: expected a real number"),
        ({"measured": True}, TypeError, "measured: .*bool"),
        ({"measured": 1j}, TypeError, "measured: .*complex"),
        ({"measured": None}, TypeError, "measured: .*NoneType"),
        ({"op": "=<"}, ValueError, "op: expected one of"),
        ({"op": "in"}, ValueError, r"bound: expected \(low, high\)"),
        ({"bound": (0, 1)}, ValueError, "bound: expected one number"),
        ({"bound": np.nan}, ValueError, "bound: expected finite"),
        ({"op": "in", "bound": (1, 0)}, ValueError, "low before high"),
        ({"bound": "1"}, TypeError, "bound: expected a real number"),
        ({"verdict": "fails"}, ValueError, "verdict: expected one of"),
        ({"verdict": "holds if"}, ValueError, "condition: expected what"),
        ({"condition": "centered"}, ValueError, "condition: expected none"),
        ({"shows": "proves"}, ValueError, "shows: expected one of"),
        ({"scale": "log10"}, ValueError, "scale: expected one of"),
        ({"scale": "log"}, ValueError, "measured: expected positive"),
        ({"scale": "log", "measured": 1, "bound": 0}, ValueError, "bound: expected positive"),
        ({"because": None}, TypeError, "because: expected text"),
        ({"unit": None}, TypeError, "unit: expected text"),
    ],
)
def test_bad_arguments(change: dict[str, Any], error: type, message: str) -> None:
    good: dict[str, Any] = {"claim_id": "1.1", "text": "x", "measured": 0, "op": "<", "bound": 1}
    arguments = good | change
    with pytest.raises(error, match=message):
        check(**arguments)


def test_a_measurement_survives_its_data() -> None:
    for measurement in (
        check("1.1", "x", [1, 2, 3], "in", (-9, 9), unit="rad", because="z", shows="context"),
        check("1.1", "x", [1, 2, 3], "<", 99, scale="log", decides=True),
        check("5.5", "y", 1, "<", 2, verdict="holds if", condition="z"),
    ):
        assert Measurement.from_data(json.loads(json.dumps(measurement.data()))) == measurement


def test_the_worse_end_on_a_logarithmic_scale_has_to_pass() -> None:
    decades = [1e-6, 1e-5, 1e-4]  # geometric mean 1e-5, interval up to about 0.003
    assert check("1.1", "x", decades, "<", 4e-3, scale="log").mean == pytest.approx(1e-5)
    with pytest.raises(ClaimFailed):
        check("1.1", "x", decades, "<", 1e-3, scale="log")


@pytest.mark.parametrize(
    ("said", "shows"),
    [("holds", "supports"), ("does not hold", "contradicts"), ("holds if", "context")],
)
def test_what_a_check_of_the_first_edition_shows(said: str, shows: str) -> None:
    condition = "z" if said == "holds if" else ""
    assert check("1.1", "x", 0, "<", 1, verdict=said, condition=condition).shows == shows


def test_bad_verdicts() -> None:
    with pytest.raises(ValueError, match="verdict: expected one of"):
        verdict("1.1", "perhaps")
    with pytest.raises(ValueError, match="condition: expected what the claim holds under"):
        verdict("1.1", "holds if")
    with pytest.raises(ValueError, match=r"claim_id: expected chapter\.number"):
        verdict("one", "holds")
    with pytest.raises(ValueError, match=r"claim_id: expected chapter\.number"):
        forest("one")

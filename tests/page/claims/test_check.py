import json
import re
from html import unescape
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from aelib.page.claims import WORDS, Claim, ClaimFailed, badge, check


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
        check("3.1", "Excess loss", [0.1, 0.2, 0.3], "<", 0.25, unit="nats")
    message = str(failure.value)
    for part in ("claim 3.1: Excess loss", "0.20 ± 0.25 nats", "< 0.25 nats", "0.1, 0.2, 0.3"):
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
        ({"condition": "centred"}, ValueError, "condition: expected what"),
        ({"unit": None}, TypeError, "unit: expected text"),
    ],
)
def test_bad_arguments(change: dict[str, Any], error: type, message: str) -> None:
    good: dict[str, Any] = {"claim_id": "1.1", "text": "x", "measured": 0, "op": "<", "bound": 1}
    arguments = good | change
    with pytest.raises(error, match=message):
        check(**arguments)


def test_claim_survives_its_data() -> None:
    for claim in (
        check("1.1", "x", [1, 2, 3], "in", (-9, 9), unit="rad"),
        check("5.5", "y", 1, "<", 2, verdict="holds if", condition="z"),
    ):
        assert Claim.from_data(json.loads(json.dumps(claim.data()))) == claim


def test_badge_carries_data_and_escapes() -> None:
    claim = check("1.2", 'a "<b>" & c', 1, "<", 2, verdict="holds if", condition="x < y")
    html = badge(claim, anchor="claim-1-2", href="ledger.html#ledger-1-2")
    (data,) = re.findall(r'data-claim="([^"]*)"', html)
    assert Claim.from_data(json.loads(unescape(data))) == claim
    assert "<b>" not in html
    assert "holds if x &lt; y" in html
    assert 'id="claim-1-2"' in html


def test_a_brief_badge_leaves_the_condition_to_the_one_before_but_carries_it() -> None:
    claim = check("1.2", "y", 1, "<", 2, verdict="holds if", condition="x is small")
    html = badge(claim, brief=True)
    assert "holds if …" in html
    assert "x is small" not in re.sub(r'data-claim="[^"]*"', "", html)
    (data,) = re.findall(r'data-claim="([^"]*)"', html)
    assert Claim.from_data(json.loads(unescape(data))) == claim


def test_badge_in_another_language_keeps_the_number() -> None:
    words = {"claim": "论断", "holds": "成立", "seeds": "{n} 个种子"}
    assert set(words) <= set(WORDS)
    html = badge(check("1.1", "x", [1, 2, 3], "<", 9), words)
    assert all(word in html for word in ("论断 1.1 成立", "3 个种子", "2.0 ± 2.5"))

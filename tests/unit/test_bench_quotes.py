"""What the benchmark of quotes makes of what it measured, and what it holds for a wrong charge."""

import base64
import json
from io import StringIO

from pydantic import JsonValue
from rich.console import Console

from bench.buying import credential
from bench.options import Options
from bench.post_load import encoded
from bench.quote_report import finding
from bench.quote_rounds import Measured, Sample, together
from bench.till import miscounted

ONCE: dict[str, JsonValue] = {"charges": 1, "charged": 120, "refunds": 0, "refunded": 0}


def test_rounds_are_put_together_before_their_tail_is_read() -> None:
    rounds = [
        Sample((1.0, 2.0), 1.0, {"gateway": 0.002}),
        Sample((3.0, 400.0), 1.0, {"gateway": 0}),
    ]
    whole = together(rounds)
    assert (whole.rate, whole.p50_ms, whole.p99_ms) == (2.0, 2.5, 400.0)
    assert whole.cpu_ms() == {"gateway": 0.5}


def test_the_target_needs_both_the_rate_of_quotes_and_the_wait_of_a_lone_payer() -> None:
    bare = _measured(quotes_a_second=100, payment_ms=10)
    good = _measured(quotes_a_second=50, payment_ms=200)
    few = _measured(quotes_a_second=10, payment_ms=200)
    slow = _measured(quotes_a_second=50, payment_ms=600)
    found = [finding(_options(), ours, bare, charged_once=2) for ours in (good, few, slow)]
    assert [one.details["target_met"] for one in found] == [True, False, False]
    assert (found[0].value, found[0].baseline, found[0].ratio) == (50, 100, 0.5)
    assert found[0].details["payment_added_ms"] == 190


def test_each_quote_is_to_be_charged_once_whole_and_for_good() -> None:
    found: dict[str, JsonValue] = {
        "good": ONCE,
        "twice": ONCE | {"charges": 2, "charged": 240},
        "less": ONCE | {"charged": 119},
        "returned": ONCE | {"refunds": 1, "refunded": 120},
        "stranger": ONCE,
    }
    expected = ["good", "twice", "less", "returned", "missing"]
    wrong = ["less", "missing", "returned", "stranger", "twice"]
    assert miscounted(found, expected, 120) == wrong
    assert miscounted({"good": ONCE}, ["good"], 120) == []


def test_a_challenge_is_paid_by_its_echo_and_the_token() -> None:
    scheme, _, text = credential('Payment id="a", realm="b"', "spt_x").partition(" ")
    document = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert scheme == "Payment"
    assert document == {"challenge": {"id": "a", "realm": "b"}, "payload": {"spt": "spt_x"}}


def test_an_order_announces_the_bytes_of_its_body() -> None:
    request = encoded({"method": "POST", "path": "/x", "headers": {"Accept": "*/*"}, "body": "é"})
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.splitlines() == [
        b"POST /x HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Content-Length: 2",
        b"Accept: */*",
    ]
    assert body == "é".encode()


def _measured(*, quotes_a_second: int, payment_ms: float) -> Measured:
    quotes = Sample((5.0,) * quotes_a_second, 1.0)
    payments = Sample((payment_ms,), payment_ms / 1000)
    return Measured([quotes], [payments], [payments])


def _options() -> Options:
    return Options(Console(file=StringIO()))

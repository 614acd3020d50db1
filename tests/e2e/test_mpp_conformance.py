"""What mppx finds when it looks at a server that takes payments: all its checks are a gate.

They are, as of 0.11.0: /llms.txt and /openapi.json are there and right; the first request gets a
402 whose challenge has an id, a realm that is the host, an end in the future, and Stripe's amount,
currency, network and payment methods; a malformed credential gets a 402 with a challenge; a payment
is taken; and, with a wallet that is told the answer, the receipt is there, is right and is of now,
and the answer has a body with its type.
"""

import json
from typing import Any

import pytest

from tests.kit.shop import Shop

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

QUOTES = ("POST", "/api/agent/render-quotes")
PASS = "pass"


def checks_of(report: dict[str, Any]) -> dict[str, str]:
    """What was checked, and how it went."""
    checks = [*report["discovery"]["checks"]]
    for endpoint in report["endpoints"]:
        checks += endpoint["challenge"] + endpoint["errorHandling"] + endpoint["payment"]
    return {
        check["label"]: check["severity"] + f": {check.get('detail')}" * (check["severity"] != PASS)
        for check in checks
    }


@pytest.mark.parametrize(
    ("wallet", "last_checks"),
    [
        ("", {"Payment [stripe]: submitted", "Payment [stripe]: successful"}),
        (
            "mppx.config.mjs",
            {
                "Payment: successful",
                "Payment-Receipt header present",
                'Receipt status is "success"',
                "Receipt reference valid",
                "Receipt timestamp recent",
                "Response body non-empty",
                "Content-Type header set",
            },
        ),
    ],
    ids=["with its own wallet", "with a wallet that looks at the receipt"],
)
def test_mppx_validates_the_server_in_full(shop: Shop, wallet: str, last_checks: set[str]) -> None:
    before = shop.till.charges()
    ran = shop.mppx.run("validate", shop.stack.base_url, "--yes", "--output-json", wallet=wallet)
    report = json.loads(ran.output)
    checks = checks_of(report)
    assert {label: how for label, how in checks.items() if how != PASS} == {}
    assert ran.exit_code == 0
    assert last_checks <= set(checks)
    assert [(tried["method"], tried["path"]) for tried in report["endpoints"]] == [QUOTES]
    assert report["summary"]["passed"] >= len(checks)
    assert report["suggestions"] == []
    assert shop.till.charges() == before + 1


def test_mppx_finds_the_discovery_document_valid(shop: Shop) -> None:
    url = f"{shop.stack.base_url}/openapi.json"
    ran = shop.mppx.run("discover", "validate", url, "--format", "json")
    assert ran.exit_code == 0, ran
    report = json.loads(ran.output)
    assert (report["valid"], report["issues"]) == (True, [])

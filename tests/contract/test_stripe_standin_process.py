"""The stand-in of Stripe as a process: killed and started again, directed over HTTP, silent."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import stripe

from tests.kit.stripe_standin import KEY, WEBHOOK_SECRET, Json, Seller, new_quote, refused
from tests.kit.webhook_inbox import WebhookInbox

ROOT = Path(__file__).parents[2]
STOP_SECONDS_MAX = 20
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "STRIPE_SECRET_KEY": KEY,
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
}


@dataclass
class Running:
    url: str
    process: subprocess.Popen[str]
    log_file: Path


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[Running]:
    log_file = folder / "standin.log"
    with log_file.open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.stripe_standin", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
    assert process.stdout is not None
    with process.stdout:
        yield Running(process.stdout.readline().strip(), process, log_file)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS_MAX) in {0, -signal.SIGKILL}


def _order(url: str, door: str, body: object) -> httpx2.Response:
    return httpx2.post(f"{url}/_control/{door}", json=body)


def _asked(url: str, door: str) -> Json:
    found = httpx2.get(f"{url}/_control/{door}").raise_for_status().json()
    assert isinstance(found, dict)
    return found


def test_a_payment_outlives_the_process_that_took_it(tmp_path: Path) -> None:
    state = str(tmp_path / "stripe.db")
    quote_id = new_quote()
    with _running(tmp_path, "--state", state) as running, Seller(running.url) as seller:
        token = seller.mint()
        paid = seller.pay(token, quote_id=quote_id, key="k")
        running.process.kill()
        running.process.wait(STOP_SECONDS_MAX)
    with _running(tmp_path, "--state", state) as running, Seller(running.url) as seller:
        assert seller.pay(token, quote_id=quote_id, key="k").id == paid.id
        with pytest.raises(stripe.InvalidRequestError) as caught:
            seller.pay(token, quote_id=quote_id, key="other")
        assert refused(caught.value) == (400, "shared_payment_token_consumed")
        assert seller.client.v1.refunds.create({"payment_intent": paid.id}).amount == 500
    assert oct(Path(state).stat().st_mode & 0o777) == "0o600"


def test_faults_books_and_webhooks_are_directed_over_http(tmp_path: Path) -> None:
    quote_id = new_quote()
    with (
        WebhookInbox(WEBHOOK_SECRET) as inbox,
        _running(tmp_path, "--control", "--webhook-url", inbox.url) as running,
        Seller(running.url) as seller,
    ):
        _order(running.url, "webhooks", {"hold": True}).raise_for_status()
        fault = {"call": "intents.create", "fault": "reset_after", "matching": quote_id}
        _order(running.url, "faults", fault).raise_for_status()
        token = seller.mint()
        with pytest.raises(stripe.APIConnectionError):
            seller.pay(token, quote_id=quote_id, key="k")
        paid = seller.pay(token, quote_id=quote_id, key="k")
        books = _asked(running.url, "books")
        assert books["balances"] == {
            quote_id: {"charges": 1, "charged": 500, "refunds": 0, "refunded": 0}
        }
        happened = httpx2.get(f"{running.url}/_control/faults").json()
        assert happened == [{"call": "intents.create", "fault": "reset_after"}]
        _order(running.url, "webhooks", {"hold": False, "reverse": True}).raise_for_status()
        assert inbox.types(2) == ["payment_intent.succeeded", "payment_intent.created"]
        _order(running.url, "disputes", {"payment_intent": paid.id}).raise_for_status()
        assert inbox.next().type == "charge.dispute.created"
        told = {"type": "payment_intent.canceled", "id": paid.id}
        event_id = _order(running.url, "events", told).json()["id"]
        assert inbox.next().id == event_id
        for door in ("later", "hurry", "clear"):
            _order(running.url, door, {}).raise_for_status()
        _order(running.url, "settings", {"later_seconds": 0.5}).raise_for_status()
        deliveries = httpx2.get(f"{running.url}/_control/deliveries").json()
        assert {delivery["status"] for delivery in deliveries} == {200}


@pytest.mark.parametrize(
    ("door", "order"),
    [
        ("faults", {"call": "intents.nap", "fault": "busy"}),
        ("faults", {"call": "intents.get", "fault": "broken_after"}),
        ("faults", {"call": "intents.get", "fault": "sleepy"}),
        ("faults", {}),
        ("events", {"type": "payment_intent.succeeded", "id": "pi_none"}),
        ("events", {"type": "payment_intent.succeeded"}),
        ("disputes", {"payment_intent": "pi_none"}),
        ("settings", {"later_seconds": -1}),
        ("webhooks", {"hold": False, "times": 0}),
    ],
)
def test_an_order_without_sense_is_refused(controlled: str, door: str, order: Json) -> None:
    refusal = _order(controlled, door, order)
    assert refusal.status_code == 400
    assert refusal.json()["detail"]


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _running(tmp_path_factory.mktemp("standin"), "--control") as running:
        yield running.url


def test_without_control_there_is_no_door(tmp_path: Path) -> None:
    with _running(tmp_path) as running:
        for door in ("books", "faults", "deliveries"):
            assert httpx2.get(f"{running.url}/_control/{door}").status_code == 404


def test_the_log_says_that_no_money_moves_and_nothing_that_is_worth_any(tmp_path: Path) -> None:
    with _running(tmp_path) as running, Seller(running.url) as seller:
        token = seller.mint()
        paid = seller.pay(token, key=f"mpp_{token}")
        seller.send("get", f"/v1/shared_payment/granted_tokens/{token}")
        httpx2.get(f"{running.url}/v1/nowhere/{token}?key={KEY}", auth=(KEY, ""))
        httpx2.get(f"{running.url}/v1/refunds", auth=("sk_test_of_another", ""))
    log = running.log_file.read_text()
    assert "local stand-in of Stripe" in log
    assert "no money moves" in log
    assert '"call": "intents.create"' in log
    secrets = (token, KEY, WEBHOOK_SECRET, "sk_test_of_another", "4242", str(paid.client_secret))
    assert [secret for secret in secrets if secret in log] == []


def test_what_keeps_it_from_starting_is_a_sentence_and_not_a_hang(tmp_path: Path) -> None:
    with _running(tmp_path) as running:
        taken = _failing("--port", running.url.rpartition(":")[2])
    assert "address already in use" in taken.lower()
    assert "test keys only" in _failing(key="sk_live_x")
    damaged = tmp_path / "damaged.db"
    damaged.write_text("no database " * 100)
    assert "not a database" in _failing("--state", str(damaged))


def _failing(*arguments: str, key: str = KEY) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "runtime.stripe_standin", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**ENVIRONMENT, "STRIPE_SECRET_KEY": key},
        check=False,
        timeout=STOP_SECONDS_MAX,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr

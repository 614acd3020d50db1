"""`fvs dev` has a stand-in for Stripe, unless the developer has a key of Stripe's."""

import json
from pathlib import Path

import httpx2
import pytest

from runtime.dev_files import StackFolder
from tests.e2e.dev_driver import (
    PATIENCE_SECONDS,
    Ports,
    free_ports,
    fvs_dev,
    launch,
    running_stack,
    speaking_standin,
    told,
    until,
)
from tests.kit.customer import ONE_SHOT, credential, offer_of, receipt_of
from tests.kit.till import mint_token

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest.fixture
def ports() -> Ports:
    return free_ports()


def test_gateway_and_stand_in_know_each_other(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports) as stack:
        note, secrets = stack.note, stack.folder.read_secrets()
        assert secrets is not None
        assert note.stripe_url == f"http://127.0.0.1:{ports.stripe}"
        assert note.stripe_spt_url == (
            f"{note.stripe_url}/v1/test_helpers/shared_payment/granted_tokens"
        )
        assert note.stripe_secret_key is not None
        assert note.stripe_secret_key.startswith("sk_test_")
        keys = {
            "STRIPE_SECRET_KEY": note.stripe_secret_key,
            "STRIPE_WEBHOOK_SECRET": secrets.stripe_webhook_secret,
        }
        gateway, standin = told(note.gateway_url), told(note.stripe_url)
        assert gateway.variables.items() >= keys.items()
        assert gateway.variables["FVS_STRIPE_BASE_URL"] == note.stripe_url
        assert gateway.variables["FVS_STRIPE_NETWORK_ID"] == secrets.stripe_network_id
        assert gateway.variables["FVS_MPP_SECRET"] == secrets.mpp_secret
        assert gateway.variables["FVS_PAYMENT_REALM"] == "127.0.0.1"
        # No key is an argument, which every user of the machine can read.
        assert standin.variables == keys
        assert standin.arguments == [
            *("--port", str(ports.stripe)),
            *("--webhook-url", f"{note.gateway_url}/api/stripe/webhooks"),
            *("--network-id", secrets.stripe_network_id),
            *("--state", str(tmp_path / "stripe.db")),
        ]


def test_settings_of_stripe_without_a_key_are_not_mixed_with_the_stand_ins(
    tmp_path: Path, ports: Ports
) -> None:
    given = {"FVS_STRIPE_WEBHOOK_SECRET": "whsec_of_another", "FVS_STRIPE_NETWORK_ID": "profile_1"}
    with running_stack(tmp_path, ports, variables=given) as stack:
        variables = told(stack.note.gateway_url).variables
        assert "FVS_STRIPE_WEBHOOK_SECRET" not in variables
        assert variables["FVS_STRIPE_NETWORK_ID"].startswith("profile_test_")


def test_with_a_key_of_stripes_payments_go_there(tmp_path: Path, ports: Ports) -> None:
    given = {
        "STRIPE_SECRET_KEY": "sk_test_of_the_developer",
        "FVS_STRIPE_NETWORK_ID": "profile_test_developer",
    }
    with running_stack(tmp_path, ports, variables=given) as stack:
        note = stack.note
        assert (note.stripe_url, note.stripe_secret_key, note.stripe_spt_url) == (None,) * 3
        assert note.pids.stripe is None
        variables = told(note.gateway_url).variables
        assert variables.items() >= given.items()
        assert "FVS_STRIPE_BASE_URL" not in variables
        assert variables["FVS_MPP_SECRET"]


def test_it_says_that_no_money_moves(tmp_path: Path, ports: Ports) -> None:
    process = launch(tmp_path, ports, speaking_standin)
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(7)]
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert (
        "Payments     go to a local stand-in for Stripe at "
        f"http://127.0.0.1:{ports.stripe}; no money moves"
    ) in said


def test_an_older_folder_gets_what_payments_need_and_keeps_the_rest(
    tmp_path: Path, ports: Ports
) -> None:
    with running_stack(tmp_path, ports) as stack:
        key = stack.note.api_key
    file = tmp_path / "secrets.json"
    older = {
        name: value
        for name, value in json.loads(file.read_text()).items()
        if name in ("key_pepper", "signing_key")
    }
    file.write_text(json.dumps(older))
    note_file = tmp_path / "dev.json"
    note = json.loads(note_file.read_text())
    note_file.write_text(
        json.dumps({name: value for name, value in note.items() if not name.startswith("stripe_")})
    )
    with running_stack(tmp_path, ports) as stack:
        assert stack.note.api_key == key
        drawn = StackFolder(tmp_path).read_secrets()
    with running_stack(tmp_path, ports):
        assert StackFolder(tmp_path).read_secrets() == drawn
    assert drawn is not None
    assert drawn.model_dump().items() >= older.items()


def test_what_was_paid_outlives_a_restart_of_the_stack(tmp_path: Path, ports: Ports) -> None:
    with running_stack(tmp_path, ports, fvs_dev) as stack:
        note = stack.note
        quotes_url = f"{note.gateway_url}/api/agent/render-quotes"
        offer = offer_of(httpx2.post(quotes_url, json={"request": ONE_SHOT}, timeout=30))
        token = mint_token(
            str(note.stripe_spt_url),
            str(note.stripe_secret_key),
            offer.amount_cents,
            network_id=offer.network_id,
        )
        payment = {"Authorization": credential(offer.challenge, {"spt": token})}
        paid = httpx2.post(offer.problem["payment_url"], headers=payment, timeout=60)
        assert paid.status_code == 202, paid.text
        assert stack.stop() == 0
    with running_stack(tmp_path, ports, fvs_dev):

        def status() -> dict[str, object]:
            return dict(httpx2.get(offer.problem["status_url"], timeout=30).json())

        until(lambda: status()["status"] not in ("queued", "running"))
        until(lambda: status()["payment_status"] != "rendering")
        assert status()["status"] == status()["payment_status"] == "completed"
        known = httpx2.get(
            f"{note.stripe_url}/v1/payment_intents/{receipt_of(paid)['reference']}",
            auth=(str(note.stripe_secret_key), ""),
        )
        assert known.json()["status"] == "succeeded"

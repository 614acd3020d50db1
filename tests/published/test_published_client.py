"""The client published for this API, unchanged, in an environment of its own: its functions."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.kit.client import SHORT_FILM, Agent
from tests.kit.customer import ONE_SHOT, Offer
from tests.kit.film import check_film
from tests.kit.shop import Shop
from tests.kit.stack import Stack
from tests.published.environment import published_python

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SESSION = Path(__file__).with_name("session.py")
CALL_SECONDS_MAX = 120

Call = Callable[..., dict[str, Any]]


def run_session(arguments: Sequence[str | Path], **variables: str) -> dict[str, Any]:
    """One command of the client, with these variables."""
    finished = subprocess.run(
        [str(published_python()), str(SESSION), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=CALL_SECONDS_MAX,
        env={"PATH": os.environ["PATH"], **variables},
    )
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout.splitlines()[-1]))


@pytest.fixture
def published(stack: Stack, agent: Agent) -> Call:
    """Run one command of the client against the stack's gateway, which `agent` has started."""
    del agent

    def call(*arguments: str | Path) -> dict[str, Any]:
        return run_session(
            arguments, FVS_AGENT_BASE_URL=stack.base_url, FVS_AGENT_API_KEY=stack.api_key
        )

    return call


@pytest.fixture
def guest(shop: Shop) -> Call:
    """Likewise without a key, against a gateway that takes payments."""

    def call(*arguments: str | Path) -> dict[str, Any]:
        return run_session(arguments, FVS_AGENT_BASE_URL=shop.stack.base_url)

    return call


@pytest.mark.requirement("INPUT-1", "INPUT-2", "INPUT-3", "REND-2")
def test_it_submits_with_an_upload_polls_and_fetches_the_film(
    published: Call, stack: Stack, agent: Agent, tmp_path: Path
) -> None:
    stack.start_worker()
    picture = tmp_path / "harbour.png"
    Image.new("RGB", (320, 180), "#225588").save(picture)
    payload = SHORT_FILM | {
        "assets": [{"filename": "harbour.png", "label": "Harbour", "purpose": "environment"}]
    }
    (tmp_path / "payload.json").write_text(json.dumps(payload))
    job = published("submit", tmp_path / "payload.json", picture)
    assert job["asset_count"] == 1
    agent.wait_until_ended(job["project_id"])
    resource = published("status", job["project_id"])
    assert resource["status"] == "completed"
    check_film(agent.download(resource["final_video_url"], tmp_path / "film.mp4"), seconds=4)


@pytest.mark.requirement("REND-3")
def test_it_cancels(published: Call, stack: Stack, agent: Agent, tmp_path: Path) -> None:
    stack.start_worker(hold="before-put:screenplay.json")
    (tmp_path / "payload.json").write_text(json.dumps(SHORT_FILM))
    job = published("submit", tmp_path / "payload.json")
    stack.wait_until_held()
    published("cancel", job["project_id"])
    resource = agent.wait_until_ended(job["project_id"])
    assert resource["status"] == "canceled"
    assert "cancel" in resource["last_error"]
    assert agent.audit() == []


def estimate(shop: Shop, request: dict[str, Any]) -> dict[str, Any]:
    """What the same request would cost an account."""
    answer = httpx2.post(f"{shop.stack.base_url}/api/agent/renders/estimate", json=request)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def prices_of(priced: dict[str, Any]) -> dict[str, int]:
    return {line["line_id"]: line["credits"] for line in priced["lines"]}


@pytest.mark.requirement("BILL-5", "QUOTE-1", "QUOTE-3", "QUOTE-5")
def test_it_asks_for_a_quote_and_reads_its_status_before_and_after_payment(
    guest: Call, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "payload.json").write_text(json.dumps(ONE_SHOT))
    quoted = guest("quote", tmp_path / "payload.json")
    assert quoted["payment_required"] is True
    assert quoted["www_authenticate"].startswith('Payment id="')
    assert quoted["amount_cents"] == quoted["credits_quoted"] == 120
    assert prices_of(quoted) == prices_of(estimate(shop, ONE_SHOT))
    waiting = guest("paid", quoted["status_url"])
    assert (waiting["status"], waiting["project_id"]) == ("quoted", None)
    assert waiting == guest("paid", quoted["quote_id"], quoted["claim_token"])

    offer = shop.customer.offer_at(quoted["payment_url"])
    assert shop.customer.pay(offer).status_code == 202
    started = guest("paid", quoted["status_url"])
    assert started["status"] in ("queued", "running")
    assert started["project_id"].startswith("proj_api_")
    shop.customer.wait_until_ended(Offer(quoted, "", {}))
    ended = guest("paid", quoted["status_url"])
    assert (ended["status"], ended["payment_status"]) == ("completed", "completed")
    film = shop.customer.download(ended["final_video_url"], tmp_path / "film.mp4")
    check_film(film, seconds=4)

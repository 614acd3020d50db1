"""A caller without an account: asks for prices, pays by hand, and polls with its claim token."""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2

from studio.ledger import service as ledger
from tests.kit.client import POLL_SECONDS_MAX, TERMINAL
from tests.kit.stack import LOOK_SECONDS, NeverHappened, Stack
from tests.kit.till import GOOD_CARD, Till

ONE_SHOT: dict[str, Any] = {
    "name": "Paid quote test",
    "project_mode": "scene",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "video_resolution": "720p",
}
"""The reference's own request of a quote, which costs 120 cents."""

ENDED = ("completed", "failed", "refunded", "expired")
"""`payment_status` when nothing is owed by anyone."""

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Offer:
    """A 402: the problem that it says, and its challenge, parameter by parameter."""

    problem: JsonObject
    www_authenticate: str
    challenge: Mapping[str, str]

    @property
    def quote_id(self) -> str:
        return str(self.problem["quote_id"])

    @property
    def request(self) -> JsonObject:
        return dict(json.loads(_unpadded(self.challenge["request"])))

    @property
    def amount_cents(self) -> int:
        return int(self.request["amount"])

    @property
    def network_id(self) -> str:
        """Whom a payment token has to be granted to."""
        return str(self.request["methodDetails"]["networkId"])


def offer_of(answer: httpx2.Response) -> Offer:
    """What a 402 offers."""
    assert answer.status_code == 402, (answer.status_code, answer.text)
    return read_offer(answer.json(), answer.headers["www-authenticate"])


def read_offer(problem: JsonObject, www_authenticate: str) -> Offer:
    """The same of a 402 that somebody else was answered."""
    scheme, _, parameters = www_authenticate.partition(" ")
    assert scheme == "Payment"
    return Offer(problem, www_authenticate, dict(re.findall(r'(\w+)="([^"]*)"', parameters)))


def refusal_of(problem: JsonObject) -> tuple[int, str]:
    """The status of a problem and the last part of its type."""
    return int(problem["status"]), str(problem["type"]).rpartition("/")[2]


def credential(challenge: Mapping[str, str], payload: Mapping[str, object]) -> str:
    """The value of `Authorization` that answers a challenge; nothing in it is checked."""
    document = {"challenge": dict(challenge), "payload": dict(payload)}
    encoded = base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")
    return f"Payment {encoded.decode()}"


def receipt_of(answer: httpx2.Response | httpx.Response) -> JsonObject:
    return read_receipt(answer.headers["payment-receipt"])


def read_receipt(value: str) -> JsonObject:
    """What a `Payment-Receipt` says."""
    return dict(json.loads(_unpadded(value)))


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Customer:
    """Speaks the protocol by hand, so that a test decides on every byte of it.

    `revisions`: the newest one of each quote's render.
    """

    def __init__(self, stack: Stack, till: Till) -> None:
        self._stack = stack
        self._till = till
        self._http = httpx2.Client(
            base_url=f"{stack.base_url}/api/agent",
            timeout=60,
            limits=httpx2.Limits(max_connections=None),
        )
        self.revisions: dict[str, int] = {}
        self._asked: list[Offer] = []

    def ask(self, request: JsonObject | None = None, **more: object) -> Offer:
        """A new quote. `more` are further fields of the body, such as `upload_urls`."""
        body = {"request": request or ONE_SHOT, **more}
        offer = offer_of(self._http.post("/render-quotes", json=body))
        self._asked.append(offer)
        return offer

    def offer_at(self, url: str) -> Offer:
        """A fresh challenge of a quote, from its payment URL."""
        return offer_of(self._http.get(url))

    def answer_to(self, offer: Offer, *, card: str = GOOD_CARD) -> str:
        """A credential that pays this offer."""
        token = self._till.mint(offer.amount_cents, card=card)
        return credential(offer.challenge, {"spt": token})

    def send(
        self,
        url: str,
        authorization: str,
        *,
        method: str = "POST",
        body: JsonObject | None = None,
    ) -> httpx2.Response:
        headers = {"Authorization": authorization}
        return self._http.request(method, url, headers=headers, json=body)

    def post(self, url: str, body: JsonObject, *, headers: Mapping[str, str]) -> httpx2.Response:
        return self._http.post(url, json=body, headers=headers)

    def pay(self, offer: Offer, *, card: str = GOOD_CARD) -> httpx2.Response:
        """Pay at the quote's payment URL, with the challenge of this offer."""
        return self.send(offer.problem["payment_url"], self.answer_to(offer, card=card))

    def bought(self, request: JsonObject | None = None) -> Offer:
        """A quote that is paid."""
        offer = self.ask(request)
        paid = self.pay(offer)
        assert paid.status_code == 202, paid.text
        return offer

    def status(self, offer: Offer) -> JsonObject:
        """One poll. It must answer, in time, and never with an older revision."""
        answer = self._http.get(offer.problem["status_url"], timeout=POLL_SECONDS_MAX)
        assert answer.status_code == 200, answer.text
        resource = dict(answer.json())
        revision = resource.get("revision") or 0
        assert revision >= self.revisions.get(offer.quote_id, 0)
        self.revisions[offer.quote_id] = revision
        return resource

    def cancel(self, offer: Offer) -> JsonObject:
        query = {"claim_token": offer.problem["claim_token"]}
        answer = self._http.post(f"/paid-renders/{offer.quote_id}/cancel", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_until_ended(self, offer: Offer, seconds: float = 120) -> JsonObject:
        """Poll until the render has ended and no money is on its way any more."""
        deadline = time.monotonic() + seconds
        while True:
            resource = self.status(offer)
            if resource["payment_status"] in ENDED and resource["status"] in TERMINAL:
                return resource
            if time.monotonic() > deadline:
                raise NeverHappened(f"the paid render did not end: {resource}")
            time.sleep(LOOK_SECONDS * 4)

    def download(self, url: str, destination: Path) -> Path:
        answer = httpx2.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        destination.write_bytes(answer.content)
        return destination

    def wallet(self, quote_id: str) -> ledger.Balance:
        """The guest wallet of a quote."""
        with self._stack.database.reading() as session:
            return ledger.balance(session, wallet=ledger.wallet_id(quote_id))

    def settled(self, project_id: str) -> int:
        """Credits of what was delivered."""
        with self._stack.database.reading() as session:
            return ledger.summary(session, subject=project_id).settled

    def audit(self) -> list[str]:
        """What does not add up in the ledger."""
        with self._stack.database.reading() as session:
            return list(ledger.audit(session))

    def leave(self) -> None:
        """Cancel what nobody waits for any more: films take their time."""
        while self._asked:
            self.cancel(self._asked.pop())

    def close(self) -> None:
        self._http.close()

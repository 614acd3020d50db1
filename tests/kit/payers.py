"""Who pays for quotes: clients of others as they are published, and one written by hand."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import httpx2
from mpp.client.transport import Mpp
from mpp.methods.stripe.client import OnChallengeParameters, charge

from tests.kit.npm import npm_modules
from tests.kit.till import GOOD_CARD, SECRET_KEY, Till

CALL_SECONDS_MAX = 120
PAYMENT_REJECTED = 75
"""mppx's exit code for a payment that the server did not take."""

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


def offer_of(answer: httpx2.Response) -> Offer:
    """What a 402 offers."""
    assert answer.status_code == 402, (answer.status_code, answer.text)
    header = answer.headers["www-authenticate"]
    scheme, _, parameters = header.partition(" ")
    assert scheme == "Payment"
    return Offer(answer.json(), header, dict(re.findall(r'(\w+)="([^"]*)"', parameters)))


def credential(challenge: Mapping[str, str], payload: Mapping[str, object]) -> str:
    """The value of `Authorization` that answers a challenge; nothing in it is checked."""
    document = {"challenge": dict(challenge), "payload": dict(payload)}
    encoded = base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")
    return f"Payment {encoded.decode()}"


def receipt_of(answer: httpx2.Response | httpx.Response) -> JsonObject:
    return dict(json.loads(_unpadded(answer.headers["payment-receipt"])))


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class RawPayer:
    """Speaks the protocol by hand, so that a test decides on every byte of it."""

    def __init__(self, base_url: str, till: Till) -> None:
        self._till = till
        self._http = httpx2.Client(base_url=f"{base_url}/api/agent", timeout=60)

    def ask(self, request: JsonObject, **more: object) -> Offer:
        """A new quote. `more` are further fields of the body, such as `upload_urls`."""
        return offer_of(self._http.post("/render-quotes", json={"request": request, **more}))

    def answer_to(self, offer: Offer, *, card: str = GOOD_CARD) -> str:
        """A credential that pays this offer."""
        token = self._till.mint(offer.amount_cents, card=card)
        return credential(offer.challenge, {"spt": token})

    def offer_at(self, url: str) -> Offer:
        """A fresh challenge of a quote, from its payment URL."""
        return offer_of(self._http.get(url))

    def pay(self, offer: Offer, *, card: str = GOOD_CARD) -> httpx2.Response:
        return self.send(offer.problem["payment_url"], self.answer_to(offer, card=card))

    def send(self, url: str, authorization: str, *, method: str = "POST") -> httpx2.Response:
        return self._http.request(method, url, headers={"Authorization": authorization})

    def close(self) -> None:
        self._http.close()


async def pay_with_mpp(
    till: Till, url: str, *, body: JsonObject | None = None, card: str = GOOD_CARD
) -> httpx.Response:
    """The Python client of the protocol: asks, mints a token at Stripe's stand-in, and pays."""

    async def create_token(wanted: OnChallengeParameters) -> str:
        return till.mint(
            int(wanted.amount),
            card=wanted.payment_method,
            currency=wanted.currency,
            network_id=wanted.network_id,
            expires_at=wanted.expires_at,
        )

    method = charge(create_token=create_token, payment_method=card)
    async with Mpp(methods=[method]) as client:
        return await client.fetch(url, method="POST" if body else "GET", json=body)


@dataclass(frozen=True)
class Ran:
    """What a command did. `output` and `errors` are what it printed."""

    exit_code: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


@dataclass(frozen=True)
class Mppx:
    """The command of the npm package `mppx`, with a test key of Stripe's stand-in.

    `home` is a folder of its own: it would keep accounts and settings there.
    """

    till: Till
    home: Path

    def pay(
        self, url: str, *, body: JsonObject | None = None, method: str = "", card: str = GOOD_CARD
    ) -> Ran:
        """Ask for the URL and pay what it asks for. JSON of the answer is the output."""
        arguments = [url, "-M", f"paymentMethod={card}"]
        arguments += ["-J", json.dumps(body)] if body is not None else []
        arguments += ["-X", method] if method else []
        return self.run(*arguments)

    def run(self, *arguments: str) -> Ran:
        script = npm_modules("payers_npm", "NO REAL CLIENT PAYS A QUOTE") / "mppx/dist/bin.js"
        finished = subprocess.run(
            ["node", str(script), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=CALL_SECONDS_MAX,
            stdin=subprocess.DEVNULL,
            cwd=self.home,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "MPPX_STRIPE_SECRET_KEY": SECRET_KEY,
                "MPPX_STRIPE_SPT_URL": self.till.spt_url,
            },
        )
        return Ran(finished.returncode, finished.stdout, finished.stderr)

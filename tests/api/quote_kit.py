"""Quotes over the API: a payer who builds credentials by hand, and a till that settles them.

The payer knows the wire format from the protocol's drafts and shares no code with the gateway. The
till does to the row what the workflow's activities do, as a test tells it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx2

from gateway.services.payment_setup import PaymentSetup
from studio.catalog.catalogue import Catalogue, load_catalogue
from studio.contracts.payment import PaidRenderInput, PaymentState
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.ledger.service import open_wallet, reserve, top_up, wallet_id
from studio.payments.sealing import Seal
from studio.quotes.claims import decline_claim, record_payment
from studio.quotes.progress import begin_rendering
from studio.quotes.repository import load_quote
from studio.quotes.tables import ClaimOutcome, QuoteRow
from studio.quotes.workflow_io import payment_input
from studio.renders.first_snapshot import first_snapshot
from studio.renders.repository import NewRender, insert_render
from tests import payment_scenes
from tests.api.kit import ApiStack
from tests.kit.customer import ONE_SHOT
from tests.payment_scenes import decoded

QUOTES = "/api/agent/render-quotes"
PAID = "/api/agent/paid-renders"
REALM = "gateway.test"
NETWORK_ID = "profile_test_studio"
SECRET = "a secret of the tests for challenges"
BODY: dict[str, Any] = {"request": ONE_SHOT}
PRICE_CENTS = 120
PROBLEMS = "https://paymentauth.org/problems/"

Behaviour = Literal["approve", "decline", "confirm", "silent"]

_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')


def encoded(document: object) -> str:
    """base64url without padding, of compact JSON."""
    return payment_scenes.encoded(json.dumps(document, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Challenge:
    """What a `WWW-Authenticate` says, to be echoed as it is or changed by an attacker."""

    parameters: Mapping[str, str]

    @classmethod
    def of(cls, response: httpx2.Response) -> "Challenge":
        header = response.headers["www-authenticate"]
        assert header.startswith("Payment ")
        return cls(dict(_PARAMETER.findall(header)))

    @property
    def id(self) -> str:
        return self.parameters["id"]

    @property
    def request(self) -> dict[str, Any]:
        return decoded(self.parameters["request"])

    def changed(self, **parameters: str) -> "Challenge":
        return Challenge({**self.parameters, **parameters})

    def document(self, payload: object) -> dict[str, Any]:
        return {"challenge": dict(self.parameters), "payload": payload}

    def paid_with(self, token: str) -> dict[str, str]:
        """The header that pays this challenge."""
        return {"Authorization": f"Payment {encoded(self.document({'spt': token}))}"}


@dataclass
class Quote:
    """A quote as its caller has it: the 402's body, its challenge, and the bytes that were sent."""

    body: bytes
    document: dict[str, Any]
    challenge: Challenge

    @property
    def id(self) -> str:
        return str(self.document["quote_id"])

    @property
    def token(self) -> str:
        return str(self.document["claim_token"])

    @property
    def payment_url(self) -> str:
        return str(self.document["payment_url"])

    @property
    def status_url(self) -> str:
        return str(self.document["status_url"])

    @property
    def cancel_url(self) -> str:
        return str(self.document["cancel_url"])


@dataclass
class Till:
    """The quotes' runs. `charges` has the payment tokens that were charged, by challenge.

    `behaviour` is what comes of a claim, once so many `declines` were made; `begins`: a paid
    quote's render begins at once.
    """

    stack: ApiStack
    behaviour: Behaviour = "approve"
    reason: str = "card_declined"
    declines: int = 0
    begins: bool = False
    charges: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = (SECRET,)

    def look(self, payment: PaidRenderInput) -> None:
        """What a run does when it is woken."""
        row = self.stack_row(payment.quote_id)
        if row.state is PaymentState.SETTLING and self.behaviour != "silent":
            self._settle(row)
        if self.begins and self.stack_row(payment.quote_id).state is PaymentState.PAID:
            self.begin(payment.quote_id)

    def resolve(self, behaviour: Behaviour) -> None:
        """Say now what became of every claim that waits for it."""
        self.behaviour = behaviour
        for payment, _event in list(self.stack.workflows.settled):
            self.look(payment)

    def stack_row(self, quote_id: str) -> QuoteRow:
        with self.stack.database.reading() as session:
            row = load_quote(session, quote_id)
            session.refresh(row, ["request", "upload_urls"])  # not read without being asked for
            return row

    def _settle(self, row: QuoteRow) -> None:
        challenge_id, sealed = row.challenge_id, row.sealed_token
        assert challenge_id is not None
        assert sealed is not None
        now, quote_id = self.stack.time.now(), row.quote_id
        with self.stack.database.transaction() as session:
            if self.behaviour == "approve" and not self.declines:
                self.charges[challenge_id] = Seal(self.secrets).open(sealed)
                payment_id = f"pi_{len(self.charges)}"
                record_payment(
                    session, quote_id, payment_id=payment_id, challenge_id=challenge_id, now=now
                )
                return
            declined = self.behaviour != "confirm"
            self.declines = max(0, self.declines - 1)
            decline_claim(
                session,
                quote_id,
                challenge_id,
                outcome=ClaimOutcome.DECLINED if declined else ClaimOutcome.ACTION_REQUIRED,
                reason=self.reason,
                now=now,
            )

    def begin(self, quote_id: str) -> str:
        """Top the guest's wallet up, hold the lines and insert the render; its project id."""
        now = self.stack.time.now()
        with self.stack.database.transaction() as session:
            row = load_quote(session, quote_id)
            payment_id = row.payment_id or ""
            new = _new_render(row)
            open_wallet(session, owner=quote_id, now=now)
            top_up(
                session,
                wallet=wallet_id(quote_id),
                credits=row.amount_cents,
                reference=payment_id,
                now=now,
            )
            reserve(
                session,
                wallet=wallet_id(quote_id),
                subject=new.project_id,
                lines=new.workflow_input.plan.charges.lines,
                expires_at=now,
                now=now,
            )
            insert_render(session, new, now=now)
            begin_rendering(session, quote_id, now=now)
        self.stack.workflows.started[new.project_id] = new.workflow_input
        return new.project_id


def _new_render(row: QuoteRow) -> NewRender:
    render = payment_input(row).render
    return NewRender(
        project_id=row.project_id,
        account_id=row.quote_id,
        request=RenderRequest.model_validate_json(json.dumps(row.request)),
        assets=(),
        workflow_input=render,
        snapshot=first_snapshot(render.plan),
        fingerprint=row.fingerprint,
        upload_urls=tuple(UploadUrl.model_validate(each) for each in row.upload_urls),
    )


def open_till(stack: ApiStack) -> Till:
    """Have the stack take payments, with local models, and settle them as the till is told."""
    stack.configure(payments=PaymentSetup.of((SECRET,), realm=REALM, network_id=NETWORK_ID))
    till = Till(stack)
    stack.workflows.on_settle = till.look
    return till


def raw(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


async def post_quote(
    client: httpx2.AsyncClient, body: bytes, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    sent = {"Content-Type": "application/json", **(headers or {})}
    return await client.post(QUOTES, content=body, headers=sent)


async def ask(client: httpx2.AsyncClient, body: Mapping[str, Any] | None = None) -> Quote:
    """A quote, which must be offered."""
    sent = raw(body or BODY)
    return quote_of(await post_quote(client, sent), sent)


def quote_of(response: httpx2.Response, sent: bytes = b"") -> Quote:
    assert response.status_code == 402, response.text
    return Quote(sent, response.json(), Challenge.of(response))


async def pay(
    client: httpx2.AsyncClient, quote: Quote, spt: str = "spt_1", *, at_quotes: bool = False
) -> httpx2.Response:
    """Pay a quote's own challenge, at its payment URL or where it was asked for."""
    headers = quote.challenge.paid_with(spt)
    if at_quotes:
        return await post_quote(client, quote.body, headers)
    return await client.post(quote.payment_url, headers=headers)


def problem_of(response: httpx2.Response) -> tuple[int, str]:
    """The status and the last part of the problem's type."""
    return response.status_code, str(response.json()["type"]).removeprefix(PROBLEMS)


def with_claim(path: str, token: str) -> str:
    return f"{path}?claim_token={token}"


def reprice(stack: ApiStack, **prices: object) -> None:
    """Have the next gateway's price table differ."""
    known, pricing = load_catalogue(), stack.dependencies.pricing
    changed = known.prices.model_copy(update={"version": "another", **prices})
    catalogue = Catalogue(known.models(), known.styles(), changed, known.defaults)
    stack.configure(pricing=replace(pricing, catalogue=catalogue))

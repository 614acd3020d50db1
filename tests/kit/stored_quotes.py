"""A quote in a real database, with the activities that move its money."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session
from temporalio.testing import ActivityEnvironment

from activities.credits import LedgerCreditActivities
from activities.payments import LedgerPaymentActivities
from activities.workbench import Workbench
from studio.contracts.payment import (
    BegunRender,
    EventTask,
    PaymentEvent,
    PaymentState,
    QuoteStanding,
    QuoteTask,
    RefundStanding,
    RefundTask,
    SettleTask,
)
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.status import RenderSnapshot, RenderState, Stage
from studio.contracts.workflow_io import HoldRequest, ProgressUpdate, RenderInput
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.payments.sealing import Seal
from studio.quotes.claims import claim_quote
from studio.quotes.records import Claim, NewQuote
from studio.quotes.repository import find_challenge, insert_quote, load_quote
from studio.quotes.tables import ChallengeRow, QuoteRow
from studio.renders.repository import find_render
from studio.renders.tables import RenderRow
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.processor import FakeProcessor
from tests.kit.renders import render_input

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(minutes=30)
SECRET = "a-secret-of-the-tests-0123456789"
TOKEN = "spt_of_the_tests"
Work = Callable[[Session], object]

UPLOAD = UploadUrl(url="https://example.org/cat.png", filename="cat.png")


@dataclass
class StoredQuote:
    """Tests move `now`; every activity sees it. `attempt` is the one Temporal would tell."""

    database: Database
    folder: Path
    processor: FakeProcessor = field(default_factory=FakeProcessor)
    seal: Seal = field(default_factory=lambda: Seal([SECRET]))
    now: datetime = NOW
    attempt: int = 1
    quote_id: str = field(default_factory=lambda: f"quote_{uuid.uuid4().hex[:24]}")
    render: RenderInput = field(default_factory=lambda: render_input(shots=1))

    def __post_init__(self) -> None:
        self.render = self.render.model_copy(update={"account_id": self.quote_id})
        storage = LocalStorage(self.folder, UrlSigner([SigningKey("test", b"0" * 32)]))
        self.bench = Workbench(
            database=self.database, storage=storage, scratch=self.folder, now=lambda: self.now
        )
        self.activities = LedgerPaymentActivities(self.bench, self.processor, self.seal)
        self.credits = LedgerCreditActivities(self.bench)
        new = NewQuote(
            quote_id=self.quote_id,
            request=RenderRequest(name="A film", screenplay="A boat."),
            upload_urls=(UPLOAD,),
            workflow_input=self.render,
            currency="usd",
            body_digest="sha-256=x",
            fingerprint="f" * 64,
            claim_hash="c" * 64,
            idempotency_hash=None,
            expires_at=NOW + LIFETIME,
        )
        with self.database.transaction() as session:
            insert_quote(session, new, now=NOW)

    @property
    def price(self) -> int:
        return self.render.plan.charges.total_credits

    @property
    def row(self) -> QuoteRow:
        with self.database.reading() as session:
            return load_quote(session, self.quote_id)

    @property
    def state(self) -> PaymentState:
        return self.row.state

    @property
    def render_row(self) -> RenderRow | None:
        with self.database.reading() as session:
            return find_render(session, self.render.project_id)

    @property
    def wallet(self) -> ledger.Balance:
        with self.database.reading() as session:
            assert ledger.audit(session) == []
            return ledger.balance(session, wallet=ledger.wallet_id(self.quote_id))

    def challenge(self, challenge_id: str) -> ChallengeRow:
        with self.database.reading() as session:
            found = find_challenge(session, challenge_id)
            assert found is not None
            return found

    def claim(self, challenge_id: str = "c1", token: str = TOKEN) -> None:
        """As the gateway does when an authentic payment comes in."""
        claim = Claim(
            challenge_id=challenge_id,
            credential_hash="h" * 64,
            sealed_token=self.seal.seal(token),
        )
        with self.database.transaction() as session:
            assert claim_quote(session, self.quote_id, claim, now=self.now)

    async def settle(self, event: PaymentEvent | None = None) -> QuoteStanding:
        task = SettleTask(quote_id=self.quote_id, event=event)
        return await self._environment().run(self.activities.settle_payment, task)

    async def begin(self) -> BegunRender:
        task = QuoteTask(quote_id=self.quote_id)
        return await self._environment().run(self.activities.begin_render, task)

    async def conclude(self) -> QuoteStanding:
        task = QuoteTask(quote_id=self.quote_id)
        return await self._environment().run(self.activities.conclude_quote, task)

    async def refund(self, stray: str | None = None) -> RefundStanding:
        task = RefundTask(quote_id=self.quote_id, stray_payment_id=stray)
        return await self._environment().run(self.activities.refund_payment, task)

    async def note(self, event: PaymentEvent) -> QuoteStanding:
        task = EventTask(quote_id=self.quote_id, event=event)
        return await self._environment().run(self.activities.note_event, task)

    async def pay(self) -> None:
        """A claim that is charged."""
        self.claim()
        await self.settle()

    async def run_render(
        self, status: RenderState, *lines: str, snapshot: RenderSnapshot | None = None
    ) -> None:
        """The render as its own activities leave it: holds confirmed, lines earned, row closed."""
        hold = HoldRequest(
            project_id=self.render.project_id, account_id=self.quote_id, plan=self.render.plan
        )
        await ActivityEnvironment().run(self.credits.confirm_holds, hold)
        ended = (snapshot or RenderSnapshot()).model_copy(
            update={"revision": 9, "status": status, "stage": Stage.FILMING}
        )
        update = ProgressUpdate(
            project_id=self.render.project_id, settle_line_ids=lines, snapshot=ended
        )
        await ActivityEnvironment().run(self.credits.close_render, update)

    def _environment(self) -> ActivityEnvironment:
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=self.attempt)
        return environment

    def transact(self, work: Work) -> None:
        with self.database.transaction() as session:
            work(session)

"""The money of a quote: charging a claim, beginning its render, giving back what is left."""

from datetime import timedelta
from typing import ClassVar

from sqlalchemy.orm import Session
from temporalio import activity

from activities.heartbeats import heartbeating
from activities.refunding import Refunding
from activities.revocation import revoke_files
from activities.settlement import Settlement, TokenOpener
from activities.workbench import Workbench
from studio.contracts.activities import PaymentActivities
from studio.contracts.errors import StudioError
from studio.contracts.limits import HOLD_LIFETIME_SECONDS
from studio.contracts.payment import (
    BegunRender,
    EventKind,
    EventTask,
    PaymentState,
    QuoteStanding,
    QuoteTask,
    RefundStanding,
    RefundTask,
    SettleTask,
)
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.status import TERMINAL_STATES
from studio.contracts.workflow_io import RenderInput
from studio.ledger import service as ledger
from studio.payments.ports import Processor
from studio.quotes.progress import begin_rendering, mark_disputed
from studio.quotes.repository import load_quote, lock_quote
from studio.quotes.tables import QuoteRow
from studio.quotes.workflow_io import standing_of
from studio.renders.first_snapshot import first_snapshot
from studio.renders.repository import NewRender, find_render, insert_render, request_cancel


class PlanMismatch(StudioError):
    """A quote's row has another plan than the one that was paid for: nothing may be made of it."""

    code: ClassVar[str] = "plan_mismatch"

    def __init__(self, quote_id: str) -> None:
        super().__init__(f"The plan of {quote_id} is not the one that was paid for.")


class LedgerPaymentActivities(PaymentActivities):
    """The quote's row, the guest's wallet and the payment processor behind a quote's workflow."""

    def __init__(self, bench: Workbench, processor: Processor, seal: TokenOpener) -> None:
        self._bench = bench
        self._settlement = Settlement(bench, processor, seal)
        self._refunding = Refunding(bench, processor)

    @activity.defn
    async def settle_payment(self, task: SettleTask) -> QuoteStanding:
        event = task.event
        async with heartbeating("asking the payment processor"):
            if event is None:
                is_repeated = activity.info().attempt > 1
                return await self._settlement.settle(task.quote_id, is_repeated=is_repeated)
            if event.kind is EventKind.PAYMENT_SUCCEEDED:
                return await self._settlement.record_event(task.quote_id, event)
            # What failed is one claim; another one may be under way meanwhile.
            return await self._settlement.settle(
                task.quote_id, is_repeated=True, challenge_id=event.challenge_id or ""
            )

    @activity.defn
    async def begin_render(self, task: QuoteTask) -> BegunRender:
        def begin(session: Session) -> BegunRender:
            return self._begin(session, task.quote_id)

        return await self._bench.transact(begin)

    @activity.defn
    async def conclude_quote(self, task: QuoteTask) -> QuoteStanding:
        return await self._refunding.conclude(task.quote_id)

    @activity.defn
    async def refund_payment(self, task: RefundTask) -> RefundStanding:
        async with heartbeating("asking the payment processor"):
            if task.stray_payment_id is not None:
                return await self._refunding.refund_stray(task.quote_id, task.stray_payment_id)
            return await self._refunding.refund(task.quote_id)

    @activity.defn
    async def note_event(self, task: EventTask) -> QuoteStanding:
        async with heartbeating("writing down"):
            if task.event.kind is EventKind.DISPUTED:
                return await self._dispute(task.quote_id, task.event.payment_id)
            return await self._refunding.note(task.quote_id, task.event)

    def _begin(self, session: Session, quote_id: str) -> BegunRender:
        now = self._bench.now()
        row = lock_quote(session, quote_id)
        render = find_render(session, row.project_id)
        if render is not None:
            return BegunRender(starts=render.status not in TERMINAL_STATES)
        if row.state is not PaymentState.PAID or standing_of(row).canceled:
            return BegunRender(starts=False)
        new = _new_render(row)
        ledger.reserve(
            session,
            wallet=ledger.wallet_id(quote_id),
            subject=row.project_id,
            lines=new.workflow_input.plan.charges.lines,
            expires_at=now + timedelta(seconds=HOLD_LIFETIME_SECONDS),
            now=now,
        )
        insert_render(session, new, now=now)
        begin_rendering(session, quote_id, now=now)
        return BegunRender(starts=True)

    async def _dispute(self, quote_id: str, payment_id: str) -> QuoteStanding:
        """Whoever disputes a payment gets nothing for it; another payment is no matter here."""
        now = self._bench.now()

        def dispute(session: Session) -> tuple[str | None, QuoteStanding]:
            row = lock_quote(session, quote_id)
            if row.payment_id != payment_id:
                return None, standing_of(row)
            mark_disputed(session, quote_id, now=now)
            request_cancel(session, row.project_id, now=now)
            return row.project_id, standing_of(load_quote(session, quote_id))

        project_id, standing = await self._bench.transact(dispute)
        if project_id is not None:
            await revoke_files(self._bench, project_id)
        return standing


def _new_render(row: QuoteRow) -> NewRender:
    """The render that was paid for. PlanMismatch where the row was tampered with."""
    render = RenderInput.model_validate(row.workflow_input)
    charges = render.plan.charges
    if (charges.digest, charges.total_credits) != (row.charges_digest, row.amount_cents):
        raise PlanMismatch(row.quote_id)
    return NewRender(
        project_id=row.project_id,
        account_id=row.quote_id,
        request=RenderRequest.model_validate(row.request, strict=False),
        assets=(),
        workflow_input=render,
        snapshot=first_snapshot(render.plan),
        fingerprint=row.fingerprint,
        upload_urls=tuple(UploadUrl.model_validate(upload) for upload in row.upload_urls),
    )

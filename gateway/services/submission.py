"""A submission becomes a stored, paid-for, started render, or leaves nothing behind.

Everything that can be refused is refused before anything is kept. Then the files are stored, and
one transaction holds the credits and inserts the row; if that fails the files go again. From
there on the render exists: if its workflow cannot be started now, the reconciling sweep does it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.clock import Clock, Ids
from gateway.limits import TooManyRenders
from gateway.metrics import GatewayMetrics
from gateway.services.estimates import Pricing
from gateway.services.fingerprint import (
    IdempotencyKeyReused,
    declared_fingerprint,
    fingerprint,
)
from gateway.services.freezing import freeze_declared
from gateway.services.key_limits import KeyCapReached, check_monthly_cap
from gateway.services.render_inputs import render_input
from gateway.services.threads import Threads
from gateway.services.uploads import (
    NO_UPLOADS,
    CheckedUploads,
    Inspect,
    UploadStore,
    check_uploads,
)
from gateway.services.views import RenderView, view_of_row
from gateway.services.workflows import WorkflowStarter
from studio.accounts.records import Principal
from studio.accounts.service import account_defaults, require_active, require_key
from studio.contracts.errors import StudioError
from studio.contracts.limits import HOLD_LIFETIME_SECONDS
from studio.contracts.names import is_test_side, owner_of
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest
from studio.contracts.workflow_io import RenderInput, Timings
from studio.ingest.forms import SubmittedForm
from studio.ingest.strict_json import parse_quote_request, parse_request
from studio.ledger.errors import InsufficientCredits
from studio.ledger.service import ensure_test_credits, open_wallet, reserve
from studio.pricing.freeze import FrozenRender
from studio.renders.first_snapshot import first_snapshot
from studio.renders.repository import (
    NewRender,
    count_active,
    find_by_idempotency_key,
    insert_render,
    is_stored,
    mark_started,
)
from studio.renders.tables import RenderRow
from studio.storage.port import Storage
from studio.topups.errors import CreditsOwed
from studio.topups.repository import owed_credits

HOLD_LIFETIME: Final = timedelta(seconds=HOLD_LIFETIME_SECONDS)
_OF_RACES: Final = (IntegrityError, InsufficientCredits, TooManyRenders, KeyCapReached)
"""What a submission may run into because of another one of the same request."""
START_FAILED: Final = "render stored but not started; the sweep will start it"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


@dataclass(frozen=True)
class Submitted:
    """`replayed`: this very request was submitted before, and here is its render."""

    view: RenderView
    wait_seconds: float
    replayed: bool = False


@dataclass(frozen=True)
class _Brief:
    """What is wanted; its files came with it in `form`, or are to be fetched from addresses."""

    wanted: QuoteRequest
    fingerprint: str
    form: SubmittedForm | None = None


@dataclass(frozen=True)
class _Order:
    """A submission on its way: who wants what, and how a repetition is recognised."""

    principal: Principal
    brief: _Brief
    idempotency_key: str | None

    @property
    def request(self) -> RenderRequest:
        return self.brief.wanted.request


class Submissions:
    """The use case of submitting, the same for every surface that takes requests."""

    def __init__(
        self,
        *,
        threads: Threads,
        storage: Storage,
        starter: WorkflowStarter,
        pricing: Pricing,
        inspect: Inspect,
        clock: Clock,
        ids: Ids,
        metrics: GatewayMetrics,
        active_renders_max: int,
        timings: Timings,
    ) -> None:
        self._threads = threads
        self._uploads = UploadStore(storage, threads)
        self._starter = starter
        self._pricing = pricing
        self._inspect = inspect
        self._clock = clock
        self._ids = ids
        self._metrics = metrics
        self._active_renders_max = active_renders_max
        self._timings = timings
        self._under_way: set[asyncio.Task[Submitted]] = set()

    async def refuse_excess(self, account_id: str) -> None:
        """TooManyRenders before a body is read; the transaction decides for good."""
        await self._threads.read(lambda session: self._check_active(session, account_id))

    async def submit(
        self, principal: Principal, form: SubmittedForm, *, idempotency_key: str | None
    ) -> Submitted:
        """Make a render of a form, and discard the form whatever happens.

        A caller who leaves does not stop it: what was begun is finished. Raises InvalidRequest and
        the rest of ingest's tree, RequestInfeasible, InsufficientCredits, TooManyRenders,
        AccountSuspended, InvalidKey, KeyCapReached, IdempotencyKeyReused, WorkflowsUnavailable
        and StorageError, each with nothing kept.
        """
        return await self._shielded(self._submit_form(principal, form, idempotency_key))

    async def submit_declared(
        self, principal: Principal, body: bytes, *, idempotency_key: str | None
    ) -> Submitted:
        """The same for a body as quotes take it, whose uploads the workflow fetches first."""
        return await self._shielded(self._run(principal, lambda: _read_body(body), idempotency_key))

    async def _shielded(self, work: Coroutine[None, None, Submitted]) -> Submitted:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for what callers left behind."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _submit_form(
        self, principal: Principal, form: SubmittedForm, idempotency_key: str | None
    ) -> Submitted:
        try:
            return await self._run(principal, lambda: _read_form(form), idempotency_key)
        finally:
            await self._threads.store(form.discard)

    async def _run(
        self, principal: Principal, read: Callable[[], _Brief], idempotency_key: str | None
    ) -> Submitted:
        try:
            principal.require_active()
            order = _Order(principal, read(), idempotency_key)
            submitted = await self._replay(order) or await self._make(order)
        except StudioError as error:
            self._metrics.submission_ended(error.code)
            raise
        self._metrics.submission_ended("replayed" if submitted.replayed else "accepted")
        return submitted

    async def _replay(self, order: _Order) -> Submitted | None:
        if order.idempotency_key is None:
            return None
        account_id, key = order.principal.account_id, order.idempotency_key
        row = await self._threads.read(
            lambda session: find_by_idempotency_key(session, account_id, key)
        )
        if row is None:
            return None
        if row.fingerprint != order.brief.fingerprint:
            raise IdempotencyKeyReused
        wait_seconds = order.request.wait_for_completion_seconds
        return Submitted(view_of_row(row), wait_seconds, replayed=True)

    async def _make(self, order: _Order) -> Submitted:
        project_id = self._ids.project()
        form = order.brief.form
        uploads = NO_UPLOADS
        if form is not None:
            uploads = await check_uploads(form, order.request, self._inspect)
        frozen = await self._freeze(order, uploads)
        await self._starter.check()
        new = self._new_render(order, project_id, frozen, uploads)
        await self._uploads.keep(uploads, project_id)
        try:
            row = await self._insert(new, order.principal)
        except BaseException as error:
            if not await self._may_be_stored(project_id, error):
                await self._uploads.drop(uploads, project_id)
            if isinstance(error, _OF_RACES):
                # Two of the same at once: the other one won, or took what this one needed.
                twin = await self._replay(order)
                if twin is not None:
                    return twin
            raise
        run_id = await self._start(new.workflow_input)
        view = replace(view_of_row(row), run_id=run_id)
        return Submitted(view, order.request.wait_for_completion_seconds)

    async def _may_be_stored(self, project_id: str, error: BaseException) -> bool:
        """Whether the insert may have been committed although its answer was lost.

        A render without its files would be worse than files without a render.
        """
        if not isinstance(error, OperationalError | InterfaceError):
            return False
        try:
            return await self._threads.read(lambda session: is_stored(session, project_id))
        except SQLAlchemyError:
            return True

    async def _freeze(self, order: _Order, uploads: CheckedUploads) -> FrozenRender:
        principal = order.principal
        owner = owner_of(principal.account_id)
        defaults = await self._threads.read(
            lambda session: account_defaults(session, account_id=owner)
        )
        today = self._clock.now().date()
        if order.brief.form is None:
            return freeze_declared(
                self._pricing, order.brief.wanted, defaults, today=today, principal=principal
            )
        return self._pricing.freeze(
            order.request, defaults, uploads.facts, principal=principal, today=today
        )

    def _new_render(
        self, order: _Order, project_id: str, frozen: FrozenRender, uploads: CheckedUploads
    ) -> NewRender:
        account_id = order.principal.account_id
        assets = uploads.assets(project_id)
        upload_urls = order.brief.wanted.upload_urls
        return NewRender(
            project_id=project_id,
            account_id=account_id,
            key_id=order.principal.key_id,
            request=frozen.request,
            assets=assets,
            workflow_input=render_input(
                frozen,
                project_id=project_id,
                account_id=account_id,
                timings=self._timings,
                asset_count=len(assets) + len(upload_urls),
                fetch_count=len(upload_urls),
            ),
            snapshot=first_snapshot(frozen.plan),
            fingerprint=order.brief.fingerprint,
            idempotency_key=order.idempotency_key,
            upload_urls=upload_urls,
        )

    async def _insert(self, new: NewRender, principal: Principal) -> RenderRow:
        """Hold the credits and store the row, or neither."""
        now = self._clock.now()
        charges = new.workflow_input.plan.charges

        def work(session: Session) -> RenderRow:
            # Both were asked before the body came in, which may have taken an hour.
            require_active(session, account_id=owner_of(new.account_id))
            if principal.key_id is not None:
                require_key(session, key_id=principal.key_id, now=now)
            # The ledger first: it locks the wallet, and so the account's submissions queue here.
            reserve(
                session,
                wallet=_opened_wallet(session, new.account_id, now=now),
                subject=new.project_id,
                lines=charges.lines,
                expires_at=now + HOLD_LIFETIME,
                now=now,
            )
            if owed := owed_credits(session, new.account_id):
                raise CreditsOwed(owed)
            self._check_active(session, new.account_id)
            check_monthly_cap(session, principal, credits=charges.total_credits, now=now)
            return insert_render(session, new, now=now)

        return await self._threads.write(work)

    async def _start(self, render: RenderInput) -> str | None:
        """The run's id, or None: the row is stored, so the sweep starts what could not be."""
        try:
            run_id = await self._starter.start(render)
            await self._threads.write(
                lambda session: mark_started(session, render.project_id, run_id)
            )
        except Exception as error:  # noqa: BLE001 - the render exists, whatever happened here
            _log.warning(START_FAILED, project_id=render.project_id, error=type(error).__name__)
            return None
        return run_id

    def _check_active(self, session: Session, account_id: str) -> None:
        if count_active(session, account_id) >= self._active_renders_max:
            raise TooManyRenders(self._active_renders_max)


def _opened_wallet(session: Session, account_id: str, *, now: datetime) -> str:
    """Of an account, or of its test side, where credits come by themselves."""
    if is_test_side(account_id):
        return ensure_test_credits(session, account_id=account_id, now=now)
    return open_wallet(session, owner=account_id, now=now)


def _read_form(form: SubmittedForm) -> _Brief:
    request = parse_request(form.request_json)
    hashes = [(upload.filename, upload.sha256) for upload in form.uploads]
    return _Brief(QuoteRequest(request=request), fingerprint(request, hashes), form)


def _read_body(body: bytes) -> _Brief:
    wanted = parse_quote_request(body)
    return _Brief(wanted, declared_fingerprint(wanted))

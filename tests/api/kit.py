"""A gateway on a real database, real files and a Temporal that does what a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Literal

import httpx2
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.clock import Clock, Ids
from gateway.dependencies import Dependencies
from gateway.metrics import GatewayMetrics
from gateway.services.estimates import Pricing
from gateway.services.uploads import Inspect
from gateway.services.workflows import QueryUnanswered, WorkflowsUnavailable
from studio.accounts.records import WITHOUT_LIMITS, KeyInfo, KeyTerms
from studio.accounts.service import (
    create_account,
    issue_key,
    list_keys,
    new_account_defaults,
    revoke_key,
    save_defaults,
)
from studio.catalog.catalogue import load_catalogue
from studio.contracts.defaults import AccountDefaults
from studio.contracts.payment import PaidRenderInput, PaymentEvent
from studio.contracts.status import RenderSnapshot, RenderState, Stage
from studio.contracts.workflow_io import RenderInput
from studio.db.engine import Database
from studio.ledger.service import balance, open_wallet, settle_lines, top_up, wallet_id
from studio.media.inspect import inspect_file
from studio.renders.repository import load_render, store_snapshot
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.mail import MemoryMailer
from tests.kit.passwords import CountingPasswords

PEPPER = b"a pepper of thirty-two bytes....."
START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BASE_URL = "http://gateway.test"
KEY_HEADER = "X-FVS-Agent-Key"
FILM = bytes(range(256)) * 4
BRIEF = {
    "name": "Airship",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "stage_voice_briefs_enabled": False,
}


class ManualTime:
    """Moves only when a test, or the code's own waiting, moves it. `on_pause` sees each wait.

    It begins at `start`: where others look at the computer's clock, as jars of cookies do, now.
    """

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.elapsed_seconds = 0.0
        self.on_pause: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed_seconds)

    def monotonic(self) -> float:
        return self.elapsed_seconds

    async def pause(self, seconds: float) -> None:
        self.elapsed_seconds += seconds
        self.on_pause()

    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=self.monotonic, pause=self.pause)


@dataclass
class ScriptedWorkflows:
    """Temporal's side of the port: remembers what it was asked, answers what a test put in.

    `away` is a server that cannot be reached; `silent` runs do not answer queries. `hold` keeps
    queries waiting until it is set; `asked` is set by the first, `start_seen` by the
    first start. `on_settle` does what a quote's run would do about its row.
    """

    started: dict[str, RenderInput] = field(default_factory=dict)
    canceled: dict[str, str] = field(default_factory=dict)
    signals: list[str] = field(default_factory=list)
    started_canceled: list[str] = field(default_factory=list)
    answers: dict[str, RenderSnapshot] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    away: bool = False
    start_fails: bool = False
    silent: bool = False
    hold: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    start_seen: asyncio.Event = field(default_factory=asyncio.Event)
    settled: list[tuple[PaidRenderInput, PaymentEvent | None]] = field(default_factory=list)
    settle_fails: bool = False
    on_settle: Callable[[PaidRenderInput], None] = lambda _payment: None

    async def check(self) -> None:
        if self.away:
            raise WorkflowsUnavailable

    async def start(self, render: RenderInput, *, cancel_reason: str | None = None) -> str:
        if self.away or self.start_fails:
            raise WorkflowsUnavailable
        self.started.setdefault(render.project_id, render)
        self.start_seen.set()
        if cancel_reason is not None:
            self.started_canceled.append(render.project_id)
        return f"run-of-{render.project_id}"

    async def settle(self, payment: PaidRenderInput, *, event: PaymentEvent | None = None) -> None:
        await self.check()
        if self.settle_fails:
            raise WorkflowsUnavailable
        self.settled.append((payment, event))
        self.on_settle(payment)

    async def cancel(self, project_id: str, reason: str) -> bool:
        await self.check()
        if project_id not in self.started:
            return False
        self.canceled[project_id] = reason
        self.signals.append(project_id)
        return True

    async def query(self, project_id: str) -> RenderSnapshot:
        self.queries.append(project_id)
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.away or self.silent or project_id not in self.answers:
            raise QueryUnanswered("Nobody answers.")
        return self.answers[project_id]


@dataclass
class ApiStack:
    """One gateway and everything around it. `folder` is all that it may write to."""

    database: Database
    folder: Path
    time: ManualTime
    workflows: ScriptedWorkflows
    storage: LocalStorage
    mailer: MemoryMailer
    password_hasher: CountingPasswords
    dependencies: Dependencies

    def configure(self, **changes: object) -> None:
        """Have the next gateway configured differently."""
        self.dependencies = replace(self.dependencies, **changes)  # type: ignore[arg-type]

    def refuse_unconfigured_models(self) -> None:
        """Have no stand-ins work for models without a key, but for test keys."""
        self.configure(pricing=replace(self.dependencies.pricing, unconfigured="refuse"))

    def open_account(
        self,
        account_id: str = "acct_one",
        *,
        credits_: int = 1000,
        environment: Literal["live", "test"] = "live",
        terms: KeyTerms = WITHOUT_LIMITS,
    ) -> str:
        """An account with credits; the secret of its key."""
        now = self.time.now()
        with self.database.transaction() as session:
            create_account(session, account_id=account_id, name=account_id, now=now)
            open_wallet(session, owner=account_id, now=now)
            if credits_:
                top_up(
                    session,
                    wallet=wallet_id(account_id),
                    credits=credits_,
                    reference=f"grant-{account_id}",
                    now=now,
                )
            issued = issue_key(
                session,
                account_id=account_id,
                name="test",
                environment=environment,
                peppers=[PEPPER],
                now=now,
                terms=terms,
            )
        return issued.secret

    def save_defaults(self, account_id: str = "acct_one", **fields: str) -> None:
        started_with = new_account_defaults().model_dump(mode="json")
        defaults = AccountDefaults.model_validate(started_with | fields)
        with self.database.transaction() as session:
            save_defaults(session, account_id=account_id, defaults=defaults)

    def issued_keys(self, account_id: str = "acct_one") -> list[KeyInfo]:
        with self.database.reading() as session:
            return list_keys(session, account_id=account_id)

    def revoke_keys(self, account_id: str = "acct_one") -> None:
        with self.database.transaction() as session:
            for info in list_keys(session, account_id=account_id):
                revoke_key(session, key_id=info.key_id, now=self.time.now())

    def snapshot(self, project_id: str) -> RenderSnapshot:
        with self.database.reading() as session:
            return RenderSnapshot.model_validate(load_render(session, project_id).snapshot)

    def break_database(self) -> None:
        """Take the tables away, as a database that was not migrated or is being restored."""
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE render RENAME TO render_away")
            connection.exec_driver_sql("ALTER TABLE api_key RENAME TO api_key_away")

    def record(self, project_id: str, **changes: object) -> None:
        """Do what the workflow's activity does: store the next snapshot."""
        with self.database.transaction() as session:
            stored = RenderSnapshot.model_validate(load_render(session, project_id).snapshot)
            changed = stored.model_copy(update={"revision": stored.revision + 1} | changes)
            store_snapshot(session, project_id, changed, now=self.time.now())

    def settle(self, project_id: str, *line_ids: str) -> int:
        """Charge lines as the workflow's activity does; all that was charged so far."""
        with self.database.transaction() as session:
            return settle_lines(session, subject=project_id, line_ids=line_ids, now=self.time.now())

    def finish(self, project_id: str) -> None:
        """End a render well, with a film in the store."""
        key = f"projects/{project_id}_final.mp4"
        self.storage.put_bytes(key, FILM, content_type="video/mp4")
        self.record(
            project_id,
            status=RenderState.COMPLETED,
            stage=Stage.COMPLETED,
            progress=1.0,
            final_video_key=key,
        )

    def finish_when_paused(self, *, after_seconds: float) -> None:
        """End every started render once that much time has been waited."""

        def look() -> None:
            if self.time.elapsed_seconds >= after_seconds:
                for project_id in self.workflows.started:
                    self.finish(project_id)

        self.time.on_pause = look

    def refuse_objects(self) -> None:
        """Make the store refuse new objects: a file stands where their folder would be."""
        (self.folder / "storage" / "objects" / "projects").write_bytes(b"")

    def available(self, account_id: str = "acct_one") -> int:
        with self.database.reading() as session:
            return balance(session, wallet=wallet_id(account_id)).available

    def stored_files(self) -> list[str]:
        """Every file in the store and in scratch space."""
        return sorted(
            str(path.relative_to(self.folder))
            for place in (self.folder / "storage", self.folder / "staging")
            for path in place.rglob("*")
            if path.is_file()
        )

    @asynccontextmanager
    async def client(
        self, key: str | None = None, *, address: str = "127.0.0.1"
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A gateway of its own, started and stopped around the block, and a client of it.

        `address` is where the client seems to call from.
        """
        app: FastAPI = create_app(self.dependencies)
        headers = {KEY_HEADER: key} if key else {}
        transport = httpx2.ASGITransport(app, client=(address, 50_000))
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=transport, base_url=BASE_URL, headers=headers, timeout=30
            ) as client,
        ):
            yield client


def make_stack(
    database: Database,
    folder: Path,
    *,
    inspect: Inspect = inspect_file,
    start: datetime = START,
) -> ApiStack:
    time, workflows = ManualTime(start), ScriptedWorkflows()
    signer = UrlSigner([SigningKey(id="test", secret=b"s" * 32)])
    storage = LocalStorage(folder / "storage", signer)
    mailer, password_hasher = MemoryMailer(), CountingPasswords()
    projects, requests, quotes, nonces = count(1), count(1), count(1), count(1)
    dependencies = Dependencies(
        database=database,
        storage=storage,
        signer=signer,
        workflows=workflows,
        pricing=Pricing(
            catalogue=load_catalogue(),
            configured=frozenset(),
            adapters=frozenset({"local"}),
            unconfigured="local",
        ),
        inspect=inspect,
        clock=time.clock(),
        ids=Ids(
            project=lambda: f"proj_api_{next(projects):016x}",
            request=lambda: f"request-{next(requests)}",
            quote=lambda: f"quote_{next(quotes):024x}",
            nonce=lambda: f"{next(nonces):016x}",
        ),
        metrics=GatewayMetrics(CollectorRegistry()),
        staging=folder / "staging",
        peppers=(PEPPER,),
        mailer=mailer,
        password_hasher=password_hasher,
        active_renders_max=3,
        version="0.0.test",
    )
    return ApiStack(
        database, folder, time, workflows, storage, mailer, password_hasher, dependencies
    )

"""Everything a gateway is made of, put together once by the composition root or a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from gateway.auth import KeyRing
from gateway.clock import Clock, Ids
from gateway.hosts import CallerHost, Network
from gateway.limits import (
    INSPECTIONS_AT_ONCE_MAX,
    QUOTES_PER_MINUTE_MAX,
    AddressRate,
    BodyPatience,
    TooManyPayments,
    UploadSlots,
)
from gateway.metrics import GatewayMetrics
from gateway.services.downloads import FilmDownloads
from gateway.services.estimates import Pricing
from gateway.services.health import Health
from gateway.services.keys import ApiKeys
from gateway.services.links import SignedLinks
from gateway.services.live import LiveStatus
from gateway.services.operators import Operators
from gateway.services.paid_renders import PaidRenders
from gateway.services.passwords import Passwords
from gateway.services.payment_setup import MissingSettings, PaymentSetup
from gateway.services.payments import Payments
from gateway.services.people import People
from gateway.services.post import Post
from gateway.services.preferences import Preferences
from gateway.services.quotes import Quotes
from gateway.services.renders import Renders
from gateway.services.sessions import Sessions
from gateway.services.submission import Submissions
from gateway.services.threads import Threads
from gateway.services.topups import TopUps
from gateway.services.uploads import Inspect, in_turn
from gateway.services.wallets import Wallets
from gateway.services.watching import Watching
from gateway.services.webhooks import Webhooks, WebhookTrust
from gateway.services.workflows import Workflows
from studio.contracts.status import RenderSnapshot
from studio.contracts.workflow_io import Timings
from studio.db.engine import Database
from studio.identity.service import PasswordHasher
from studio.ledger.service import summary
from studio.mail.ports import Mailer
from studio.renders.repository import store_snapshot
from studio.storage.local import LocalStorage
from studio.storage.port import Storage
from studio.storage.signing import UrlSigner
from studio.topups.ports import Checkout


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Dependencies:
    """What the composition root decides. Secrets are in `peppers`, `signer`,
    `payments` and `webhooks` only.

    `staging` is scratch space for uploads; `stopping` says that the process is being asked to
    end, so that held answers are given up; `timings` go into each render's workflow. `payments`
    is what quotes are paid with, `checkout` where credits are bought, `webhooks` whose messages are
    believed, or what is missing for it.
    `films` saves films on this machine, for MCP's download tool; None where nothing is written.
    `mcp_hosts` are hosts beside that of `public_base_url` that serve MCP and nothing else, and
    `mcp_origins` the pages that may call it; `widget_domain` is the origin that ChatGPT shows
    the console under. `file_origins` are those of signed URLs that the store itself answers, such
    as `https://storage.googleapis.com`. `temporal_ui_url` is the address of our namespace in
    Temporal's own pages, which operators are led to. `checkout_origins` are where credits are paid,
    beside Stripe's own: a stand-in's.
    """

    database: Database
    storage: Storage
    signer: UrlSigner
    workflows: Workflows
    pricing: Pricing
    inspect: Inspect
    clock: Clock
    ids: Ids
    metrics: GatewayMetrics
    staging: Path
    peppers: tuple[bytes, ...] = field(repr=False)
    mailer: Mailer
    password_hasher: PasswordHasher
    active_renders_max: int
    version: str
    public_base_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    timings: Timings = field(default_factory=Timings)
    body_patience: BodyPatience = field(default_factory=BodyPatience)
    stopping: Callable[[], bool] = _never
    payments: PaymentSetup | MissingSettings = field(default_factory=MissingSettings)
    webhooks: WebhookTrust | MissingSettings = field(default_factory=MissingSettings)
    checkout: Checkout | MissingSettings = field(default_factory=MissingSettings)
    quotes_per_minute_max: int = QUOTES_PER_MINUTE_MAX
    films: FilmDownloads | None = None
    mcp_hosts: tuple[str, ...] = ()
    mcp_origins: tuple[str, ...] = ()
    widget_domain: str | None = None
    file_origins: tuple[str, ...] = ()
    temporal_ui_url: str | None = None
    checkout_origins: tuple[str, ...] = ()


class Gateway:
    """The services of one application, wired."""

    def __init__(self, dependencies: Dependencies) -> None:
        given = dependencies
        self.dependencies = given
        self.clock = given.clock
        self.metrics = given.metrics
        self.pricing = given.pricing
        self.threads = Threads(given.database)
        self.keys = KeyRing(self.threads, peppers=given.peppers, clock=given.clock)
        self.hosts = CallerHost(
            public_base_url=given.public_base_url, trusted_proxies=given.trusted_proxies
        )
        self.links = SignedLinks(given.storage, self.threads, given.clock)
        self.slots = UploadSlots()
        self.live = LiveStatus(
            given.workflows,
            store=self._store_snapshot,
            monotonic=given.clock.monotonic,
            metrics=given.metrics,
        )
        self.renders = Renders(
            threads=self.threads,
            live=self.live,
            starter=given.workflows,
            clock=given.clock,
            metrics=given.metrics,
        )
        self.watching = Watching(self.renders, self.threads, given.clock, stopping=given.stopping)
        self.submissions = Submissions(
            threads=self.threads,
            storage=given.storage,
            starter=given.workflows,
            pricing=given.pricing,
            inspect=in_turn(given.inspect, at_once=INSPECTIONS_AT_ONCE_MAX),
            clock=given.clock,
            ids=given.ids,
            metrics=given.metrics,
            active_renders_max=given.active_renders_max,
            timings=given.timings,
        )
        self._wire_quotes(given)
        self._wire_people(given)
        self.health = Health(
            threads=self.threads,
            starter=given.workflows,
            storage=given.storage,
            clock=given.clock,
        )

    def _wire_quotes(self, given: Dependencies) -> None:
        self.quotes = Quotes(
            threads=self.threads,
            payments=given.payments,
            pricing=given.pricing,
            rate=AddressRate(given.quotes_per_minute_max, given.clock.monotonic),
            clock=given.clock,
            ids=given.ids,
            timings=given.timings,
        )
        self.payments = Payments(
            threads=self.threads,
            quotes=self.quotes,
            starter=given.workflows,
            rate=AddressRate(given.quotes_per_minute_max, given.clock.monotonic, TooManyPayments),
            clock=given.clock,
        )
        self.paid_renders = PaidRenders(
            threads=self.threads,
            quotes=self.quotes,
            renders=self.renders,
            starter=given.workflows,
            clock=given.clock,
        )
        self.top_ups = TopUps(
            threads=self.threads,
            checkout=given.checkout,
            clock=given.clock,
            metrics=given.metrics,
        )
        self.webhooks = Webhooks(
            threads=self.threads,
            starter=given.workflows,
            top_ups=self.top_ups,
            clock=given.clock,
            metrics=given.metrics,
            trust=given.webhooks,
        )

    def _wire_people(self, given: Dependencies) -> None:
        self.passwords = Passwords(given.password_hasher)
        self.post = Post(given.mailer, given.metrics)
        self.sessions = Sessions(
            threads=self.threads,
            passwords=self.passwords,
            clock=given.clock,
            metrics=given.metrics,
        )
        self.people = People(
            threads=self.threads,
            passwords=self.passwords,
            post=self.post,
            email_rate=self.sessions.email_rate,
            clock=given.clock,
        )
        self.api_keys = ApiKeys(self.threads, peppers=given.peppers, clock=given.clock)
        self.preferences = Preferences(
            threads=self.threads, catalogue=given.pricing.catalogue, clock=given.clock
        )
        self.wallets = Wallets(self.threads, given.clock)
        self.operators = Operators(threads=self.threads, renders=self.renders, clock=given.clock)

    @property
    def local_files(self) -> LocalStorage | None:
        """The store whose files this gateway serves itself; None where another service does."""
        storage = self.dependencies.storage
        return storage if isinstance(storage, LocalStorage) else None

    async def close(self) -> None:
        """Finish what is under way: started submissions, queries, notes of use, mail."""
        await self.submissions.close()
        await self.payments.close()
        await self.top_ups.close()
        await self.watching.close()
        await self.live.close()
        await self.keys.close()
        await self.sessions.finish()
        await self.people.finish()
        await self.post.close()
        self.passwords.close()
        self.threads.close()

    async def _store_snapshot(
        self, project_id: str, snapshot: RenderSnapshot
    ) -> RenderSnapshot | None:
        """Store what a run said, but what was charged as the ledger has it.

        The run learns of a charge only after the row shows it: its own number can be behind.
        """
        now = self.clock.now()

        def work(session: Session) -> RenderSnapshot | None:
            settled = summary(session, subject=project_id).settled
            merged = snapshot.model_copy(update={"credits_settled": settled})
            revision = store_snapshot(session, project_id, merged, now=now)
            return merged if revision == merged.revision else None

        return await self.threads.write(work)

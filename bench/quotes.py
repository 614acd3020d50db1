"""Quotes a second and the payment round trip, each beside a bare route in the same run.

The gateway, its Temporal, worker and rows are the real ones; Stripe is the local stand-in, and the
renders wait at their first stage. The rounds alternate, so that what else the machine does hits
both alike.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.buying import (
    QUOTE_ORDER,
    Bare,
    Ours,
    Sample,
    Side,
    new_secret,
    send,
    together,
)
from bench.options import Options
from bench.place import Place, a_place, running
from bench.result import Finding, Row, middle, rounded, show
from bench.service import a_caller, a_service, wait_until
from bench.till import NETWORK_ID, Keys, Till, a_till
from runtime.ports import free_port, is_listening

NAME: Final = "quotes"
UNIT: Final = "quotes/s"
WEBHOOKS_PATH: Final = "/api/stripe/webhooks"
ASKERS: Final = 16
"""Callers that ask for quotes at the same time."""
PAYERS: Final = 4
"""Payments side by side, in the rounds that have more than one."""
QUOTED: Final = (402, "WWW-Authenticate")
PAID: Final = (202, "Payment-Receipt")

HELD_TIMINGS: Final = json.dumps(
    {
        "heartbeat_timeout_seconds": 3600,
        "call_timeout_seconds": 3600,
        "stage_deadline_seconds": 7200,
    }
)
"""A render that waits at its first stage is neither asked whether it lives nor tried again."""
SETTINGS: Final = {
    "FVS_QUOTES_PER_MINUTE_MAX": "1000000",
    "FVS_WORKER_ACTIVITIES_MAX": "10000",
    "FVS_TIMINGS": HELD_TIMINGS,
    "FVS_STRIPE_NETWORK_ID": NETWORK_ID,
}


@dataclass(frozen=True)
class Load:
    """How much a round asks of each side."""

    rounds: int
    quote_seconds: float
    payments_alone: int
    payments_together: int


LOAD: Final = Load(rounds=4, quote_seconds=5.0, payments_alone=25, payments_together=60)
QUICK: Final = Load(rounds=1, quote_seconds=2.0, payments_alone=8, payments_together=16)
WARMING: Final = Load(rounds=1, quote_seconds=1.0, payments_alone=3, payments_together=8)


@dataclass
class Measured:
    """One side's rounds, in their order."""

    quotes: list[Sample] = field(default_factory=list)
    alone: list[Sample] = field(default_factory=list)
    together: list[Sample] = field(default_factory=list)

    def measure(self, side: Side, load: Load, client: httpx2.Client) -> None:
        """A round. Its quotes and tokens are made before its clock runs."""
        alone = [side.order(client) for _ in range(load.payments_alone)]
        several = [side.order(client) for _ in range(load.payments_together)]
        self.quotes.append(
            send(
                side.port,
                [QUOTE_ORDER],
                side_by_side=ASKERS,
                wanted=QUOTED,
                seconds=load.quote_seconds,
            )
        )
        self.alone.append(send(side.port, alone, side_by_side=1, wanted=PAID))
        self.together.append(send(side.port, several, side_by_side=PAYERS, wanted=PAID))

    @property
    def quotes_a_second(self) -> float:
        return middle([sample.rate for sample in self.quotes])


def run(options: Options) -> Finding:
    load = QUICK if options.quick else LOAD
    ours, bare = Measured(), Measured()
    with a_place(options.say) as place, _two_sides(place) as (our_side, bare_side, client):
        for side in (our_side, bare_side):
            Measured().measure(side, WARMING, client)
        for _ in range(load.rounds):
            ours.measure(our_side, load, client)
            bare.measure(bare_side, load, client)
        for side in (our_side, bare_side):
            side.check(client)
        charged = len(our_side.paid)
    return finding(options, ours, bare, charged_once=charged)


@contextlib.contextmanager
def _two_sides(place: Place) -> Iterator[tuple[Ours, Bare, httpx2.Client]]:
    """Both with all their processes, and a client for what is made before a clock runs."""
    keys = Keys.new()
    settings = SETTINGS | {
        "FVS_MPP_SECRET": new_secret(),
        "FVS_STRIPE_SECRET_KEY": keys.secret_key,
        "FVS_STRIPE_WEBHOOK_SECRET": keys.webhook_secret,
    }
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(a_service(place, "quotes", **settings))
        webhook_url = service.base_url + WEBHOOKS_PATH
        till = stack.enter_context(a_till(place, "stripe", keys, webhook_url=webhook_url))
        environment = {**service.environment, "FVS_STRIPE_BASE_URL": till.url}
        spec = place.python("paying-worker", "-m", "bench.paying_worker", environment=environment)
        worker = stack.enter_context(running(spec))
        client = stack.enter_context(a_caller())
        ours = Ours(service, till, worker)
        plain_till = stack.enter_context(a_till(place, "plain-stripe", keys))
        first = ours.quote(client)
        bare = stack.enter_context(
            _plain(
                place,
                plain_till,
                price_cents=first.json()["amount_cents"],
                challenge_length=len(first.headers["www-authenticate"]),
            )
        )
        yield ours, bare, client


@contextlib.contextmanager
def _plain(place: Place, till: Till, *, price_cents: int, challenge_length: int) -> Iterator[Bare]:
    url, _ = place.new_database("plain")
    port = free_port()
    spec = place.python(
        "plain-quotes",
        *("-m", "bench.plain_quotes", str(port), str(price_cents), str(challenge_length)),
        environment=place.environment(
            url, FVS_STRIPE_SECRET_KEY=till.keys.secret_key, FVS_STRIPE_BASE_URL=till.url
        ),
    )
    with running(spec) as process:
        wait_until(lambda: is_listening("127.0.0.1", port), process)
        yield Bare(port, till, price_cents)


def finding(options: Options, ours: Measured, bare: Measured, *, charged_once: int) -> Finding:
    value, baseline = ours.quotes_a_second, bare.quotes_a_second
    ratio = rounded(value / baseline)
    details: dict[str, JsonValue] = {
        "quotes": _compared(ours, bare, lambda measured: measured.quotes),
        "payments_one_at_a_time": _compared(ours, bare, lambda measured: measured.alone),
        "payments_side_by_side": _compared(ours, bare, lambda measured: measured.together),
        "askers": ASKERS,
        "payers": PAYERS,
        "rounds": len(ours.quotes),
        "payments_charged_exactly_once": charged_once,
    }
    _show(options, ours, bare, charged_once)
    return Finding(NAME, value, UNIT, baseline, ratio, details)


Kind = Callable[[Measured], list[Sample]]


def _compared(ours: Measured, bare: Measured, kind: Kind) -> dict[str, JsonValue]:
    mine, theirs = together(kind(ours)), together(kind(bare))
    return {
        "a_second": mine.rate,
        "p50_ms": mine.p50_ms,
        "p99_ms": mine.p99_ms,
        "baseline_a_second": theirs.rate,
        "baseline_p50_ms": theirs.p50_ms,
        "baseline_p99_ms": theirs.p99_ms,
        "measured": len(mine.milliseconds),
        "baseline_measured": len(theirs.milliseconds),
    }


def _show(options: Options, ours: Measured, bare: Measured, charged_once: int) -> None:
    rows: list[Row] = []
    kinds: tuple[tuple[str, Kind], ...] = (
        (f"quotes, {ASKERS} callers", lambda measured: measured.quotes),
        ("payments, one at a time", lambda measured: measured.alone),
        (f"payments, {PAYERS} side by side", lambda measured: measured.together),
    )
    for name, kind in kinds:
        mine, theirs = together(kind(ours)), together(kind(bare))
        for measure, value, baseline in (
            ("a second", mine.rate, theirs.rate),
            ("p50, ms", mine.p50_ms, theirs.p50_ms),
            ("p99, ms", mine.p99_ms, theirs.p99_ms),
        ):
            label = f"{name}: {measure}"
            rows.append(Row(label, f"{value:g}", f"{baseline:g}", f"{value / baseline:.2f}"))
    rows.append(Row("quotes that were charged exactly once", f"all {charged_once}"))
    show(options.console, NAME, rows)

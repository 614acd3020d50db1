"""Quotes a second and the payment round trip, each beside a bare route in the same run.

The gateway, its Temporal, worker and rows are the real ones; Stripe is the local stand-in, and the
renders wait at their first stage. The rounds alternate, so that what else the machine does hits
both alike.
"""

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Final

import httpx2

from bench.buying import Bare, Ours
from bench.options import Options
from bench.place import SECRET_BYTES, Place, a_place, running
from bench.quote_report import finding
from bench.quote_rounds import Load, Measured
from bench.result import Finding
from bench.service import a_caller, a_service, wait_until
from bench.till import NETWORK_ID, Keys, Till, a_till
from runtime.ports import free_port, is_listening

WEBHOOKS_PATH: Final = "/api/stripe/webhooks"
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


LOAD: Final = Load(rounds=4, quote_seconds=5.0, payments_alone=25, payments_together=60)
QUICK: Final = Load(rounds=1, quote_seconds=2.0, payments_alone=8, payments_together=16)
WARMING: Final = Load(rounds=1, quote_seconds=1.0, payments_alone=3, payments_together=8)


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
        "FVS_MPP_SECRET": secrets.token_hex(SECRET_BYTES),
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
        ours = Ours(service, till, worker, temporal_pid=place.temporal.pid)
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
        yield Bare(process, port, till, price_cents=price_cents)

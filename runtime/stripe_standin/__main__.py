"""The stand-in as a process: prints its address as the first line, runs until SIGTERM or SIGINT.

Secrets come from the environment: STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET.
"""

import argparse
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from runtime.logs import configure_logging
from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.settings import (
    SECRET_KEY_VARIABLE,
    WEBHOOK_SECRET_VARIABLE,
    StandinSettings,
    TokenPlace,
    secrets_of,
)


def main() -> int:
    options = _parser().parse_args()
    configure_logging(service="stripe-standin")
    secret_key, webhook_secret = secrets_of(os.environ)
    settings = StandinSettings(
        secret_key=secret_key,
        webhook_url=options.webhook_url,
        webhook_secret=webhook_secret,
        network_id=options.network_id,
        state_file=options.state,
        control=options.control,
        token_place=TokenPlace(options.token_place),
        later_seconds=options.later_seconds,
        search_delay_seconds=options.search_delay_seconds,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with StripeStandin(settings, port=options.port) as server:
            sys.stdout.write(f"{server.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"The stand-in of Stripe cannot start: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m runtime.stripe_standin",
        description="A local stand-in of Stripe's API. No money moves.",
        epilog=f"Secrets are read from {SECRET_KEY_VARIABLE} and {WEBHOOK_SECRET_VARIABLE}.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--webhook-url", help="where events are sent to")
    parser.add_argument("--network-id", help="the seller's Stripe profile, profile_test_…")
    parser.add_argument("--state", type=Path, help="a file that keeps everything over a restart")
    parser.add_argument("--control", action="store_true", help="open /_control, for tests")
    parser.add_argument(
        "--token-place",
        choices=[place.value for place in TokenPlace],
        default=TokenPlace.BOTH.value,
        help="where a PaymentIntent may name its shared payment token",
    )
    parser.add_argument(
        "--later-seconds", type=float, default=2.0, help="when refunds fail or disputes come"
    )
    parser.add_argument(
        "--search-delay-seconds", type=float, default=0.0, help="until search finds a payment"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""A stand-in of Stripe as a process: tokens are minted at it, its books say what was charged."""

import contextlib
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2
from pydantic import JsonValue

from bench.errors import MeasurementFailed
from bench.place import Place, running
from bench.service import wait_until
from runtime.ports import free_port, is_listening
from runtime.processes import Child
from runtime.stripe_standin.settings import SECRET_KEY_VARIABLE, WEBHOOK_SECRET_VARIABLE
from studio.payments.stripe import API_VERSION

NETWORK_ID: Final = "profile_test_bench"
TOKENS: Final = "/v1/test_helpers/shared_payment/granted_tokens"
BOOKS: Final = "/_control/books"


@dataclass(frozen=True)
class Keys:
    """What the seller and its Stripe know of each other, drawn anew for each benchmark."""

    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @classmethod
    def new(cls) -> "Keys":
        return cls(f"sk_test_{secrets.token_hex(16)}", f"whsec_{secrets.token_hex(16)}")


@dataclass(frozen=True)
class Till:
    """One seller's account at a stand-in."""

    process: Child
    url: str
    keys: Keys

    def mint(self, client: httpx2.Client, amount_cents: int) -> str:
        """A shared payment token that is good for one payment of so much."""
        answer = client.post(
            self.url + TOKENS,
            headers={
                "Authorization": f"Bearer {self.keys.secret_key}",
                "Stripe-Version": API_VERSION,
            },
            data={
                "payment_method": "pm_card_visa",
                "usage_limits[currency]": "usd",
                "usage_limits[max_amount]": str(amount_cents),
                "seller_details[network_id]": NETWORK_ID,
            },
        )
        if not answer.is_success:
            raise MeasurementFailed(f"No token was minted: {answer.text}")
        return str(answer.json()["id"])

    def check(self, client: httpx2.Client, quote_ids: Collection[str], amount_cents: int) -> None:
        """MeasurementFailed unless each quote was charged once and whole, and nothing else was."""
        found = client.get(self.url + BOOKS).json()["balances"]
        wrong = miscounted(found, quote_ids, amount_cents)
        if wrong:
            raise MeasurementFailed(
                f"{len(wrong)} of {len(quote_ids)} payments were not one charge of "
                f"{amount_cents} cents: {', '.join(wrong[:3])}."
            )


def miscounted(
    balances: dict[str, JsonValue], quote_ids: Collection[str], amount_cents: int
) -> list[str]:
    """Quotes that were not charged once, whole and for good, and whatever else was charged."""
    once = {"charges": 1, "charged": amount_cents, "refunds": 0, "refunded": 0}
    expected = set(quote_ids)
    wrong = {quote_id for quote_id in expected if balances.get(quote_id) != once}
    return sorted(wrong | (balances.keys() - expected))


@contextlib.contextmanager
def a_till(
    place: Place, name: str, keys: Keys, *, webhook_url: str | None = None
) -> Iterator[Till]:
    """A stand-in of its own; it tells of payments where it is given an address for it."""
    port = free_port()
    webhook = ["--webhook-url", webhook_url] if webhook_url else []
    spec = place.python(
        name,
        *("-m", "runtime.stripe_standin", "--control", "--port", str(port)),
        *("--network-id", NETWORK_ID, *webhook),
        environment={
            **place.environment(""),
            SECRET_KEY_VARIABLE: keys.secret_key,
            WEBHOOK_SECRET_VARIABLE: keys.webhook_secret,
        },
    )
    with running(spec) as process:
        wait_until(lambda: is_listening("127.0.0.1", port), process)
        yield Till(process, f"http://127.0.0.1:{port}", keys)

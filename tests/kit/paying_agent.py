"""An agent without a key at a test's stack: asks for a quote, pays it, watches it, cancels it.

Its stack charges at a stand-in of Stripe.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

import httpx2
import mpp

from runtime.stripe_standin.books import Balance
from runtime.stripe_standin.server import StripeStandin
from studio.contracts.payment import PaymentState
from studio.ledger import service as ledger
from studio.quotes.repository import load_quote
from studio.quotes.tables import QuoteRow
from tests.kit.stack import Stack
from tests.kit.stripe_standin import KEY, NETWORK, WEBHOOK_SECRET, Seller

MPP_SECRET = "an mpp secret of the test suite, 32+ characters"
ANSWER_SECONDS_MAX = 40

ONE_SHOT = {
    "name": "A short film",
    "screenplay": "Shot 1: A paper boat drifts along a gutter after the rain.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "stage_voice_briefs_enabled": False,
}


def payment_variables(stripe: StripeStandin) -> dict[str, str]:
    """What makes a stack charge at the stand-in."""
    return {
        "FVS_STRIPE_SECRET_KEY": KEY,
        "FVS_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "FVS_STRIPE_NETWORK_ID": NETWORK,
        "FVS_STRIPE_BASE_URL": stripe.url,
        "FVS_MPP_SECRET": MPP_SECRET,
    }


@dataclass
class PayingAgent:
    """One agent with one quote. `answers` are those to its payments, in the order they came."""

    stack: Stack
    stripe: StripeStandin
    quote: dict[str, Any] = field(default_factory=dict)
    challenge: str = ""
    answers: list[int] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def ask(self) -> None:
        """Ask for a quote: a 402 with a challenge."""
        address = f"{self.stack.base_url}/api/agent/render-quotes"
        answer = httpx2.post(address, json={"request": ONE_SHOT}, timeout=ANSWER_SECONDS_MAX)
        assert answer.status_code == 402, answer.text
        self.quote = dict(answer.json())
        self.challenge = answer.headers["WWW-Authenticate"]

    def look(self) -> None:
        """Get another challenge for the same quote."""
        answer = httpx2.get(self.quote["payment_url"], timeout=ANSWER_SECONDS_MAX)
        assert answer.status_code == 402, answer.text
        self.challenge = answer.headers["WWW-Authenticate"]

    def pay(self, method: str = "pm_card_visa") -> str:
        """Send a payment and leave it to a thread to wait for the answer. Returns the token."""
        challenge = mpp.Challenge.from_www_authenticate(self.challenge)
        with Seller(self.stripe.url) as wallet:
            token = wallet.mint(method, 50_000)
        credential = mpp.Credential(challenge=challenge.to_echo(), payload={"spt": token})
        thread = threading.Thread(target=self._send, args=(credential.to_authorization(),))
        self.threads.append(thread)
        thread.start()
        return token

    def cancel(self) -> None:
        answer = httpx2.post(self.quote["cancel_url"], timeout=ANSWER_SECONDS_MAX)
        assert answer.status_code == 200, answer.text

    def status(self) -> dict[str, Any]:
        answer = httpx2.get(self.quote["status_url"], timeout=ANSWER_SECONDS_MAX)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def join(self) -> None:
        """Wait for the answers to all payments."""
        for thread in self.threads:
            thread.join()

    @property
    def row(self) -> QuoteRow:
        with self.stack.database.reading() as session:
            return load_quote(session, self.quote["quote_id"])

    def is_in(self, *states: PaymentState) -> bool:
        return self.row.state in states

    @property
    def wallet(self) -> ledger.Balance:
        """The guest's wallet, in a ledger that adds up."""
        with self.stack.database.reading() as session:
            assert ledger.audit(session) == []
            return ledger.balance(session, wallet=ledger.wallet_id(self.quote["quote_id"]))

    @property
    def books(self) -> Balance:
        """What the stand-in charged and gave back for the quote."""
        return self.stripe.books.balance(self.quote["quote_id"])

    def _send(self, authorization: str) -> None:
        answer = httpx2.get(
            self.quote["payment_url"],
            headers={"Authorization": authorization},
            timeout=ANSWER_SECONDS_MAX,
        )
        self.answers.append(answer.status_code)

"""What was asked and what became of the money, for assertions."""

import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from runtime.stripe_standin.records import (
    Charge,
    CheckoutSession,
    Dispute,
    Event,
    Intent,
    Refund,
)
from runtime.stripe_standin.store import Store
from runtime.stripe_standin.wire import Json

REQUESTS_KEPT: Final = 10_000
_TOKEN: Final = re.compile(r"spt_\w+")
QUOTE_KEY: Final = "quote_id"
"""The metadata key that tells whose payment it is, where none other is named."""


@dataclass(frozen=True)
class SeenRequest:
    """A request without its secrets. `status` is 0 where no answer left."""

    call: str
    method: str
    path: str
    form: Mapping[str, str]
    idempotency_key: str
    version: str
    fault: str
    status: int
    replayed: bool


@dataclass(frozen=True)
class Balance:
    """Charges that succeeded and refunds that did not fail; `charged` and `refunded` are cents."""

    charges: int = 0
    charged: int = 0
    refunds: int = 0
    refunded: int = 0


class Books:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._requests: deque[SeenRequest] = deque(maxlen=REQUESTS_KEPT)

    def see(self, request: SeenRequest) -> None:
        with self._lock:
            self._requests.append(request)

    def requests(self, call: str = "") -> list[SeenRequest]:
        with self._lock:
            return [seen for seen in self._requests if call in {"", seen.call}]

    def intents(self) -> list[Intent]:
        return self._store.all(Intent)

    def sessions(self) -> list[CheckoutSession]:
        return self._store.all(CheckoutSession)

    def charges(self) -> list[Charge]:
        return self._store.all(Charge)

    def refunds(self) -> list[Refund]:
        return self._store.all(Refund)

    def disputes(self) -> list[Dispute]:
        return self._store.all(Dispute)

    def events(self, kind: str = "") -> list[Event]:
        return [event for event in self._store.all(Event) if kind in {"", event.type}]

    def balances(self, key: str = QUOTE_KEY) -> dict[str, Balance]:
        """By the value of that metadata key; what has none is under the empty text."""
        owners: dict[str, str] = {}
        found: dict[str, Balance] = {}
        for charge in self.charges():
            owner = owners[charge.id] = charge.metadata.get(key, "")
            if charge.status == "succeeded":
                old = found.get(owner, Balance())
                found[owner] = Balance(
                    old.charges + 1, old.charged + charge.amount, old.refunds, old.refunded
                )
        for refund in self.refunds():
            if refund.status != "failed":
                owner = owners.get(refund.charge_id, "")
                old = found.get(owner, Balance())
                found[owner] = Balance(
                    old.charges, old.charged, old.refunds + 1, old.refunded + refund.amount
                )
        return found

    def balance(self, quote_id: str, key: str = QUOTE_KEY) -> Balance:
        return self.balances(key).get(quote_id, Balance())

    def as_json(self, key: str = QUOTE_KEY) -> Json:
        """Everything, for another process; no token among it."""
        hidden = {"token_id", "client_secret"}
        return {
            "requests": [asdict(seen) for seen in self.requests()],
            "intents": [one.model_dump(mode="json", exclude=hidden) for one in self.intents()],
            "sessions": [one.model_dump(mode="json") for one in self.sessions()],
            "charges": [one.model_dump(mode="json") for one in self.charges()],
            "refunds": [one.model_dump(mode="json") for one in self.refunds()],
            "disputes": [one.model_dump(mode="json") for one in self.disputes()],
            "events": [
                {"id": one.id, "type": one.type, "is_delivered": one.is_delivered}
                for one in self.events()
            ],
            "balances": {name: asdict(one) for name, one in self.balances(key).items()},
        }


def without_tokens(text: str) -> str:
    """A path, a key or a value of a form, as it may be kept."""
    return _TOKEN.sub("spt_…", text)

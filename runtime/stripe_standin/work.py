"""One unit of work: what a request or a turn of things reads, writes and tells."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Final

from runtime.stripe_standin.records import Event, Pending, Turn
from runtime.stripe_standin.settings import StandinSettings
from runtime.stripe_standin.store import Store
from runtime.stripe_standin.versions import DEFAULT_VERSION

_ALPHABET: Final = string.ascii_letters + string.digits
ID_CHARACTERS: Final = 24
"""As many as Stripe's own have."""


def new_id(prefix: str) -> str:
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(ID_CHARACTERS))}"


@dataclass
class Work:
    """Happens in one transaction of the store; `events` and `pending` are taken up after it.

    `now` is in whole seconds, as all times on this wire are.
    """

    store: Store
    settings: StandinSettings
    now: int
    request_id: str | None = None
    idempotency_key: str | None = None
    events: list[Event] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)

    def tell(
        self, kind: str, subject: dict[str, object], previous: dict[str, object] | None = None
    ) -> None:
        """Make an event of the subject as it is now. `previous`: the fields that changed."""
        event = Event(
            id=new_id("evt"),
            created=self.now,
            type=kind,
            subject=subject,
            previous=previous,
            request_id=self.request_id,
            idempotency_key=self.idempotency_key,
            api_version=DEFAULT_VERSION,
        )
        self.store.put(event)
        self.events.append(event)

    def later(self, turn: Turn, subject_id: str, *, due_at: int | None = None) -> None:
        """Let something happen after `later_seconds`, or then, even if the process ends before."""
        pending = Pending(
            id=new_id("pending"),
            created=self.now,
            turn=turn,
            subject_id=subject_id,
            due_at=due_at,
        )
        self.store.put(pending)
        self.pending.append(pending)

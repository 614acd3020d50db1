"""What accounts and keys look like from outside."""

from dataclasses import dataclass, field
from datetime import datetime

from studio.accounts.tables import KeyEnvironment
from studio.contracts.defaults import AccountDefaults


@dataclass(frozen=True)
class Account:
    account_id: str
    name: str
    defaults: AccountDefaults
    created_at: datetime


@dataclass(frozen=True)
class IssuedKey:
    """A new key. `secret` exists only here: it is shown once and never stored."""

    key_id: str
    secret: str = field(repr=False)
    hint: str


@dataclass(frozen=True)
class KeyInfo:
    """A key as its owner may see it."""

    key_id: str
    account_id: str
    name: str
    environment: KeyEnvironment
    hint: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_active(self, now: datetime) -> bool:
        """Whether the key authenticates at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class Principal:
    """Who is asking. `touch_due` says that `touch_key` would write."""

    account_id: str
    key_id: str
    is_test: bool
    touch_due: bool = False

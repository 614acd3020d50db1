"""What accounts and keys look like from outside."""

from dataclasses import dataclass, field
from datetime import datetime

from studio.accounts.errors import AccountSuspended, KeyLacksScope
from studio.accounts.tables import AccountRole, KeyEnvironment, KeyScope
from studio.contracts.defaults import AccountDefaults

EVERY_SCOPE = frozenset(KeyScope)


@dataclass(frozen=True)
class Account:
    """Below `low_balance_credits` its owner wants to be told."""

    account_id: str
    name: str
    defaults: AccountDefaults
    created_at: datetime
    role: AccountRole = AccountRole.CUSTOMER
    suspended_at: datetime | None = None
    low_balance_credits: int | None = None

    @property
    def is_operator(self) -> bool:
        return self.role is AccountRole.OPERATOR


@dataclass(frozen=True)
class Watched:
    """An account whose owner wants to be told of a low balance, and whether they were."""

    account_id: str
    low_balance_credits: int
    is_noticed: bool


@dataclass(frozen=True)
class KeyTerms:
    """What a key may do, until when, and how much. None is without an end or a limit."""

    scopes: frozenset[KeyScope] = EVERY_SCOPE
    expires_at: datetime | None = None
    requests_per_minute_max: int | None = None
    credits_per_month_max: int | None = None


WITHOUT_LIMITS = KeyTerms()


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
    terms: KeyTerms
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    successor_id: str | None

    def is_active(self, now: datetime) -> bool:
        """Whether the key authenticates at `now`."""
        ends_at = self.terms.expires_at
        return self.revoked_at is None and (ends_at is None or now < ends_at)


@dataclass(frozen=True)
class Principal:
    """Who is asking, and for whom: a test key acts for its account's test side.

    `key_id` is None for a person who signed in. `touch_due` says that `touch_key` would write.
    """

    account_id: str
    key_id: str | None
    is_test: bool = False
    scopes: frozenset[KeyScope] = EVERY_SCOPE
    is_suspended: bool = False
    requests_per_minute_max: int | None = None
    credits_per_month_max: int | None = None
    touch_due: bool = False

    def require_scope(self, scope: KeyScope) -> None:
        """Raise KeyLacksScope unless it may do this."""
        if scope not in self.scopes:
            raise KeyLacksScope(scope.value)

    def require_active(self) -> None:
        """Raise AccountSuspended where nothing new may be started."""
        if self.is_suspended:
            raise AccountSuspended

"""What logins and sessions look like from outside."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Login:
    """The way into an account, as it was read: it may have changed since."""

    account_id: str
    email: str
    password_hash: str = field(repr=False)
    password_changed_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class OpenedSession:
    """A new session. `token` exists only here and in the browser's cookie."""

    account_id: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """Whose session a token is. `touch_due` says that `touch_session` would write."""

    account_id: str
    expires_at: datetime
    touch_due: bool

"""How people get in. The caller owns the transaction; passwords are hashed outside of it."""

from studio.identity.emails import normalise_email
from studio.identity.logins import (
    create_login,
    emails_of,
    find_login,
    keep_rehash,
    login_of,
    set_password,
)
from studio.identity.passwords import (
    Argon2Passwords,
    PasswordHasher,
    acceptable_password,
    check_password,
    generate_password,
    new_password_hash,
)
from studio.identity.records import Login, OpenedSession, SignedIn
from studio.identity.resets import check_reset, open_reset, use_reset
from studio.identity.sessions import (
    end_session,
    end_sessions,
    open_session,
    read_session,
    touch_session,
)

__all__ = [
    "Argon2Passwords",
    "Login",
    "OpenedSession",
    "PasswordHasher",
    "SignedIn",
    "acceptable_password",
    "check_password",
    "check_reset",
    "create_login",
    "emails_of",
    "end_session",
    "end_sessions",
    "find_login",
    "generate_password",
    "keep_rehash",
    "login_of",
    "new_password_hash",
    "normalise_email",
    "open_reset",
    "open_session",
    "read_session",
    "set_password",
    "touch_session",
    "use_reset",
]

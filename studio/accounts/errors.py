"""What accounts and keys refuse."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class AccountError(StudioError):
    code: ClassVar[str] = "account_error"


class InvalidKey(AccountError):
    """Malformed, unknown, revoked and expired keys alike: the answer tells no one which."""

    code: ClassVar[str] = "invalid_key"

    def __init__(self) -> None:
        super().__init__("This needs a valid API key.")


class UnknownAccount(AccountError):
    code: ClassVar[str] = "unknown_account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is no account {account_id}.")


class AccountExists(AccountError):
    code: ClassVar[str] = "account_exists"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is already an account {account_id}.")


class InvalidAccount(AccountError):
    """An account id or a name that cannot be used."""

    code: ClassVar[str] = "invalid_account"


class AccountSuspended(AccountError):
    """The account may look at what it has, and start nothing."""

    code: ClassVar[str] = "account_suspended"

    def __init__(self) -> None:
        super().__init__(
            "This account is suspended: it can look at what it has, and start nothing new."
        )


class InvalidKeyTerms(AccountError):
    """Scopes, an expiry or limits that no key can have."""

    code: ClassVar[str] = "invalid_key_terms"


class KeyLacksScope(AccountError):
    """The key is valid, and not for this."""

    code: ClassVar[str] = "key_lacks_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key may not do that: it lacks the scope {scope}.")


class UnknownKey(AccountError):
    """No such key, seen by its owner: here the id is no secret."""

    code: ClassVar[str] = "unknown_key"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key {key_id}.")


class KeyNotActive(AccountError):
    code: ClassVar[str] = "key_not_active"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"The key {key_id} is revoked or has expired; create a new one.")


class KeyRotated(KeyNotActive):
    """A second successor would be one that nobody looks after."""

    code: ClassVar[str] = "key_rotated"

    def __init__(self, key_id: str, successor_id: str) -> None:
        StudioError.__init__(
            self, f"The key {key_id} was rotated before; rotate its successor {successor_id}."
        )

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


class UnknownKey(AccountError):
    """No such key, seen by its owner: here the id is no secret."""

    code: ClassVar[str] = "unknown_key"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key {key_id}.")


class KeyNotActive(AccountError):
    code: ClassVar[str] = "key_not_active"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"The key {key_id} is revoked or has expired; create a new one.")

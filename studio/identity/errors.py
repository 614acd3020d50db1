"""What signing in and passwords refuse."""

from typing import ClassVar

from studio.contracts.errors import StudioError


class IdentityError(StudioError):
    code: ClassVar[str] = "identity_error"


class WrongCredentials(IdentityError):
    """Unknown e-mail addresses and wrong passwords alike: the answer tells no one which."""

    code: ClassVar[str] = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class EmailTaken(IdentityError):
    code: ClassVar[str] = "email_taken"

    def __init__(self) -> None:
        super().__init__("There is already an account with this e-mail address.")


class InvalidEmail(IdentityError):
    """No address that mail could be sent to. The sentence does not repeat it."""

    code: ClassVar[str] = "invalid_email"

    def __init__(self) -> None:
        super().__init__("This is no e-mail address that mail can be sent to.")


class InvalidPassword(IdentityError):
    """A new password that cannot be one."""

    code: ClassVar[str] = "invalid_password"


class InvalidReset(IdentityError):
    """Unknown, used, replaced and expired links alike."""

    code: ClassVar[str] = "invalid_reset"

    def __init__(self) -> None:
        super().__init__("This link does not work any more; ask for a new one.")


class NotSignedIn(IdentityError):
    """Unknown, ended and expired sessions alike."""

    code: ClassVar[str] = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("You are not signed in, or not any more.")


class UnknownLogin(IdentityError):
    """The account has no way to sign in: it was made for keys alone."""

    code: ClassVar[str] = "unknown_login"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"The account {account_id} has no e-mail address to sign in with.")

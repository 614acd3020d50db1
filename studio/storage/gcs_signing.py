"""Who signs Google's V4 URLs: a key at hand, or the IAM service where there is none.

On Google's own machines the credentials carry no private key. The IAM `signBlob` call then signs
in their name, which needs the role Service Account Token Creator on the account itself.
"""

from collections.abc import Callable
from threading import Lock

from google.auth import credentials as google_credentials
from google.auth import iam
from google.auth.transport import Request as GoogleTransport
from google.oauth2 import service_account

_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address, not a token


class GcsSigningIdentity:
    """Credentials that can sign, made on first use: finding the account may be a remote call."""

    def __init__(
        self,
        credentials: google_credentials.Credentials,
        *,
        transport: Callable[[], GoogleTransport],
        service_account_email: str | None = None,
    ) -> None:
        """`service_account_email` is asked of the credentials when it is None."""
        self._credentials = credentials
        self._transport = transport
        self._email = service_account_email
        self._signing: google_credentials.Signing | None = None
        self._lock = Lock()

    def credentials(self) -> google_credentials.Signing:
        """Signing credentials. Raises GoogleAuthError if the account cannot be found out."""
        with self._lock:
            if self._signing is None:
                self._signing = self._make()
            return self._signing

    def _make(self) -> google_credentials.Signing:
        if isinstance(self._credentials, google_credentials.Signing):
            return self._credentials
        transport = self._transport()
        account = self._account(transport)
        signer = iam.Signer(transport, self._credentials, account)  # type: ignore[no-untyped-call]  # google-auth is typed in part
        return service_account.Credentials(  # type: ignore[no-untyped-call]  # google-auth is typed in part
            signer=signer, service_account_email=account, token_uri=_TOKEN_URI
        )

    def _account(self, transport: GoogleTransport) -> str:
        if self._email is None:
            # A machine's credentials know their own account only after the first refresh.
            self._credentials.refresh(transport)  # type: ignore[no-untyped-call]  # google-auth is typed in part
            self._email = str(getattr(self._credentials, "service_account_email", ""))
        return self._email

"""The store that an address names."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlsplit

from studio.contracts.errors import StudioError
from studio.storage.local import LocalStorage
from studio.storage.port import Storage
from studio.storage.signing import UrlSigner

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

GCS_ENDPOINT: Final = "https://storage.googleapis.com"
GCS_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""Signing by the IAM service needs this one; the storage scopes do not cover it."""

_NO_PROJECT: Final = "none"
"""The client wants a project, which only listing and making buckets use."""


class StorageAddressInvalid(StudioError):
    """The configured store's address is not one that we can open."""

    code: ClassVar[str] = "storage_address_invalid"


def open_storage(
    url: str,
    *,
    signer: UrlSigner,
    gcs_endpoint: str | None = None,
    gcs_credentials: "Credentials | None" = None,
) -> Storage:
    """Open `file:///absolute/path`, a plain path, or `gs://bucket/prefix`.

    `signer` signs the URLs of local files; Google's are signed with Google's credentials:
    `gcs_credentials`, or those that the machine is set up with. `gcs_endpoint` names an emulator
    of Google Cloud Storage, which is called without credentials. Raises StorageAddressInvalid, or
    StorageError for a folder that cannot be made.
    """
    parts = urlsplit(url)
    if parts.scheme == "gs":
        if not parts.netloc:
            raise StorageAddressInvalid("A gs:// address names a bucket: gs://bucket/prefix.")
        return _open_gcs(parts.netloc, parts.path.strip("/"), gcs_endpoint, gcs_credentials)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return LocalStorage(Path(unquote(parts.path)), signer)
    if url and "://" not in url:
        return LocalStorage(Path(url), signer)
    raise StorageAddressInvalid(
        f"The storage address {url!r} is not supported; use file:///absolute/path or gs://bucket."
    )


def _open_gcs(
    bucket: str, prefix: str, endpoint: str | None, credentials: "Credentials | None"
) -> Storage:
    # Local imports: the client library takes a good part of a second, and most runs need none.
    from google.auth.credentials import AnonymousCredentials
    from google.auth.transport.requests import Request
    from google.cloud import storage

    from studio.storage.gcs import GcsStorage
    from studio.storage.gcs_signing import GcsSigningIdentity

    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth is typed in part
    if credentials is None:
        credentials = anonymous if endpoint else _machine_credentials()
    # An endpoint is always given, or the library would look for one in the environment.
    client = storage.Client(
        project=_NO_PROJECT,
        credentials=anonymous if endpoint else credentials,
        client_options={"api_endpoint": endpoint or GCS_ENDPOINT},
    )
    signing = GcsSigningIdentity(credentials, transport=Request)
    return GcsStorage(bucket, client, signing=signing, prefix=prefix)


def _machine_credentials() -> "Credentials":
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, _project = google.auth.default(scopes=[GCS_SCOPE])
    except DefaultCredentialsError as error:
        raise StorageAddressInvalid(
            "Google Cloud Storage is configured but no Google credentials were found; "
            "set GOOGLE_APPLICATION_CREDENTIALS or run on Google Cloud."
        ) from error
    return credentials

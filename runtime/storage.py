"""The store of files that the settings name."""

import hashlib

from runtime.settings import Settings
from studio.storage.factory import GCS_ENDPOINT, open_storage
from studio.storage.port import Storage
from studio.storage.signing import SigningKey, UrlSigner


def url_signer(settings: Settings) -> UrlSigner:
    """Signs by the first key and still accepts the previous ones."""
    return UrlSigner([_signing_key(secret) for secret in settings.signing_keys()])


def _signing_key(secret: bytes) -> SigningKey:
    """Id and key both follow from the configured text, so a rotation keeps older ids valid."""
    return SigningKey(
        id=hashlib.sha256(b"fvs signing key id" + secret).hexdigest()[:12],
        secret=hashlib.sha256(b"fvs signing key" + secret).digest(),
    )


def file_origins(settings: Settings) -> tuple[str, ...]:
    """Where a store serves files itself; none where the gateway does."""
    if not settings.storage_url.startswith("gs://"):
        return ()
    return (settings.gcs_endpoint or GCS_ENDPOINT,)


def open_settings_storage(settings: Settings) -> Storage:
    return open_storage(
        settings.storage_url, signer=url_signer(settings), gcs_endpoint=settings.gcs_endpoint
    )

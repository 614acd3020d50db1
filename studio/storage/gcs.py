"""Objects in a Google Cloud Storage bucket, streamed both ways, with V4 signed URLs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

import urllib3.exceptions
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from studio.storage.atomic import replacing
from studio.storage.disposition import content_disposition
from studio.storage.failures import os_errors_mapped
from studio.storage.gcs_signing import GcsSigningIdentity
from studio.storage.keys import check_key
from studio.storage.port import ObjectNotFound, SignedUrl, StorageError, StoredObject

UPLOAD_CHUNK_BYTES: Final = 8 * 1024 * 1024
"""What an upload holds in memory; Google asks for multiples of 256 KiB and recommends 8 MiB."""

CONNECT_TIMEOUT_SECONDS: Final = 10.0
READ_TIMEOUT_SECONDS: Final = 60.0
RETRY_DEADLINE_SECONDS: Final = 120.0
"""The library's own default deadline for one call and its retries."""


class GcsStorage:
    """Keys become object names under `prefix`.

    Calls that fail for a passing reason are repeated by the library until the deadline; every
    write puts the whole object or none, so repeating it is safe.
    """

    def __init__(
        self,
        bucket: str,
        client: storage.Client,
        *,
        signing: GcsSigningIdentity,
        prefix: str = "",
        retry_deadline_seconds: float = RETRY_DEADLINE_SECONDS,
    ) -> None:
        """`signing` signs URLs; `prefix` is a folder in the bucket, without outer slashes."""
        self._client = client
        self._bucket = client.bucket(bucket)
        self._signing = signing
        self._prefix = f"{check_key(prefix)}/" if prefix else ""
        self._retry = DEFAULT_RETRY.with_timeout(retry_deadline_seconds)

    def put_file(self, key: str, path: Path, *, content_type: str) -> StoredObject:
        with _google_errors_mapped(f"Storing {key}"), path.open("rb") as source:
            size_bytes = path.stat().st_size
            blob = self._bucket.blob(self._name(key), chunk_size=UPLOAD_CHUNK_BYTES)
            blob.upload_from_file(
                source,
                size=size_bytes,
                content_type=content_type,
                checksum="crc32c",
                retry=self._retry,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )
        return StoredObject(key, size_bytes, content_type)

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> StoredObject:
        with _google_errors_mapped(f"Storing {key}"):
            self._bucket.blob(self._name(key)).upload_from_string(
                data,
                content_type=content_type,
                checksum="crc32c",
                retry=self._retry,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )
        return StoredObject(key, len(data), content_type)

    def fetch(self, key: str, destination: Path) -> StoredObject:
        blob = self._existing(key)
        with (
            _google_errors_mapped(f"Fetching {key}", missing=key),
            replacing(destination, scratch=destination.parent, durable=False) as sink,
        ):
            self._download(blob, sink)
        return self._described(key, blob)

    def read_bytes(self, key: str, *, size_bytes_max: int) -> bytes:
        blob = self._existing(key)
        if self._described(key, blob).size_bytes > size_bytes_max:
            raise StorageError(f"{key} is larger than the {size_bytes_max} bytes expected of it.")
        with _google_errors_mapped(f"Reading {key}", missing=key):
            data: bytes = blob.download_as_bytes(
                checksum="auto",
                retry=self._retry,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )
        return data

    def stat(self, key: str) -> StoredObject | None:
        blob = self._lookup(key)
        return None if blob is None else self._described(key, blob)

    def move(self, key: str, new_key: str) -> None:
        """Have Google rewrite the object under the new name, then delete the old one.

        Only the generation that was copied is deleted: what was written meanwhile stays, and
        fails the call, which then moves that.
        """
        source = self._lookup(key)
        if source is not None and key != new_key:
            with suppress(ObjectNotFound):  # moved beside us
                self._move(source, key, new_key)
        self._existing(new_key)

    def delete(self, key: str) -> None:
        with _google_errors_mapped(f"Deleting {key}"):
            try:
                self._bucket.blob(self._name(key)).delete(
                    retry=self._retry, timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
                )
            except NotFound:
                return

    def sign_url(
        self, key: str, *, base_url: str, now: datetime, lifetime: timedelta, download_name: str
    ) -> SignedUrl:
        """A URL of Google's; `base_url` has no part in it.

        The library dates the signature by the machine's clock. `expires_at` is reckoned from
        `now`, so it is not later than the URL's own end.
        """
        del base_url
        with _google_errors_mapped(f"Signing a URL for {key}"):
            url: str = self._bucket.blob(self._name(key)).generate_signed_url(
                version="v4",
                method="GET",
                expiration=lifetime,
                response_disposition=content_disposition(download_name),
                credentials=self._signing.credentials(),
            )
        return SignedUrl(url, now.astimezone(UTC).replace(microsecond=0) + lifetime)

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _lookup(self, key: str) -> storage.Blob | None:
        with _google_errors_mapped(f"Looking up {key}"):
            return self._bucket.get_blob(
                self._name(key),
                retry=self._retry,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )

    def _existing(self, key: str) -> storage.Blob:
        blob = self._lookup(key)
        if blob is None:
            raise ObjectNotFound(f"Nothing is stored under {key}.")
        return blob

    def _move(self, source: storage.Blob, key: str, new_key: str) -> None:
        """Large objects are rewritten in several calls, each with the token of the one before."""
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        with _google_errors_mapped(f"Moving {key}", missing=key):
            target = self._bucket.blob(self._name(new_key))
            target.content_type = source.content_type  # a rewrite that sets anything sets all
            token = None
            while True:
                token, *_ = target.rewrite(source, token, retry=self._retry, timeout=timeout)
                if token is None:
                    break
            source.delete(if_generation_match=source.generation, retry=self._retry, timeout=timeout)

    def _download(self, blob: storage.Blob, sink: IO[bytes]) -> None:
        blob.download_to_file(
            sink,
            checksum="auto",
            retry=self._retry,
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
        )

    def _described(self, key: str, blob: storage.Blob) -> StoredObject:
        return StoredObject(key, int(blob.size), str(blob.content_type))


@contextmanager
def _google_errors_mapped(doing: str, *, missing: str | None = None) -> Iterator[None]:
    """Turn what the client libraries raise into StorageError.

    `missing` is the key whose absence a 404 then means. The libraries' HTTP errors are OSErrors.
    """
    try:
        with os_errors_mapped(doing):
            yield
    except NotFound as error:
        if missing is not None:
            raise ObjectNotFound(f"Nothing is stored under {missing}.") from error
        raise StorageError(f"{doing} failed: the bucket does not exist.") from error
    except (
        GoogleAPIError,
        GoogleAuthError,
        InvalidResponse,
        DataCorruption,
        urllib3.exceptions.HTTPError,
    ) as error:
        reason = type(error).__name__
        raise StorageError(f"{doing} failed: Google Cloud Storage said {reason}.") from error

"""ObjectStore over Google Cloud Storage, whose library waits: it runs in threads."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3.exceptions
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from studio.providers.downloads import CLIP_BYTES_MAX, keep_clip_file
from studio.providers.errors import (
    OutputExpired,
    ProviderDenied,
    ProviderError,
    UnusableAnswer,
)
from studio.providers.google.objects import StoredClip

LISTED_MAX: Final = 100
"""An attempt's folder has one clip."""
_TIMEOUT_SECONDS: Final = (10.0, 60.0)


class GcsObjects:
    def __init__(self, client: storage.Client) -> None:
        """The client is closed with this object."""
        self._client = client

    async def list(self, prefix: str) -> Sequence[StoredClip]:
        return await asyncio.to_thread(self._list, prefix)

    async def download(self, uri: str, destination: Path) -> None:
        await asyncio.to_thread(self._download, uri, destination)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._client.close)

    def _list(self, prefix: str) -> Sequence[StoredClip]:
        bucket, name = _parts(prefix)
        with _errors_mapped():
            blobs = self._client.list_blobs(
                bucket, prefix=name, max_results=LISTED_MAX, timeout=_TIMEOUT_SECONDS
            )
            return [StoredClip(f"gs://{bucket}/{b.name}", int(b.size or 0)) for b in blobs]

    def _download(self, uri: str, destination: Path) -> None:
        bucket, name = _parts(uri)
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".clip-") as folder:
            part = Path(folder, "clip.mp4")
            with _errors_mapped():
                blob = self._client.bucket(bucket).get_blob(name, timeout=_TIMEOUT_SECONDS)
                if blob is None:
                    raise OutputExpired("The bucket no longer has the clip.")
                if int(blob.size or 0) > CLIP_BYTES_MAX:
                    raise UnusableAnswer(f"The clip is larger than {CLIP_BYTES_MAX} bytes.")
                blob.download_to_filename(str(part), timeout=_TIMEOUT_SECONDS)
            keep_clip_file(part, destination)


def _parts(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    if parts.scheme != "gs" or not parts.netloc:
        raise ProviderError("A clip's address is not in Google Cloud Storage.")
    return parts.netloc, parts.path.lstrip("/")


@contextmanager
def _errors_mapped() -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise OutputExpired("The bucket no longer has the clip, or does not exist.") from None
    except (Forbidden, Unauthorized):
        raise ProviderDenied("This server may not read the bucket of the clips.") from None
    except (
        GoogleAPIError,
        GoogleAuthError,
        InvalidResponse,
        DataCorruption,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise ProviderError(f"Google Cloud Storage failed ({type(error).__name__}).") from None

"""Absolute URLs: on the host the caller used, or the configured one; files' URLs signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from cachetools import LRUCache

from gateway.clock import Clock
from gateway.services.threads import Threads
from studio.contracts.limits import (
    SIGNED_URL_LIFETIME_SECONDS,
    SIGNED_URL_REMAINING_SECONDS_MIN,
)
from studio.storage.port import SignedUrl, Storage, StorageError

API_PREFIX: Final = "/api/agent"
SIGNED_URLS_REMEMBERED_MAX: Final = 20_000
"""Some 300 bytes each: a few megabytes, and every file of 100 renders of 64 shots."""
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")
_LIFETIME: Final = timedelta(seconds=SIGNED_URL_LIFETIME_SECONDS)
_REMAINING_MIN: Final = timedelta(seconds=SIGNED_URL_REMAINING_SECONDS_MIN)


def status_url(base_url: str, project_id: str) -> str:
    return f"{base_url}{API_PREFIX}/renders/{project_id}"


def cancel_url(base_url: str, project_id: str) -> str:
    return f"{status_url(base_url, project_id)}/cancel"


def payment_url(base_url: str, quote_id: str, claim_token: str) -> str:
    return f"{base_url}{API_PREFIX}/render-quotes/{quote_id}/pay?claim_token={claim_token}"


def paid_status_url(base_url: str, quote_id: str, claim_token: str) -> str:
    return f"{base_url}{API_PREFIX}/paid-renders/{quote_id}?claim_token={claim_token}"


def paid_cancel_url(base_url: str, quote_id: str, claim_token: str) -> str:
    return f"{base_url}{API_PREFIX}/paid-renders/{quote_id}/cancel?claim_token={claim_token}"


@dataclass(frozen=True)
class StoredFile:
    """A file to link: its storage key and the name that a download gets."""

    key: str
    download_name: str


class SignedLinks:
    """Signs in a thread (a remote store may ask a service for it) and remembers what it signed.

    A remembered URL is handed out while ten minutes are left, so that every poll of a render
    gives the same one and none gives one that is about to expire.
    """

    def __init__(self, storage: Storage, threads: Threads, clock: Clock) -> None:
        self._storage = storage
        self._threads = threads
        self._clock = clock
        self._signed: LRUCache[tuple[str, str], SignedUrl] = LRUCache(SIGNED_URLS_REMEMBERED_MAX)

    async def sign(self, files: Iterable[StoredFile], *, base_url: str) -> dict[str, str]:
        """Signed URLs by storage key; what cannot be signed now is missing.

        A store that is away must not cost a caller the status: the last URL of a file is given
        while it is valid, and the next poll tries again.
        """
        now = self._clock.now()
        urls: dict[str, str] = {}
        missing: list[StoredFile] = []
        for file in files:
            known = self._signed.get((base_url, file.key))
            if known is not None and known.expires_at - now >= _REMAINING_MIN:
                urls[file.key] = known.url
            else:
                missing.append(file)
        if missing:
            try:
                urls |= await self._sign_anew(missing, base_url, now)
            except StorageError as error:
                _log.warning("files could not be signed", count=len(missing), code=error.code)
                urls |= self._still_valid(missing, base_url, now)
        return urls

    def _still_valid(self, files: list[StoredFile], base_url: str, now: datetime) -> dict[str, str]:
        known = {file.key: self._signed.get((base_url, file.key)) for file in files}
        return {key: url.url for key, url in known.items() if url and url.expires_at > now}

    async def _sign_anew(
        self, files: list[StoredFile], base_url: str, now: datetime
    ) -> dict[str, str]:
        def sign_all() -> list[SignedUrl]:
            return [
                self._storage.sign_url(
                    file.key,
                    base_url=base_url,
                    now=now,
                    lifetime=_LIFETIME,
                    download_name=file.download_name,
                )
                for file in files
            ]

        signed = await self._threads.store(sign_all)
        for file, url in zip(files, signed, strict=True):
            self._signed[base_url, file.key] = url
        return {file.key: url.url for file, url in zip(files, signed, strict=True)}

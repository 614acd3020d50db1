"""Uploads fetched from public addresses: to disk, within limits, telling nothing of the answers.

A stranger names the addresses and owns the hosts. So every connection goes through the guarded
backend, redirects are followed by hand and checked like the first address, no proxy, cookie,
credential or connection is shared, and nothing is unpacked.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

import httpcore2

from studio.contracts.public_addresses import Resolve
from studio.contracts.quote_request import UploadUrl
from studio.ingest.declared import declared_filename
from studio.ingest.errors import EmptyUpload, StagingUnavailable
from studio.ingest.fetch_errors import FetchReason, UploadNotTaken, not_taken
from studio.ingest.forms import FormLimits, StagedUpload
from studio.ingest.guarded_backend import GuardedBackend
from studio.ingest.parts import FilePart
from studio.ingest.remote_file import FetchLimits, locations_of, requested, save
from studio.ingest.upload_addresses import checked_address, onward_address


def check_addresses(uploads: Sequence[UploadUrl]) -> None:
    """Raise UploadRefused, with its number, for the first whose address can never be used."""
    for number, upload in enumerate(uploads, 1):
        try:
            checked_address(upload.url)
        except UploadNotTaken as error:
            raise not_taken(error.reason, number) from None


class UploadFetcher:
    """Fetches uploads one after the other. `trust` says whose certificates are believed."""

    def __init__(
        self,
        trust: ssl.SSLContext,
        *,
        resolve: Resolve | None = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
        limits: FetchLimits = FetchLimits(),  # noqa: B008  # frozen, so it may be shared
    ) -> None:
        """`network` is what addresses are connected through once they were found public."""
        self._trust = trust
        self._network = GuardedBackend(resolve=resolve, inner=network)
        self._limits = limits

    async def fetch(
        self,
        uploads: Sequence[UploadUrl],
        folder: Path,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> tuple[StagedUpload, ...]:
        """Write every upload to a file of its own in `folder`, which the caller removes.

        Raises UploadRefused where another try would be in vain, UploadUnavailable where it may
        help, each with the upload's number, and StagingUnavailable where the disk takes no more.
        """
        staged: list[StagedUpload] = []
        deadline = asyncio.timeout(self._limits.deadline_seconds)
        try:
            async with deadline:
                for upload in uploads:
                    staged.append(await self._fetch_one(upload, folder, staged))
                    on_progress(len(staged) / len(uploads))
        except UploadNotTaken as error:
            raise not_taken(error.reason, len(staged) + 1) from None
        except OSError as error:
            if deadline.expired():
                raise not_taken(FetchReason.TOO_SLOW, len(staged) + 1) from None
            raise StagingUnavailable(
                f"The uploads could not be kept ({type(error).__name__}); try again later."
            ) from None
        return tuple(staged)

    async def _fetch_one(
        self, upload: UploadUrl, folder: Path, before: Sequence[StagedUpload]
    ) -> StagedUpload:
        number = len(before) + 1
        bytes_left = self._limits.total_bytes_max - sum(each.size_bytes for each in before)
        part = FilePart(
            folder / f"{number:03d}.upload",
            declared_filename(upload, number),
            FormLimits(file_bytes_max=self._limits.file_bytes_max),
        )
        try:
            await self._follow(upload.url, part, bytes_left)
        finally:
            part.close()
        try:
            return part.staged()
        except EmptyUpload:
            raise not_taken(FetchReason.EMPTY) from None

    async def _follow(self, url: str, part: FilePart, bytes_left: int) -> None:
        """Save what the address, or the one that it leads to in the end, answers."""
        address = checked_address(url)
        for _ in range(self._limits.redirects_max + 1):
            async with requested(
                address, network=self._network, trust=self._trust, limits=self._limits
            ) as response:
                locations = locations_of(response)
                if locations is None:
                    await save(response, part, bytes_left=bytes_left, limits=self._limits)
                    return
            address = onward_address(address, locations)
        raise not_taken(FetchReason.REDIRECTS)

"""Uploads that are addresses: fetched once the render is paid for, and checked like files sent.

The addresses may be signed and name a stranger's hosts. They stay in the row, until the files are
there; what is said of an upload is its number and one of a closed set of reasons.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import Session
from temporalio import activity

from activities.heartbeats import heartbeating
from activities.workbench import Brief, Workbench
from studio.contracts.activities import AssetActivities
from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.errors import StudioError
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.workflow_io import FetchedUploads, FetchTask
from studio.ingest.declared import declared_filename
from studio.ingest.errors import DuplicateFilename, EmptyUpload, InvalidRequest, UnsupportedUpload
from studio.ingest.fetch import UploadFetcher, check_addresses
from studio.ingest.fetch_errors import FetchReason, UploadsMismatched, not_taken
from studio.ingest.forms import StagedUpload, SubmittedForm
from studio.ingest.prepare import PreparedUpload, match_manifest, prepare_uploads
from studio.media.errors import MediaError, UndecodableMedia
from studio.media.inspect import Inspection
from studio.renders.repository import keep_fetched

Inspect = Callable[[Path, AssetKind, str], Awaitable[Inspection]]
"""Decodes a file of a kind and media type as far as it takes to believe it; MediaError."""

FETCHES_AT_ONCE: Final = 8
"""Renders a worker whose uploads it fetches side by side: 4 GiB of its disk at most."""

INSPECTIONS_AT_ONCE: Final = 2
"""The one part that keeps a processor busy. Fetching has no place among those who encode: a host
that sends a byte a second would keep them waiting."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class RemoteAssetActivities(AssetActivities):
    def __init__(self, bench: Workbench, fetcher: UploadFetcher, inspect: Inspect) -> None:
        self._bench = bench
        self._fetcher = fetcher
        self._inspect = inspect
        self._fetches = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._inspections = asyncio.Semaphore(INSPECTIONS_AT_ONCE)

    @activity.defn
    async def fetch_uploads(self, task: FetchTask) -> FetchedUploads:
        """Nothing is stored before every file passed, and the row changes once, at the end.

        What was stored by a run that died stays, under the keys that the next run will use: to
        remove it could take the files from under another run that was quicker.
        """
        async with heartbeating("fetching uploads") as pulse:
            brief = await self._bench.brief(task.project_id)
            assets = brief.assets
            if brief.upload_urls:
                async with self._fetches:
                    assets = await self._fetch(task.project_id, brief, pulse.report)
        return FetchedUploads(
            count=len(assets), size_bytes=sum(asset.size_bytes for asset in assets)
        )

    async def _fetch(
        self, project_id: str, brief: Brief, on_progress: Callable[[float], None]
    ) -> tuple[AssetRef, ...]:
        remote = brief.upload_urls
        check_addresses(remote)
        _check_manifest(brief.request, remote)
        async with self._bench.workspace("fetch") as folder:
            staged = await self._fetcher.fetch(remote, folder, on_progress)
            prepared = await self._check(staged, brief.request)
            assets = [upload.asset(project_id) for upload in prepared]
            for upload, asset in zip(prepared, assets, strict=True):
                await self._bench.store(asset.key, upload.upload.path, asset.media_type)
        now = self._bench.now()

        def keep(session: Session) -> tuple[AssetRef, ...]:
            return keep_fetched(session, project_id, assets, now=now)

        kept = await self._bench.transact(keep)
        _log.info("uploads fetched", project_id=project_id, uploads=len(kept))
        return kept

    async def _check(
        self, uploads: Sequence[StagedUpload], request: RenderRequest
    ) -> tuple[PreparedUpload, ...]:
        """As uploads of a form are, but failures are told by number: names may be addresses'."""
        sound = 0

        async def look(path: Path, kind: AssetKind, media_type: str) -> None:
            nonlocal sound
            async with self._inspections:
                await self._inspect(path, kind, media_type)
            sound += 1

        try:
            return await prepare_uploads(SubmittedForm(b"", tuple(uploads)), request, look)
        except InvalidRequest:
            # The manifest was checked before: what is left to be missed is the track.
            raise UploadsMismatched(
                "The film is to be cut to an uploaded track, but no upload is an audio file."
            ) from None
        except StudioError as error:
            reason = _reason(error)
            if reason is None:
                raise
            raise not_taken(reason, sound + 1) from None


def _check_manifest(request: RenderRequest, uploads: Sequence[UploadUrl]) -> None:
    names = [declared_filename(upload, number) for number, upload in enumerate(uploads, 1)]
    try:
        match_manifest(request.assets, names)
    except (InvalidRequest, DuplicateFilename):
        raise UploadsMismatched(
            "assets[] describes a file that is not among the uploads, describes one twice, or "
            "names one that several uploads share."
        ) from None


def _reason(error: StudioError) -> FetchReason | None:
    match error:
        case UnsupportedUpload():
            return FetchReason.TYPE
        case EmptyUpload():
            return FetchReason.EMPTY
        case UndecodableMedia():
            return FetchReason.BROKEN
        case MediaError():
            return FetchReason.UNSEEN
        case _:
            return None

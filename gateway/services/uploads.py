"""A submission's files: checked, measured, stored, and removed again if it comes to nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import structlog

from gateway.services.threads import Threads
from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.request import RenderRequest
from studio.ingest.errors import UnsupportedUpload
from studio.ingest.forms import SubmittedForm
from studio.ingest.prepare import PreparedUpload, prepare_uploads
from studio.media.errors import UndecodableMedia
from studio.media.inspect import Inspection
from studio.pricing.uploads import UploadFacts
from studio.storage.port import Storage, StorageError

Inspect = Callable[[Path, AssetKind, str], Awaitable[Inspection]]
"""Decodes a file of a kind and media type as far as it takes to believe it; UndecodableMedia."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("gateway")


def in_turn(inspect: Inspect, *, at_once: int) -> Inspect:
    """The same inspection, no more than so many at once; the others wait, first come first served.

    A small file can take a large share of the machine to be looked at, and nobody's may take all.
    """
    places = asyncio.Semaphore(at_once)

    async def wait_and_inspect(path: Path, kind: AssetKind, media_type: str) -> Inspection:
        async with places:
            return await inspect(path, kind, media_type)

    return wait_and_inspect


class BrokenUpload(UnsupportedUpload):
    """A file of an accepted type that cannot be decoded."""

    code: ClassVar[str] = "broken_upload"


@dataclass(frozen=True)
class CheckedUploads:
    """Uploads that may be stored, and what the plan needs to know of them."""

    prepared: tuple[PreparedUpload, ...]
    facts: UploadFacts

    def assets(self, project_id: str) -> tuple[AssetRef, ...]:
        return tuple(upload.asset(project_id) for upload in self.prepared)


NO_UPLOADS: Final = CheckedUploads((), UploadFacts())


async def check_uploads(
    form: SubmittedForm, request: RenderRequest, inspect: Inspect
) -> CheckedUploads:
    """Look at every file of a form. Raises ingest's errors, BrokenUpload among them."""
    found: dict[Path, Inspection] = {}

    async def look(path: Path, kind: AssetKind, media_type: str) -> None:
        try:
            found[path] = await inspect(path, kind, media_type)
        except UndecodableMedia as error:
            raise BrokenUpload(error.detail) from error  # its name is put before it in ingest

    prepared = await prepare_uploads(form, request, look)
    return CheckedUploads(prepared, _facts(prepared, found))


def _facts(prepared: Sequence[PreparedUpload], found: dict[Path, Inspection]) -> UploadFacts:
    kinds = [upload.type.kind for upload in prepared]
    durations = (
        found[upload.upload.path].duration_seconds
        for upload in prepared
        if upload.type.kind == AssetKind.AUDIO
    )
    return UploadFacts(
        filenames=tuple(upload.upload.filename for upload in prepared),
        audio_count=kinds.count(AssetKind.AUDIO),
        first_audio_duration_seconds=next(durations, None),
        image_count=kinds.count(AssetKind.IMAGE),
        video_count=kinds.count(AssetKind.VIDEO),
        document_count=kinds.count(AssetKind.DOCUMENT),
    )


class UploadStore:
    """Puts a project's uploads into the store, all or none."""

    def __init__(self, storage: Storage, threads: Threads) -> None:
        self._storage = storage
        self._threads = threads

    async def keep(self, uploads: CheckedUploads, project_id: str) -> None:
        """Store every file. StorageError, with those already stored removed again."""
        for upload in uploads.prepared:
            try:
                await self._threads.store(lambda: self._put(upload, project_id))  # noqa: B023
            except BaseException:
                await self.drop(uploads, project_id)
                raise

    async def drop(self, uploads: CheckedUploads, project_id: str) -> None:
        """Remove what was stored. A store that is away keeps it: the log says what and where."""
        for asset in uploads.assets(project_id):
            try:
                await self._threads.store(lambda: self._storage.delete(asset.key))  # noqa: B023
            except StorageError as error:
                _log.warning("upload not removed", key=asset.key, error=error.code)

    def _put(self, upload: PreparedUpload, project_id: str) -> None:
        asset = upload.asset(project_id)
        self._storage.put_file(asset.key, upload.upload.path, content_type=asset.media_type)

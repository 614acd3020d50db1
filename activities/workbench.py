"""What activities share: the database, the store, a clock and a place for scratch files."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from studio.contracts.assets import AssetRef
from studio.contracts.documents import AssetReport, ScreenplayDocument
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.workflow_io import RenderInput
from studio.db.engine import Database
from studio.renders.repository import load_render
from studio.storage.port import Storage

DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
"""Stored documents are ours; the limit only bounds what a damaged store could hand out."""

DATABASE_THREADS_MAX = 8
"""Threads of their own: a store that hangs must not keep a settlement waiting."""

JSON_TYPE = "application/json"

Result = TypeVar("Result")
Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True)
class Brief:
    """A render's row as the activities need it."""

    request: RenderRequest
    assets: tuple[AssetRef, ...]
    render: RenderInput
    upload_urls: tuple[UploadUrl, ...] = field(default=(), repr=False)
    """Where uploads are still to be fetched from: addresses that may be signed."""


@dataclass(frozen=True)
class Workbench:
    """Handed to every activity class. Blocking work runs in threads."""

    database: Database
    storage: Storage
    scratch: Path
    now: Callable[[], datetime]
    database_threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(DATABASE_THREADS_MAX, "fvs-database")
    )

    async def transact(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in one transaction, in a thread."""

        def run() -> Result:
            with self.database.transaction() as session:
                return work(session)

        return await self._in_database_thread(run)

    async def brief(self, project_id: str) -> Brief:
        """The resolved request, the uploads and the frozen plan. UnknownRender if gone."""

        def read() -> Brief:
            with self.database.reading() as session:
                row = load_render(session, project_id)
                return Brief(
                    request=RenderRequest.model_validate(row.request, strict=False),
                    assets=tuple(AssetRef.model_validate(asset) for asset in row.assets),
                    render=RenderInput.model_validate(row.workflow_input),
                    upload_urls=tuple(
                        UploadUrl.model_validate(upload, strict=False) for upload in row.upload_urls
                    ),
                )

        return await self._in_database_thread(read)

    async def _in_database_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self.database_threads, work)

    async def write_document(self, key: str, document: BaseModel) -> str:
        data = document.model_dump_json().encode()
        await asyncio.to_thread(self.storage.put_bytes, key, data, content_type=JSON_TYPE)
        return key

    async def read_document(self, key: str, kind: type[Document]) -> Document:
        data = await asyncio.to_thread(
            self.storage.read_bytes, key, size_bytes_max=DOCUMENT_BYTES_MAX
        )
        return kind.model_validate_json(data)

    async def screenplay(self, key: str) -> ScreenplayDocument:
        return await self.read_document(key, ScreenplayDocument)

    async def asset_report(self, key: str) -> AssetReport:
        return await self.read_document(key, AssetReport)

    async def fetch(self, key: str, destination: Path) -> Path:
        await asyncio.to_thread(self.storage.fetch, key, destination)
        return destination

    async def store(self, key: str, path: Path, content_type: str) -> str:
        await asyncio.to_thread(self.storage.put_file, key, path, content_type=content_type)
        return key

    @asynccontextmanager
    async def workspace(self, label: str) -> AsyncIterator[Path]:
        """A scratch folder that is gone afterwards, whatever happens."""
        folder = self._new_folder(f"{label}-")
        try:
            yield folder
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    def _new_folder(self, prefix: str) -> Path:
        try:
            return Path(tempfile.mkdtemp(prefix=prefix, dir=self.scratch))
        except FileNotFoundError:
            self.scratch.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=prefix, dir=self.scratch))

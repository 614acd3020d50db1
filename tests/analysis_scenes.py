"""Renders with uploads, and models that look, listen and compose by a script."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from activities.workbench import Workbench
from studio.contracts.assets import AssetRef
from studio.contracts.documents import AssetClass, Segment, Transcript
from studio.contracts.plan import ModelChoice
from studio.contracts.request import RenderRequest
from studio.contracts.status import RenderSnapshot
from studio.contracts.workflow_io import MusicBrief
from studio.db.engine import Database
from studio.ingest.sniff import sniff
from studio.providers.ports import (
    Composition,
    DescribeRequest,
    Description,
    MusicRequest,
    TranscribeRequest,
)
from studio.renders.repository import NewRender, insert_render
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.renders import render_input

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PAID = ModelChoice(
    requested="seer-1", used="seer-1", provider="elsewhere", provider_model="seer-1-001"
)
FREE = ModelChoice(requested="local", used="local", provider="local", provider_model="local")


def make_bench(database: Database, folder: Path) -> Workbench:
    storage = LocalStorage(folder / "storage", UrlSigner([SigningKey("test", b"0" * 32)]))
    return Workbench(
        database=database, storage=storage, scratch=folder / "scratch", now=lambda: NOW
    )


@dataclass(frozen=True)
class Upload:
    """A file as a caller hands it in, with the manifest's words."""

    path: Path
    label: str = ""
    purpose: str = ""


async def submit(
    bench: Workbench,
    uploads: Sequence[Upload] = (),
    *,
    request: RenderRequest | None = None,
    music: MusicBrief | None = None,
) -> str:
    """Store a render and its uploads as the gateway does; its project id."""
    render = render_input(shots=1).model_copy(update={"music": music})
    assets = tuple(
        [
            await _stored(bench, render.project_id, index, upload)
            for index, upload in enumerate(uploads)
        ]
    )
    new = NewRender(
        project_id=render.project_id,
        account_id=render.account_id,
        request=request or RenderRequest(name="A film", screenplay="A boat."),
        assets=assets,
        workflow_input=render,
        snapshot=RenderSnapshot(credits_reserved=166),
        fingerprint="f" * 64,
    )
    await bench.transact(lambda session: insert_render(session, new, now=NOW))
    return render.project_id


async def _stored(bench: Workbench, project_id: str, index: int, upload: Upload) -> AssetRef:
    kind = sniff(upload.path)
    digest = hashlib.sha256(upload.path.read_bytes()).hexdigest()
    key = f"projects/{project_id}/uploads/{digest}"
    await bench.store(key, upload.path, kind.media_type)
    return AssetRef(
        index=index,
        key=key,
        sha256=digest,
        kind=kind.kind,
        media_type=kind.media_type,
        size_bytes=upload.path.stat().st_size,
        filename=upload.path.name,
        label=upload.label,
        purpose=upload.purpose,
    )


SEEN = Description(text="A red door.", asset_class=AssetClass.PROP, name="The door")
HEARD = Transcript(
    segments=(Segment(start_seconds=0.5, end_seconds=1.5, text="Row, row"),), language="en"
)


@dataclass
class ScriptedAnalyst:
    """Says the same of everything, after raising what `failures` holds, one a question."""

    seen: Description | None = SEEN
    heard: Transcript | None = HEARD
    failures: list[Exception] = field(default_factory=list)
    looks: list[DescribeRequest] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    listens: list[TranscribeRequest] = field(default_factory=list)

    async def describe(self, request: DescribeRequest) -> Description | None:
        self.looks.append(request)
        self.pictures.append(len([path for path in request.pictures if path.is_file()]))
        self._fail()
        return self.seen

    async def transcribe(self, request: TranscribeRequest) -> Transcript | None:
        self.listens.append(request)
        self._fail()
        return self.heard

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class ScriptedComposer:
    """Hands out a file of ours."""

    content: bytes
    lyrics: str = ""
    asked: list[MusicRequest] = field(default_factory=list)

    async def compose(self, request: MusicRequest, destination: Path) -> Composition:
        self.asked.append(request)
        await asyncio.to_thread(destination.write_bytes, self.content)
        return Composition(lyrics=self.lyrics)

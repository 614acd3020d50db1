"""From staged files to assets: what each is, what the caller calls it, where it will be stored."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.contracts.assets import AssetKind, AssetManifestEntry, AssetRef
from studio.contracts.errors import StudioError
from studio.contracts.request import MusicWorkflow, RenderRequest
from studio.ingest.errors import DuplicateFilename, InvalidRequest, Problem
from studio.ingest.filenames import file_label
from studio.ingest.forms import StagedUpload, SubmittedForm
from studio.ingest.parts import quoted
from studio.ingest.sniff import SniffedType, sniff

Inspector = Callable[[Path, AssetKind, str], Awaitable[None]]
"""Decodes a file of a kind and media type in full, and raises if it is not sound."""


@dataclass(frozen=True)
class PreparedUpload:
    """An upload that may be stored, in the order of the form. `index` counts from 0."""

    index: int
    upload: StagedUpload
    type: SniffedType
    label: str
    purpose: str

    def asset(self, project_id: str) -> AssetRef:
        """The reference to this upload in a project. Same content, same key."""
        return AssetRef(
            index=self.index,
            key=asset_key(project_id, self.upload.sha256, self.type.extension),
            sha256=self.upload.sha256,
            kind=self.type.kind,
            media_type=self.type.media_type,
            size_bytes=self.upload.size_bytes,
            filename=self.upload.filename,
            label=self.label,
            purpose=self.purpose,
        )


def asset_key(project_id: str, sha256: str, extension: str) -> str:
    """The storage key of an upload: made from its content, never from its name."""
    return f"projects/{project_id}/assets/{sha256}{extension}"


async def prepare_uploads(
    form: SubmittedForm, request: RenderRequest, inspect: Inspector
) -> tuple[PreparedUpload, ...]:
    """Check every upload of a form against its bytes and against the request.

    Raises InvalidRequest (`assets[]` names what was not uploaded, or one name twice; no audio for
    an uploaded track), DuplicateFilename, UnsupportedUpload, EmptyUpload, and what `inspect`
    raises. One file is looked at after the other: decoding takes all the memory it is allowed.
    """
    entries = match_manifest(request.assets, [upload.filename for upload in form.uploads])
    prepared = []
    for index, upload in enumerate(form.uploads):
        sniffed = await asyncio.to_thread(sniff, upload.path, filename=upload.filename)
        await _inspect(upload, sniffed, inspect)
        entry = entries.get(upload.filename)
        prepared.append(
            PreparedUpload(
                index=index,
                upload=upload,
                type=sniffed,
                label=entry.label if entry else "",
                purpose=entry.purpose if entry else "",
            )
        )
    require_track(request, [item.type.kind for item in prepared])
    return tuple(prepared)


async def _inspect(upload: StagedUpload, sniffed: SniffedType, inspect: Inspector) -> None:
    try:
        await inspect(upload.path, sniffed.kind, sniffed.media_type)
    except StudioError as error:
        # Only here is it known what the caller calls the file.
        error.detail = f"{quoted(upload.filename)}: {error.detail}"
        raise


def match_manifest(
    assets: Sequence[AssetManifestEntry],
    filenames: Sequence[str],
    *,
    remedy: str = "upload them as files",
) -> dict[str, AssetManifestEntry]:
    """The entries of `assets[]` by the upload's name. Raises InvalidRequest, DuplicateFilename.

    Names match by their base name, as uploads are labelled by theirs. `remedy` is what to do
    about files that are missing.
    """
    uploaded = Counter(filenames)
    wanted = [file_label(entry.filename, fallback="") for entry in assets]
    _refuse_missing(wanted, uploaded, remedy)
    _refuse_repeated(wanted)
    for name in wanted:
        if uploaded[name] > 1:
            raise DuplicateFilename(
                f"{quoted(name)} was uploaded {uploaded[name]} times, so assets[] does not say "
                "which one it means; give each file a name of its own."
            )
    return dict(zip(wanted, assets, strict=True))


def require_track(request: RenderRequest, kinds: Iterable[AssetKind]) -> None:
    """Raise InvalidRequest if the film is to be cut to an uploaded track and there is none."""
    if request.music_workflow is MusicWorkflow.UPLOADED_TRACK and AssetKind.AUDIO not in kinds:
        sentence = "music_workflow uploaded_track needs an uploaded audio file; add one to files."
        raise InvalidRequest((Problem("/music_workflow", sentence),))


def _refuse_missing(wanted: Sequence[str], uploaded: Counter[str], remedy: str) -> None:
    missing = [(index, name) for index, name in enumerate(wanted) if name not in uploaded]
    if not missing:
        return
    names = ", ".join(quoted(name) for _, name in missing)
    raise InvalidRequest(
        tuple(
            Problem(f"/assets/{index}/filename", f"No uploaded file is named {quoted(name)}.")
            for index, name in missing
        ),
        detail=f"assets[] names files that were not uploaded: {names}; {remedy}.",
    )


def _refuse_repeated(wanted: Sequence[str]) -> None:
    problems = tuple(
        Problem(
            f"/assets/{index}/filename",
            f"assets[{index}] describes {quoted(name)} again; describe each file once.",
        )
        for index, name in enumerate(wanted)
        if name in wanted[:index]
    )
    if problems:
        raise InvalidRequest(problems)

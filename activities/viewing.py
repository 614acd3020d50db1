"""An upload taken apart: its pictures, sound and words are measured, stored and described."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from activities.analysts import AnalystDesk, Described
from activities.workbench import Workbench
from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.documents import AssetClass, AssetNote, BeatGrid, Transcript
from studio.contracts.keys import asset_audio_key, asset_picture_key, asset_still_key
from studio.media.asset_words import class_from_words
from studio.media.beats import beat_grid
from studio.media.errors import DiskFull, MediaError, UndecodableMedia
from studio.media.inspect import (
    decode_audio_to_wav,
    extract_document_pictures,
    extract_document_text,
    inspect_file,
    reencode_image,
    sample_frames,
)
from studio.media.palette import dominant_colours
from studio.media.tracks import HEARD_SECONDS_MAX, listening_copy, loudness_of
from studio.media.upload_limits import DOCUMENT_CHARACTERS_MAX

PICTURE_TYPE: Final = "image/png"
AUDIO_TYPE: Final = "audio/wav"
UNREADABLE: Final = "This file could not be read."

Facts = dict[str, object]
"""Fields of an `AssetNote`."""

log = structlog.get_logger(__name__)


class Viewing:
    """Looks at one render's uploads. `track_start_seconds` is where a film begins to hear them."""

    def __init__(
        self, bench: Workbench, desk: AnalystDesk, project_id: str, track_start_seconds: float
    ) -> None:
        self._bench = bench
        self._desk = desk
        self._project_id = project_id
        self._track_start_seconds = track_start_seconds

    async def look(self, asset: AssetRef) -> AssetNote:
        """What was found. An upload that cannot be read costs that upload, not the film."""
        note = AssetNote(
            index=asset.index,
            kind=asset.kind,
            filename=asset.filename,
            label=asset.label,
            purpose=asset.purpose,
            name=asset.label,
        )
        async with self._bench.workspace("asset") as folder:
            source = await self._bench.fetch(asset.key, folder / "source")
            try:
                found = await self._examine(asset, source, folder)
            except DiskFull:
                raise
            except MediaError as error:
                log.warning(
                    "upload could not be read", project_id=self._project_id, reason=error.detail
                )
                found = {"description": UNREADABLE}
        return note.model_copy(update=found)

    async def _examine(self, asset: AssetRef, source: Path, folder: Path) -> Facts:
        inspection = await inspect_file(source, asset.kind, asset.media_type)
        facts: Facts = {
            "width": inspection.width,
            "height": inspection.height,
            "duration_seconds": inspection.duration_seconds,
        }
        if asset.kind == AssetKind.IMAGE:
            return facts | await self._image(asset, source, folder)
        if asset.kind == AssetKind.VIDEO:
            facts |= await self._video(asset, source, folder)
            if inspection.has_audio and self._desk.is_open:
                facts["transcript"] = await self._words_in(asset, source, folder)
            return facts
        if asset.kind == AssetKind.DOCUMENT:
            return facts | await self._document(asset, source, folder)
        return facts | await self._sound(asset, source, folder)

    async def _image(self, asset: AssetRef, source: Path, folder: Path) -> Facts:
        still = folder / "still.png"
        await reencode_image(source, asset.media_type, still)
        key = asset_still_key(self._project_id, asset.index)
        await self._bench.store(key, still, PICTURE_TYPE)
        return {"still_key": key} | await self._seen(asset, [still])

    async def _video(self, asset: AssetRef, source: Path, folder: Path) -> Facts:
        frames = folder / "frames"
        frames.mkdir()
        return await self._pictures(asset, await sample_frames(source, asset.media_type, frames))

    async def _document(self, asset: AssetRef, source: Path, folder: Path) -> Facts:
        """Its text and its pictures; without the one there may still be the other."""
        text = await extract_document_text(
            source, asset.media_type, chars_max=DOCUMENT_CHARACTERS_MAX
        )
        pictures = folder / "pictures"
        pictures.mkdir()
        try:
            found = await extract_document_pictures(source, asset.media_type, pictures)
        except UndecodableMedia as error:
            log.warning("no pictures read", project_id=self._project_id, reason=error.detail)
            found = []
        return {"text": text} | await self._pictures(asset, found)

    async def _pictures(self, asset: AssetRef, pictures: Sequence[Path]) -> Facts:
        """Several pictures of one upload; the first stands for it."""
        keys = []
        for number, picture in enumerate(pictures, start=1):
            key = asset_picture_key(self._project_id, asset.index, number)
            keys.append(await self._bench.store(key, picture, PICTURE_TYPE))
        stored: Facts = {"picture_keys": tuple(keys), "still_key": keys[0] if keys else None}
        return stored | await self._seen(asset, pictures)

    async def _seen(self, asset: AssetRef, pictures: Sequence[Path]) -> Facts:
        """What the pictures show. The caller's words win over the analyst's."""
        described = await self._desk.describe(asset, pictures)
        facts: Facts = {
            "description": described.text,
            "asset_class": picture_class(asset, described),
            "name": asset.label or described.name,
        }
        return facts | ({"palette": await dominant_colours(pictures[0])} if pictures else {})

    async def _sound(self, asset: AssetRef, source: Path, folder: Path) -> Facts:
        """The sound as the mix takes it, and its length, which is cut after the first hour."""
        wav = folder / "sound.wav"
        seconds = await decode_audio_to_wav(source, asset.media_type, wav)
        start = self._track_start_seconds if self._track_start_seconds < seconds else 0.0
        beats = await beat_grid(wav, start_seconds=start)
        loudness = await loudness_of(wav)
        heard = (
            await self._transcript(asset, wav, seconds, start)
            if loudness is not None
            else Transcript()
        )
        key = asset_audio_key(self._project_id, asset.index)
        return {
            "audio_key": await self._bench.store(key, wav, AUDIO_TYPE),
            "duration_seconds": seconds,
            "loudness_lufs": loudness,
            "beats": beats,
            "asset_class": sound_class(asset, beats),
            "transcript": heard,
        }

    async def _words_in(self, asset: AssetRef, source: Path, folder: Path) -> Transcript:
        """What is said in a video. Its sound is no track: it is not kept."""
        wav = folder / "sound.wav"
        try:
            seconds = await decode_audio_to_wav(source, asset.media_type, wav)
        except UndecodableMedia as error:
            log.warning("no sound read", project_id=self._project_id, reason=error.detail)
            return Transcript()
        if await loudness_of(wav) is None:
            return Transcript()
        return await self._transcript(asset, wav, seconds, 0.0)

    async def _transcript(
        self, asset: AssetRef, wav: Path, seconds: float, start_seconds: float
    ) -> Transcript:
        if not self._desk.is_open:
            return Transcript()
        heard = wav.with_name("heard.wav")
        await listening_copy(wav, heard, start_seconds=start_seconds)
        length = min(seconds - start_seconds, HEARD_SECONDS_MAX)
        return await self._desk.transcribe(asset, heard, length, start_seconds=start_seconds)


def picture_class(asset: AssetRef, described: Described) -> AssetClass:
    """What a picture is for: by the caller's words, else by the analyst's guess."""
    named = class_from_words(asset.label, asset.purpose, asset.filename)
    chosen = described.asset_class if named in (None, AssetClass.MUSIC) else named
    return AssetClass.OTHER if chosen in (None, AssetClass.MUSIC) else chosen


def sound_class(asset: AssetRef, beats: BeatGrid) -> AssetClass:
    """Music where the caller says so or says nothing and there is a pulse; no sound is a prop."""
    named = class_from_words(asset.label, asset.purpose, asset.filename)
    is_music = named is AssetClass.MUSIC or (named is None and bool(beats.beat_seconds))
    return AssetClass.MUSIC if is_music else AssetClass.OTHER

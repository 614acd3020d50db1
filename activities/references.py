"""The reference pictures that belong to a shot, most important first."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from activities.workbench import Workbench
from studio.contracts.documents import (
    AssetClass,
    AssetNote,
    AssetReport,
    CharacterSheet,
    PlaceSheet,
    ScreenplayDocument,
    ShotScript,
)
from studio.contracts.workflow_io import Sheet
from studio.providers.ports import Picture


class _Wanted(NamedTuple):
    key: str
    name: str
    role: AssetClass


def characters_of(screenplay: ScreenplayDocument, script: ShotScript) -> list[CharacterSheet]:
    """Those who appear in a shot."""
    return [someone for someone in screenplay.characters if someone.name in script.characters]


async def shot_pictures(
    bench: Workbench,
    screenplay: ScreenplayDocument,
    script: ShotScript,
    *,
    analysis_key: str | None,
    sheets: Sequence[Sheet],
    folder: Path,
    pictures_max: int,
) -> tuple[Picture, ...]:
    """Up to `pictures_max` pictures: the shot's uploads, who appears in it, and where it is."""
    if pictures_max <= 0:
        return ()
    report = await bench.asset_report(analysis_key) if analysis_key else AssetReport()
    wanted: dict[str, _Wanted] = {}
    for picture in _wanted(screenplay, script, {note.index: note for note in report.notes}, sheets):
        wanted.setdefault(picture.key, picture)
    return tuple(
        [
            Picture(
                key=picture.key,
                path=await bench.fetch(picture.key, folder / f"reference-{position}.png"),
                name=picture.name,
                role=picture.role,
            )
            for position, picture in enumerate(list(wanted.values())[:pictures_max], start=1)
        ]
    )


def _wanted(
    screenplay: ScreenplayDocument,
    script: ShotScript,
    notes: Mapping[int, AssetNote],
    sheets: Sequence[Sheet],
) -> Iterator[_Wanted]:
    drawn = {sheet.character: sheet.key for sheet in sheets}
    for index in script.reference_indices:
        note = notes.get(index)
        if note is not None and note.still_key:
            yield _Wanted(note.still_key, note.name or note.label, note.asset_class)
    for position, someone in enumerate(screenplay.characters):
        if someone.name in script.characters:
            yield from _uploads_of(someone, notes, AssetClass.CHARACTER)
            if position in drawn:
                yield _Wanted(drawn[position], someone.name, AssetClass.CHARACTER)
    for place in screenplay.places:
        if place.name == script.place:
            yield from _uploads_of(place, notes, AssetClass.ENVIRONMENT)


def _uploads_of(
    sheet: CharacterSheet | PlaceSheet, notes: Mapping[int, AssetNote], role: AssetClass
) -> Iterator[_Wanted]:
    for index in sheet.reference_indices:
        note = notes.get(index)
        if note is not None and note.still_key:
            yield _Wanted(note.still_key, sheet.name, role)

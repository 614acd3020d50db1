"""The offline planner: reads the brief, splits it, and never invents what it does not say."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from studio.contracts.assets import AssetKind
from studio.contracts.documents import (
    AssetClass,
    AssetNote,
    CharacterSheet,
    PlaceSheet,
    ScreenplayDocument,
    ShotScript,
)
from studio.pricing.wishes import wishes
from studio.providers.local.casting import cast_references
from studio.providers.local.colour import (
    Palette,
    palette_from_hexes,
    palette_from_words,
    palette_with_uploads,
)
from studio.providers.local.narrator import is_about_narration, narration_of
from studio.providers.local.screenplay import Beat, beats_of, distribute, story_sentences_of
from studio.providers.local.words import CAMERA_MOVES, LETTERING, camera_move_of
from studio.providers.ports import PlanRequest
from studio.providers.quoting import shortened
from studio.providers.screenplay_rules import (
    DESCRIPTION_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    asks_for_dissolves,
)

STYLE_SHARE: Final = 0.2
"""How far a style preset's palette pulls the colours that the words ask for."""

_TITLE_SEAM = re.compile(
    r"\s+(?:and|as|while|lined|with|that|which|where|who|beneath|above|toward|towards)\s|[,;:.!?—]",
    re.IGNORECASE,
)
_TITLE_WORDS_MIN: Final = 3


class LocalPlanner:
    """Planner port. Model id `local-screenplay`: a text splitter, deterministic, no network."""

    def __init__(self, style_palettes: Mapping[str, Sequence[str]] | None = None) -> None:
        """`style_palettes`: five colours a style preset, by the preset's id."""
        self._style_palettes = style_palettes or {}

    async def plan(self, request: PlanRequest) -> ScreenplayDocument:
        story, is_told = _story_of(request)
        beats = distribute(story, len(request.shots))
        references = cast_references([b.text for b in beats], request.assets.notes)
        shots = tuple(
            self._script(request, position, beat, references[position]).model_copy(
                update={"narration": _narration_of(request, position, beat) if is_told else ""}
            )
            for position, beat in enumerate(beats)
        )
        notes = request.assets.notes
        return ScreenplayDocument(
            title=request.name,
            style=_style_of(request),
            shots=shots,
            characters=tuple(
                CharacterSheet(
                    name=name_of(n), description=n.description, reference_indices=(n.index,)
                )
                for n in notes
                if n.asset_class is AssetClass.CHARACTER
            ),
            places=tuple(
                PlaceSheet(name=name_of(n), description=n.description, reference_indices=(n.index,))
                for n in notes
                if n.asset_class is AssetClass.ENVIRONMENT
            ),
        )

    def _script(
        self, request: PlanRequest, position: int, beat: Beat, references: tuple[int, ...]
    ) -> ShotScript:
        notes = {n.index: n for n in request.assets.notes}
        uploads = [c for i in references for c in notes[i].palette]
        move = _move_of(beat) or CAMERA_MOVES[position % len(CAMERA_MOVES)]
        shown = [notes[i] for i in references]
        places = [name_of(n) for n in shown if n.asset_class is AssetClass.ENVIRONMENT]
        return ShotScript(
            index=request.shots[position].index,
            title=title_of(beat),
            description=_description_of(beat),
            camera_move=move,
            motion=f"{title_of(beat).rstrip('.')}. Camera: {move.replace('_', ' ')}, slow.",
            characters=tuple(name_of(n) for n in shown if n.asset_class is AssetClass.CHARACTER),
            place=places[0] if places else "",
            dissolves=asks_for_dissolves(request) and position < len(request.shots) - 1,
            palette=palette_with_uploads(self._palette(request, beat), uploads).as_hex(),
            reference_indices=references,
        )

    def _palette(self, request: PlanRequest, beat: Beat) -> Palette:
        """The colours of the shot's own words, tinted by the style preset's."""
        palette = palette_from_words(f"{beat.text} {request.style}")
        preset = self._style_palettes.get(request.style.split(".", 1)[0].strip())
        if not preset:
            return palette
        return palette.tinted(palette_from_hexes(preset, palette), STYLE_SHARE)


def name_of(note: AssetNote) -> str:
    """What an upload is called in the film."""
    stem = note.filename.rsplit(".", 1)[0].replace("_", " ").replace("-", " ")
    return note.label.strip() or note.name.strip() or stem.strip() or note.filename


def _narration_of(request: PlanRequest, position: int, beat: Beat) -> str:
    """A moment that is seen again is not told again."""
    if not request.narration or beat.variation:
        return ""
    return narration_of(beat.text, request.shots[position].frames / request.frames_per_second)


def _story_of(request: PlanRequest) -> tuple[list[Beat], bool]:
    """The first source with a story in it, and whether it is one that can be told aloud.

    Where there is none at all, uploads are shown one by one, or the film's name stands for it.
    """
    wanted = len(request.shots)
    if beats := beats_of(request.screenplay, wanted):
        return beats, True
    notes = request.assets.notes
    documents = " ".join(n.text for n in notes if n.text.strip())
    uploads = [_sentence_about(n) for n in notes if n.kind is not AssetKind.AUDIO]
    for text in (request.instructions, request.additional_lore, documents):
        sentences = [s for s in story_sentences_of(text) if not is_about_narration(s)]
        if sentences:
            return [Beat(s) for s in sentences], True
    return [Beat(s) for s in uploads if s] or [Beat(request.name)], False


def _sentence_about(note: AssetNote) -> str:
    return " ".join(filter(None, (note.label, note.purpose, note.description))).strip()


def _move_of(beat: Beat) -> str | None:
    """A repeated view takes another turn of the rotation, or it would be the same shot again."""
    return None if beat.variation else camera_move_of(beat.text)


def _description_of(beat: Beat) -> str:
    text = f"{beat.text} ({beat.variation})" if beat.variation else beat.text
    return shortened(text, DESCRIPTION_LENGTH_MAX)


def title_of(beat: Beat) -> str:
    """A beat's first clause, at most `TITLE_LENGTH_MAX` characters."""
    title = beat.text
    for seam in _TITLE_SEAM.finditer(beat.text):
        if len(beat.text[: seam.start()].split()) >= _TITLE_WORDS_MIN:
            title = beat.text[: seam.start()]
            break
    if beat.variation:
        title = f"{shortened(title, TITLE_LENGTH_MAX - len(beat.variation) - 2)}, {beat.variation}"
    return shortened(title.strip(), TITLE_LENGTH_MAX)


def _style_of(request: PlanRequest) -> str:
    """The style, with the brief's wish for or against lettering, which painters must know."""
    found = tuple(wishes(request.instructions, LETTERING))
    if not found:
        return request.style
    wish = "With text overlays." if any(found) else "No text overlays."
    return f"{request.style.rstrip('. ')}. {wish}".lstrip(". ")

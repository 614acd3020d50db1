"""The offline planner: reads the brief, splits it, and never invents what it does not say."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, ScreenplayDocument, ShotScript
from studio.providers.local.casting import cast_references
from studio.providers.local.colour import (
    Palette,
    palette_from_hexes,
    palette_from_words,
    palette_with_uploads,
)
from studio.providers.local.screenplay import Beat, beats_of, distribute, story_sentences_of
from studio.providers.local.words import CAMERA_MOVES, camera_move_of, forbids_text
from studio.providers.ports import PlanRequest

DESCRIPTION_LENGTH_MAX: Final = 2_000
"""A model's prompt; longer beats are cut at a word."""
TITLE_LENGTH_MAX: Final = 48
"""Fits a frame's lower edge on one line at a legible size."""
STYLE_SHARE: Final = 0.2
"""How far a style preset's palette pulls the colours that the words ask for."""
DOCUMENT_LENGTH_MAX: Final = 20_000
"""As much of an uploaded document as one film can tell."""

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
        beats = distribute(_story_of(request), len(request.shots))
        references = cast_references([b.text for b in beats], request.assets.notes)
        shots = tuple(
            self._script(request, position, beat, references[position])
            for position, beat in enumerate(beats)
        )
        return ScreenplayDocument(title=request.name, style=_style_of(request), shots=shots)

    def _script(
        self, request: PlanRequest, position: int, beat: Beat, references: tuple[int, ...]
    ) -> ShotScript:
        notes = {n.index: n for n in request.assets.notes}
        uploads = [c for i in references for c in notes[i].palette]
        return ShotScript(
            index=request.shots[position].index,
            title=title_of(beat),
            description=_description_of(beat),
            camera_move=_move_of(beat) or CAMERA_MOVES[position % len(CAMERA_MOVES)],
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


def _story_of(request: PlanRequest) -> list[Beat]:
    """The first source with a story in it; the name of the film where there is none at all."""
    wanted = len(request.shots)
    if beats := beats_of(request.screenplay, wanted):
        return beats
    notes = request.assets.notes
    documents = " ".join(n.text[:DOCUMENT_LENGTH_MAX] for n in notes if n.text.strip())
    uploads = [_sentence_about(n) for n in notes if n.kind is not AssetKind.AUDIO]
    sources: Sequence[list[str]] = (
        story_sentences_of(request.instructions),
        story_sentences_of(request.additional_lore),
        story_sentences_of(documents),
        [s for s in uploads if s],
    )
    for sentences in sources:
        if sentences:
            return [Beat(s) for s in sentences]
    return [Beat(request.name)]


def _sentence_about(note: AssetNote) -> str:
    return " ".join(filter(None, (note.label, note.purpose, note.description))).strip()


def _move_of(beat: Beat) -> str | None:
    """A repeated view takes another turn of the rotation, or it would be the same shot again."""
    return None if beat.variation else camera_move_of(beat.text)


def _description_of(beat: Beat) -> str:
    text = f"{beat.text} ({beat.variation})" if beat.variation else beat.text
    return _shortened(text, DESCRIPTION_LENGTH_MAX)


def title_of(beat: Beat) -> str:
    """A beat's first clause, at most `TITLE_LENGTH_MAX` characters."""
    title = beat.text
    for seam in _TITLE_SEAM.finditer(beat.text):
        if len(beat.text[: seam.start()].split()) >= _TITLE_WORDS_MIN:
            title = beat.text[: seam.start()]
            break
    if beat.variation:
        title = f"{_shortened(title, TITLE_LENGTH_MAX - len(beat.variation) - 2)}, {beat.variation}"
    return _shortened(title, TITLE_LENGTH_MAX)


def _shortened(text: str, length_max: int) -> str:
    text = text.strip()
    if len(text) <= length_max:
        return text
    cut = text[: length_max - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:-") + "…"


def _style_of(request: PlanRequest) -> str:
    """The style, with the brief's wish for pictures without lettering, which painters must know."""
    if forbids_text(request.instructions) and not forbids_text(request.style):
        return f"{request.style} No text overlays.".strip()
    return request.style

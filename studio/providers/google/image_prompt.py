"""What a picture model is told. Pure functions of the request."""

import re
from math import inf
from typing import Final

from studio.contracts.documents import AssetClass, CharacterSheet, ShotScript
from studio.providers.ports import ImageKind, ImageRequest, Picture
from studio.providers.quoting import plain, shortened
from studio.providers.softening import softened_description, without_loaded_words

STYLE_LENGTH_MAX: Final = 1_200
SHEET_LENGTH_MAX: Final = 500
REMARKS_LENGTH_MAX: Final = 1_200

ASPECTS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "21:9")
"""What `types.ImageConfig.aspect_ratio` names (google-genai 3.6.1)."""

NO_LETTERING: Final = "No lettering, captions, subtitles, logos, watermarks or borders."

_ASKS_FOR_LETTERING: Final = re.compile(
    r"\b(?:lettering|title card|caption|subtitle|logo|slogan|headline|inscription|graffiti"
    r"|word[- ]?mark|typograph\w*|engraved|that (?:says|reads)|reading|labell?ed"
    r"|(?:sign|poster|banner|screen|label|letter|note|book|page|text|words?)s? "
    r"(?:says?|reads?|saying|reading|with the words?))\b"
    r"|[\"\u201c\u00ab][^\"\u201d\u00bb]{1,80}[\"\u201d\u00bb]",
    re.IGNORECASE,
)
_FORBIDS_LETTERING: Final = re.compile(
    r"\b(?:no|without|avoid|never)\b[^.!?\n]{0,40}"
    r"\b(?:text|subtitles?|captions?|titles?|overlays?|lettering|logos?)\b",
    re.IGNORECASE,
)

_USES: Final = {
    AssetClass.CHARACTER: "keep this face, build, hair and clothes exactly",
    AssetClass.ENVIRONMENT: "keep this place, its layout and materials",
    AssetClass.PROP: "keep this object, its shape, colours and markings",
    AssetClass.STYLE: "take only the look from it, never what it shows",
}


def aspect_of(width: int, height: int) -> str:
    """The supported aspect ratio nearest to a size in pixels."""
    wanted, best, distance = width / height, ASPECTS[0], inf
    for aspect in ASPECTS:
        across, down = map(int, aspect.split(":"))
        if (off := abs(across / down - wanted)) < distance:
            best, distance = aspect, off
    return best


def introduction(number: int, reference: Picture) -> str:
    """The text before a reference picture."""
    name = shortened(plain(reference.name), 120) or "unnamed"
    use = _USES.get(reference.role, "use it where it fits the shot")
    return f"Reference {number}, {reference.role.value}: {name}; {use}."


def image_prompt(request: ImageRequest) -> str:
    """The order for a keyframe or a character sheet, toned down as far as `softened` says."""
    level = request.softened
    lines = [_subject(request)]
    if level <= 1:
        lines += [_character(c, level) for c in _present(request)]
    lines.append(f"Style: {_style(request.style, level)}")
    if request.remarks and level <= 1:
        remarks = shortened(plain(request.remarks), REMARKS_LENGTH_MAX)
        lines.append(f"The last try was not right; change this and keep the rest: {remarks}")
    lines.append(_lettering(request.shot, level))
    return "\n".join(line for line in lines if line)


def _subject(request: ImageRequest) -> str:
    seen = softened_description(request.shot, request.softened)
    if request.kind is ImageKind.CHARACTER_SHEET:
        return (
            "A character reference sheet on a plain light-grey background: the same single "
            "character three times, full figure from the front, three-quarter view, and close-up "
            f"of the face, evenly lit, neutral expression. The character: {seen}"
        )
    place = f" Place: {plain(request.shot.place)}." if _keeps_place(request) else ""
    return (
        "One photographic frame of a film, the first of its shot; a single picture, not a collage. "
        f"{seen}{place} The camera will do a {plain(request.shot.camera_move)}, so leave room for "
        "it."
    )


def _keeps_place(request: ImageRequest) -> bool:
    return bool(request.shot.place) and request.softened <= 1


def _present(request: ImageRequest) -> list[CharacterSheet]:
    """The sheets of who is in the shot; a sheet's own drawing has none, its text is the order."""
    if request.kind is ImageKind.CHARACTER_SHEET:
        return []
    return [sheet for sheet in request.characters if sheet.name in request.shot.characters]


def _character(sheet: CharacterSheet, level: int) -> str:
    text = plain(f"{sheet.name}: {sheet.description}")
    return shortened(without_loaded_words(text) if level else text, SHEET_LENGTH_MAX)


def _style(style: str, level: int) -> str:
    return shortened(without_loaded_words(style) if level else plain(style), STYLE_LENGTH_MAX)


def _lettering(shot: ShotScript, level: int) -> str:
    """Lettering only where the shot itself asks for it."""
    text = f"{shot.title}. {shot.description}"
    wanted = _ASKS_FOR_LETTERING.search(text) and not _FORBIDS_LETTERING.search(text)
    if wanted and level <= 1:
        return "Spell the lettering that the shot asks for exactly; no other lettering anywhere."
    return NO_LETTERING

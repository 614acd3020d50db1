"""What a planned screenplay has to keep to, whichever model wrote it.

`repaired` mends what has one right answer; `problems_of` names the rest, so that the model can be
asked again; `settled` makes the best of what is left of them after the last time, and only a
screenplay with a vital problem is of no use. All three are pure.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from studio.contracts.assets import AssetKind
from studio.contracts.documents import CharacterSheet, PlaceSheet, ScreenplayDocument, ShotScript
from studio.contracts.text import counted
from studio.pricing.wishes import wishes
from studio.providers.marked_shots import marked_shots, swapped_shots
from studio.providers.ports import PlanRequest
from studio.providers.quoting import plain, shortened

TITLE_LENGTH_MAX: Final = 48
"""Fits a frame's lower edge on one line at a legible size, as the offline planner's."""
DESCRIPTION_LENGTH_MAX: Final = 2_000
"""A picture model's prompt; longer ones are read loosely."""
CAMERA_MOVE_LENGTH_MAX: Final = 120
MOTION_LENGTH_MAX: Final = 300
"""Dense storyboard text is filtered more by video models than a short motion prompt."""
SHEET_NAME_LENGTH_MAX: Final = 80
SHEET_DESCRIPTION_LENGTH_MAX: Final = 1_000
SHEETS_MAX: Final = 16
"""More people or places than a film of minutes can make anyone remember."""
REFERENCES_MAX: Final = 6
NARRATION_WORDS_A_SECOND_MAX: Final = 2.5
"""150 words a minute, the usual pace of narration: faster runs over the cut."""

DEFAULT_CAMERA_MOVE: Final = "slow push in"

_CHARACTERS_A_WORD: Final = 2
"""Of Chinese, Japanese and Korean, which write no spaces."""
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE: Final = re.compile(r"[^.!?…。！？]+[.!?…。！？]*")  # noqa: RUF001 - CJK
_DISSOLVE: Final = re.compile(
    r"\bdissolv\w*|\bcross[- ]?(?:fad|dissolv)\w*|\bfad\w+ into\b", re.IGNORECASE
)

Sheet = TypeVar("Sheet", CharacterSheet, PlaceSheet)


@dataclass(frozen=True)
class Problem:
    """What is wrong, in words for the model. A `vital` one cannot be lived with."""

    text: str
    vital: bool = False


def asks_for_dissolves(request: PlanRequest) -> bool:
    """Whether the brief wants dissolves or crossfades anywhere."""
    texts = (request.screenplay, request.instructions, request.additional_lore, request.style)
    return any(any(wishes(text, _DISSOLVE)) for text in texts)


def narration_words_max(request: PlanRequest, position: int) -> int:
    """How many words fit into the shot at `position`."""
    seconds = request.shots[position].frames / request.frames_per_second
    return int(seconds * NARRATION_WORDS_A_SECOND_MAX)


def spoken_words(text: str) -> int:
    """Words as a narrator's pace counts them."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + -(-unspaced // _CHARACTERS_A_WORD)


def repaired(document: ScreenplayDocument, request: PlanRequest) -> ScreenplayDocument:
    """The document with everything mended that can be without asking.

    Texts are cleaned and cut, parts of one shot joined, shots put in order and numbered as the
    plan numbers them, uploads that do not exist or show nothing dropped, names spelt as on their
    sheets.
    """
    pictured = _pictured_uploads(request)
    characters = _sheets(document.characters, pictured)
    places = _sheets(document.places, pictured)
    shots = _renumbered(_joined(document.shots), request)
    names = {_folded(c.name): c.name for c in characters} | {
        _folded(p.name): p.name for p in places
    }
    dissolves = asks_for_dissolves(request)
    return ScreenplayDocument(
        title=plain(document.title),
        style=document.style,
        shots=tuple(
            _clean_shot(shot, request, names, pictured).model_copy(
                update={
                    "continues": shot.continues and position < len(shots) - 1,
                    "dissolves": dissolves and shot.dissolves and position < len(shots) - 1,
                }
            )
            for position, shot in enumerate(shots)
        ),
        characters=characters,
        places=places,
    )


def problems_of(document: ScreenplayDocument, request: PlanRequest) -> list[Problem]:
    """What is left to ask about in a repaired document. Empty where it keeps to the rules."""
    wanted = [timing.index for timing in request.shots]
    found = [shot.index for shot in document.shots]
    if found != wanted:
        text = f"there must be exactly {counted(len(wanted), 'shot')}, numbered {wanted[0]} to "
        return [Problem(f"{text}{wanted[-1]}, but there are {len(found)}", vital=True)]
    problems = [p for position in range(len(wanted)) for p in _of_shot(document, request, position)]
    problems += [
        Problem(f"the sheet of {sheet.name!r} has no description")
        for sheet in _all_sheets(document)
        if not sheet.description
    ]
    problems += [
        Problem(f"shot {index} must show what the brief says of it: {shortened(text, 200)!r}")
        for index, text in swapped_shots(document.shots, request.screenplay).items()
    ]
    return problems


def settled(document: ScreenplayDocument, request: PlanRequest) -> ScreenplayDocument:
    """The best of a repaired document that may still have problems: what is vital stays one.

    Names without a sheet go, narration is cut to whole sentences that fit, and a marked shot that
    was swapped or is empty gets the brief's own words.
    """
    characters = tuple(sheet for sheet in document.characters if sheet.description)
    places = tuple(sheet for sheet in document.places if sheet.description)
    known = {sheet.name for sheet in characters}
    known_places = {sheet.name for sheet in places}
    marked = marked_shots(request.screenplay)
    swapped = swapped_shots(document.shots, request.screenplay)

    def best(position: int, shot: ShotScript) -> ShotScript:
        description = shot.description
        if not description or shot.index in swapped:
            own_words = shortened(marked.get(shot.index, ""), DESCRIPTION_LENGTH_MAX)
            description = own_words or description
        in_plan = position < len(request.shots)
        words_max = narration_words_max(request, position) if in_plan else 0
        return shot.model_copy(
            update={
                "description": description,
                "characters": tuple(name for name in shot.characters if name in known),
                "place": shot.place if shot.place in known_places else "",
                "narration": _fitting(shot.narration, words_max),
            }
        )

    shots = tuple(best(position, shot) for position, shot in enumerate(document.shots))
    return document.model_copy(update={"characters": characters, "places": places, "shots": shots})


def _of_shot(document: ScreenplayDocument, request: PlanRequest, position: int) -> list[Problem]:
    shot = document.shots[position]
    sheets = {sheet.name for sheet in document.characters}
    problems = []
    if not shot.description:
        problems.append(Problem(f"shot {shot.index} has no description", vital=True))
    problems += [
        Problem(f"shot {shot.index} names {name!r}, who has no character sheet")
        for name in shot.characters
        if name not in sheets
    ]
    if shot.place and shot.place not in {sheet.name for sheet in document.places}:
        problems.append(
            Problem(f"shot {shot.index} is at {shot.place!r}, which has no place sheet")
        )
    words, words_max = spoken_words(shot.narration), narration_words_max(request, position)
    if words > words_max:
        text = f"the narration of shot {shot.index} has {words} words; {words_max} fit"
        problems.append(Problem(text))
    return problems


def _all_sheets(document: ScreenplayDocument) -> list[CharacterSheet | PlaceSheet]:
    return [*document.characters, *document.places]


def _pictured_uploads(request: PlanRequest) -> frozenset[int]:
    """Indices of the uploads that show something."""
    return frozenset(
        note.index
        for note in request.assets.notes
        if note.kind in (AssetKind.IMAGE, AssetKind.VIDEO) or note.still_key or note.picture_keys
    )


def _sheets(sheets: tuple[Sheet, ...], pictured: frozenset[int]) -> tuple[Sheet, ...]:
    """The named ones, cleaned; of two with the same name the first."""
    kept: dict[str, Sheet] = {}
    for sheet in sheets:
        name = shortened(plain(sheet.name), SHEET_NAME_LENGTH_MAX)
        if name and _folded(name) not in kept and len(kept) < SHEETS_MAX:
            kept[_folded(name)] = sheet.model_copy(
                update={
                    "name": name,
                    "description": shortened(
                        plain(sheet.description), SHEET_DESCRIPTION_LENGTH_MAX
                    ),
                    "reference_indices": _known_references(sheet.reference_indices, pictured),
                }
            )
    return tuple(kept.values())


def _joined(shots: tuple[ShotScript, ...]) -> list[ShotScript]:
    """Parts that carry the same number become one shot, where the first part stood."""
    if len(Counter(shot.index for shot in shots)) <= 1:
        return list(shots)  # never numbered at all
    joined: dict[int, ShotScript] = {}
    for shot in shots:
        first = joined.get(shot.index)
        if first is None:
            joined[shot.index] = shot
            continue
        joined[shot.index] = first.model_copy(
            update={
                "description": f"{first.description} {shot.description}",
                "narration": f"{first.narration} {shot.narration}",
                "characters": (*first.characters, *shot.characters),
                "reference_indices": (*first.reference_indices, *shot.reference_indices),
                "continues": shot.continues,
                "dissolves": shot.dissolves,
            }
        )
    return list(joined.values())


def _renumbered(shots: list[ShotScript], request: PlanRequest) -> list[ShotScript]:
    """In the plan's numbers, if there are as many as planned: by their own, else as they stand."""
    if len(shots) != len(request.shots):
        return shots
    ordered = sorted(shots, key=lambda shot: shot.index)
    return [
        shot.model_copy(update={"index": timing.index})
        for shot, timing in zip(ordered, request.shots, strict=True)
    ]


def _clean_shot(
    shot: ShotScript, request: PlanRequest, names: Mapping[str, str], pictured: frozenset[int]
) -> ShotScript:
    description = shortened(plain(shot.description), DESCRIPTION_LENGTH_MAX)
    title = plain(shot.title) or description
    who = (_name(name, names) for name in shot.characters[: 2 * SHEETS_MAX])
    place = shortened(plain(shot.place), SHEET_NAME_LENGTH_MAX)
    move = shortened(plain(shot.camera_move), CAMERA_MOVE_LENGTH_MAX)
    return ShotScript(
        index=shot.index,
        title=shortened(title, TITLE_LENGTH_MAX),
        description=description,
        camera_move=move or DEFAULT_CAMERA_MOVE,
        motion=shortened(plain(shot.motion), MOTION_LENGTH_MAX),
        palette=shot.palette,
        reference_indices=_known_references(shot.reference_indices, pictured),
        characters=tuple(dict.fromkeys(filter(None, who)))[:SHEETS_MAX],
        place=names.get(_folded(place), place),
        narration=plain(shot.narration) if request.narration else "",
    )


def _name(name: str, names: Mapping[str, str]) -> str:
    """As on the sheet, if there is one."""
    kept = shortened(plain(name), SHEET_NAME_LENGTH_MAX)
    return names.get(_folded(kept), kept)


def _known_references(indices: tuple[int, ...], pictured: frozenset[int]) -> tuple[int, ...]:
    known = (index for index in dict.fromkeys(indices) if index in pictured)
    return tuple(known)[:REFERENCES_MAX]


def _fitting(narration: str, words_max: int) -> str:
    """The sentences from the start that fit; none where the first one does not."""
    kept = ""
    for sentence in _SENTENCE.findall(narration):
        if spoken_words(kept + sentence) > words_max:
            break
        kept += sentence
    return kept.strip()


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())

"""The form of a brief: what its fields become in a request, and where a problem belongs.

What was typed is handed on as JSON of the request's own types; whatever is wrong with it is found
by the one validation that every request passes.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.console.forms import CSRF_FIELD, FORM_ID_FIELD, InvalidForm
from studio.contracts import problems as infeasible
from studio.contracts.request import RenderRequest
from studio.ingest.errors import Problem
from studio.ingest.filenames import extension_of
from studio.ingest.forms import FilledForm, FormFields, StagedUpload, SubmittedForm

UPLOADS: Final = "uploads"
"""The place of whatever is wrong with a file."""
UPLOAD_ROWS: Final = 8
"""Each takes any number of files that share a label and a purpose."""
TITLES: Final[Mapping[str, str]] = {
    "name": "Name",
    "screenplay": "Screenplay",
    "instructions": "Instructions",
    "additional_lore": "Lore",
    "project_mode": "Kind of film",
    "visual_style_preset": "Style",
    "visual_style_custom_instructions": "Style, in your words",
    "shot_count": "Shots",
    "scene_target_duration_seconds": "Seconds",
    "orchestrator_model": "Planning",
    "critic_model": "Critic",
    "image_model": "Images",
    "image_resolution": "Image resolution",
    "video_model": "Video",
    "video_resolution": "Video resolution",
    "music_model": "Music model",
    "stage_voice_briefs_enabled": "Voice briefs",
    "music_workflow": "Music",
    "style_prompt": "Music style",
    "lyrics_prompt": "Lyrics",
    "music_min_duration_seconds": "Music, seconds at least",
    "music_max_duration_seconds": "Music, seconds at most",
    "music_start_seconds": "Start the track at second",
    "use_first_audio_asset_as_music": "The first audio file is the music",
    "ingredients_mode_enabled": "Hand reference pictures to the video model",
}
"""The request's fields that the form has, by the labels that they have there."""
_NUMBERS: Final = frozenset(
    {
        "shot_count",
        "scene_target_duration_seconds",
        "music_min_duration_seconds",
        "music_max_duration_seconds",
        "music_start_seconds",
    }
)
_SWITCHES: Final = frozenset(
    {
        "stage_voice_briefs_enabled",
        "use_first_audio_asset_as_music",
        "ingredients_mode_enabled",
    }
)
_ANSWERS: Final = {"yes": True, "no": False}
_NUMBER: Final = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_ROWS: Final = range(1, UPLOAD_ROWS + 1)
TEXT_FIELDS: Final = (
    FORM_ID_FIELD,
    *TITLES,
    *(f"{part}-{row}" for row in _ROWS for part in ("label", "purpose")),
)
FILE_FIELDS: Final = frozenset(f"files-{row}" for row in _ROWS)
BRIEF_FIELDS: Final = FormFields(
    texts=frozenset({CSRF_FIELD, *TEXT_FIELDS}),
    files=FILE_FIELDS,
    texts_title="The form's text",
    remedy="load the page again",
)
assert set(TITLES) <= set(RenderRequest.model_fields)  # noqa: S101 - a field that is renamed


@dataclass(frozen=True)
class Brief:
    """A form as it was filled in, and what is wrong with it: by field, and as a whole."""

    values: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def fault(self, name: str) -> str:
        return self.faults.get(name, "")

    def touches(self, *names: str) -> bool:
        """Whether any of these fields has something in it, or something wrong with it."""
        return any(self.value(name) or self.fault(name) for name in names)

    def refused(self, problems: Iterable[Problem | infeasible.Problem]) -> "Brief":
        """With each problem beside its field, in the field's own name."""
        faults: dict[str, str] = {}
        whole: list[str] = []
        for problem in problems:
            place = problem.pointer.split("/")[1] if problem.pointer else ""
            if place == "assets":
                place = UPLOADS
            if place == UPLOADS or place in TITLES:
                said = _in_its_name(place, problem.detail)
                faults[place] = f"{faults[place]} {said}" if place in faults else said
            else:
                whole.append(problem.detail)
        return replace(self, faults=faults, whole=tuple(whole))


def _in_its_name(name: str, sentence: str) -> str:
    start, _, rest = sentence.partition(" ")
    return f"{TITLES[name]} {rest}" if start == name and name in TITLES else sentence


def filled_brief(texts: Mapping[str, bytes]) -> Brief:
    """A form's texts. InvalidForm for what is not UTF-8."""
    try:
        return Brief({name: text.decode().strip() for name, text in texts.items()})
    except UnicodeDecodeError as error:
        raise InvalidForm("The form has text that is not UTF-8; load the page again.") from error


def request_json(brief: Brief, assets: Sequence[dict[str, str]] = ()) -> bytes:
    """The request that the form is. What was left empty is left out."""
    document: dict[str, object] = {
        name: _typed(name, brief.value(name)) for name in TITLES if brief.value(name)
    }
    if assets:
        document["assets"] = list(assets)
    return json.dumps(document).encode()


def _typed(name: str, text: str) -> object:
    """What is no number where one belongs stays text, and is refused as such."""
    if name in _NUMBERS and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if name in _SWITCHES:
        return _ANSWERS.get(text, text)
    return text


def submission(brief: Brief, form: FilledForm) -> SubmittedForm:
    """The form as the API would have been sent it, with the label and purpose of each file."""
    uploads = _told_apart(form.uploads)
    assets = [_asset(brief, upload) for upload in uploads]
    described = [asset for asset in assets if len(asset) > 1]
    return SubmittedForm(request_json(brief, described), uploads, form.folder)


def _asset(brief: Brief, upload: StagedUpload) -> dict[str, str]:
    row = upload.field.rpartition("-")[2]
    said = {part: brief.value(f"{part}-{row}") for part in ("label", "purpose")}
    return {"filename": upload.filename} | {part: text for part, text in said.items() if text}


def _told_apart(uploads: Sequence[StagedUpload]) -> tuple[StagedUpload, ...]:
    """Files of one name are numbered: telephones call every picture the same."""
    taken: set[str] = set()
    seen: Counter[str] = Counter()
    named = []
    for upload in uploads:
        name = upload.filename
        while name in taken:
            seen[upload.filename] += 1
            name = _numbered(upload.filename, seen[upload.filename] + 1)
        taken.add(name)
        named.append(replace(upload, filename=name))
    return tuple(named)


def _numbered(filename: str, number: int) -> str:
    """Before the extension, whatever its case: it says what the file is."""
    stem_length = len(filename) - len(extension_of(filename))
    return f"{filename[:stem_length]} ({number}){filename[stem_length:]}"

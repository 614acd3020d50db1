"""The form of a planner's answer: its JSON schema, and how what came is read."""

import json
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.contracts.documents import CharacterSheet, PlaceSheet, ScreenplayDocument, ShotScript
from studio.providers.ports import PlanRequest
from studio.providers.quoting import quoted
from studio.providers.screenplay_rules import MOTION_LENGTH_MAX, SHEETS_MAX, Problem

_PROBLEMS_MAX: Final = 8
"""As many faults of form are named; the rest mends itself with them."""


class _Form(BaseModel):
    # Models add fields and leave some out; the rules decide what is missing.
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class _Sheet(_Form):
    name: str
    description: str = Field(description="How it looks in every shot.")
    reference_indices: tuple[int, ...] = ()


class _Shot(_Form):
    index: int
    title: str = ""
    description: str = ""
    camera_move: str = ""
    motion: str = Field("", description=f"At most {MOTION_LENGTH_MAX} characters.")
    characters: tuple[str, ...] = ()
    place: str = ""
    reference_indices: tuple[int, ...] = ()
    narration: str = ""
    continues: bool = False
    dissolves: bool = False


class _Answer(_Form):
    characters: tuple[_Sheet, ...] = ()
    places: tuple[_Sheet, ...] = ()
    shots: tuple[_Shot, ...]


def answer_schema(request: PlanRequest) -> dict[str, object]:
    """The JSON schema of an answer with exactly the plan's number of shots, all fields given."""
    schema = _Answer.model_json_schema(mode="serialization")
    fields = schema["properties"]
    count = len(request.shots)
    fields["shots"] |= {"minItems": count, "maxItems": count}
    for name in ("characters", "places"):
        fields[name] |= {"maxItems": SHEETS_MAX}
    return schema


def read_answer(text: str, request: PlanRequest) -> ScreenplayDocument | list[Problem]:
    """The answer as a document, or what is wrong with its form."""
    try:
        answer = _Answer.model_validate(json.loads(_bare(text)))
    except ValidationError as error:
        return [
            Problem(f"{'.'.join(map(str, e['loc']))}: {quoted(e['msg'])}", vital=True)
            for e in error.errors(include_url=False, include_input=False)[:_PROBLEMS_MAX]
        ]
    except (ValueError, RecursionError):
        return [Problem("the answer was not one whole JSON object", vital=True)]
    return ScreenplayDocument(
        title=request.name,
        style=request.style,
        shots=tuple(ShotScript(**shot.model_dump()) for shot in answer.shots),
        characters=tuple(CharacterSheet(**sheet.model_dump()) for sheet in answer.characters),
        places=tuple(PlaceSheet(**sheet.model_dump()) for sheet in answer.places),
    )


def _bare(text: str) -> str:
    """Without the code fence that some models put around their JSON."""
    stripped = text.strip()
    if stripped.startswith("```"):
        stripped = stripped.partition("\n")[2].rpartition("```")[0]
    return stripped

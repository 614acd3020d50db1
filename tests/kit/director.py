"""What the text models of the vendors' server say: a plan, verdicts, descriptions, transcripts.

A test writes down the shots and what is seen in the uploads, by the file's name; the answers have
the forms that the studio's prompts ask for, and the questions for plans are kept.
"""

import re
from dataclasses import dataclass, field

from tests.kit.vendors.documents import Json, dig
from tests.kit.vendors.works import TextAsk

_SHOT = re.compile(r"^Shot (\d+): \d", re.MULTILINE)
_UPLOAD = re.compile(r"upload (\d+): [^\n]*?, '([^']+)';")
_FILE = re.compile(r"^file: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Someone:
    """A character or a place. `files` are names of uploads that show them."""

    name: str
    description: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shot:
    description: str
    motion: str = "The light changes slowly."
    characters: tuple[str, ...] = ()
    place: str = ""
    files: tuple[str, ...] = ()
    narration: str = ""


LENSES = 3
"""The studio's critics look at a picture through as many."""


@dataclass
class Strict:
    """A panel of critics that refuses what it sees, `votes` times one critic's vote, for a reason.

    `task` is in what the critic is to do, `matching` in what it is told of the shot.
    """

    task: str
    matching: str
    remark: str
    votes: int = LENSES

    def refuses(self, ask: TextAsk) -> bool:
        """Whether this vote is against what is seen."""
        if not self.votes or self.task not in ask.system or self.matching not in ask.text:
            return False
        self.votes -= 1
        return True


@dataclass
class Director:
    """A `Responder`. A shot that is not written down is described by its number."""

    shots: tuple[Shot, ...] = ()
    characters: tuple[Someone, ...] = ()
    places: tuple[Someone, ...] = ()
    seen: dict[str, str] = field(default_factory=dict)
    heard: str = ""
    judges: tuple[Strict, ...] = ()
    plans: list[TextAsk] = field(default_factory=list)

    def __call__(self, ask: TextAsk) -> object:
        """An answer to one question, told apart by the form that it wants."""
        asked = dig(ask.schema, "properties")
        if not isinstance(asked, dict):
            return None
        if "shots" in asked:
            self.plans.append(ask)
            return self._plan(ask.text)
        if "score" in asked:
            return self._judgement(ask)
        if "segments" in asked:
            return self._transcript()
        return self._description(ask.text)

    def _plan(self, prompt: str) -> Json:
        numbers = [int(number) for number in _SHOT.findall(prompt.rpartition("The film has")[2])]
        uploads = {name: int(index) for index, name in _UPLOAD.findall(prompt)}
        return {
            "characters": [_sheet(someone, uploads) for someone in self.characters],
            "places": [_sheet(place, uploads) for place in self.places],
            "shots": [self._shot(number, uploads) for number in numbers],
        }

    def _shot(self, number: int, uploads: dict[str, int]) -> Json:
        written = number <= len(self.shots)
        shot = self.shots[number - 1] if written else Shot(f"The film's picture {number}.")
        return {
            "index": number,
            "title": f"Picture {number}",
            "description": shot.description,
            "camera_move": "slow push in",
            "motion": shot.motion,
            "characters": list(shot.characters),
            "place": shot.place,
            "reference_indices": _indices(shot.files, uploads),
            "narration": shot.narration,
            "continues": False,
            "dissolves": False,
        }

    def _judgement(self, ask: TextAsk) -> Json:
        against = next((judge for judge in self.judges if judge.refuses(ask)), None)
        if against is None:
            return {"seen": True, "score": 9.0, "remarks": []}
        remark = {"text": against.remark, "certain": True}
        return {"seen": True, "score": 4.0, "remarks": [remark]}

    def _transcript(self) -> Json:
        if not self.heard:
            return {"segments": [], "language": ""}
        said = {"start_seconds": 0.1, "end_seconds": 0.9, "text": self.heard}
        return {"segments": [said], "language": "en"}

    def _description(self, prompt: str) -> Json:
        found = _FILE.search(prompt)
        text = self.seen.get(found[1] if found else "", "Something plain.")
        return {"text": text, "asset_class": "other", "name": ""}


def _sheet(someone: Someone, uploads: dict[str, int]) -> Json:
    return {
        "name": someone.name,
        "description": someone.description,
        "reference_indices": _indices(someone.files, uploads),
    }


def _indices(files: tuple[str, ...], uploads: dict[str, int]) -> list[int]:
    return [uploads[name] for name in files if name in uploads]

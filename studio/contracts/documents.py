"""JSON documents that a render keeps in storage between its stages."""

from enum import StrEnum

from studio.contracts.assets import AssetKind
from studio.contracts.base import Payload


class AssetClass(StrEnum):
    """What an upload is for in a film."""

    CHARACTER = "character"
    ENVIRONMENT = "environment"
    PROP = "prop"
    STYLE = "style"
    MUSIC = "music"
    OTHER = "other"


class Segment(Payload):
    """Words and when they are heard, in seconds of the recording."""

    start_seconds: float
    end_seconds: float
    text: str


class Transcript(Payload):
    """What is said or sung in a recording. Empty where nothing is."""

    segments: tuple[Segment, ...] = ()
    language: str = ""

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


class BeatGrid(Payload):
    """Where a track's beats are, in seconds of its file. Empty where it has no pulse."""

    beats_per_minute: float | None = None
    beat_seconds: tuple[float, ...] = ()


class AssetNote(Payload):
    """What was found in one upload. Labels and purposes of the caller win over guesses.

    `name` is whom or what it shows; `palette` holds up to five dominant colours as `#rrggbb`;
    `text` what a document says; `still_key` a picture of it (the image itself re-encoded, or a
    frame of a video), `picture_keys` more of them (frames of a video, pictures in a document).
    """

    index: int
    kind: AssetKind
    filename: str
    label: str = ""
    purpose: str = ""
    name: str = ""
    asset_class: AssetClass = AssetClass.OTHER
    description: str = ""
    palette: tuple[str, ...] = ()
    text: str = ""
    still_key: str | None = None
    picture_keys: tuple[str, ...] = ()
    audio_key: str | None = None
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    loudness_lufs: float | None = None
    beats: BeatGrid = BeatGrid()
    transcript: Transcript = Transcript()


class AssetReport(Payload):
    notes: tuple[AssetNote, ...] = ()


class TrackReport(Payload):
    """What is known of the film's music. `lyrics` carry times of the track's file."""

    duration_seconds: float
    start_seconds: float = 0.0
    loudness_lufs: float | None = None
    beats: BeatGrid = BeatGrid()
    lyrics: Transcript = Transcript()
    lyrics_timed: bool = False
    """Whether the lyrics' times were heard; else they are spread by the length of the lines."""


class CharacterSheet(Payload):
    """Someone who appears, and how they look in every shot.

    `reference_indices` are uploads that show them. A sheet is drawn where there is none.
    """

    name: str
    description: str
    reference_indices: tuple[int, ...] = ()


class PlaceSheet(Payload):
    """Somewhere that appears, and how it looks in every shot."""

    name: str
    description: str
    reference_indices: tuple[int, ...] = ()


class ShotScript(Payload):
    """One planned shot: what is seen, how the camera moves, which uploads it shows.

    `motion` is what moves, in a few words, for the video model; `narration` what a narrator says
    over it; `continues` that the next shot goes on from this one's last frame; `dissolves` that it
    fades into the next one instead of being cut.
    """

    index: int
    title: str
    description: str
    camera_move: str
    motion: str = ""
    palette: tuple[str, ...] = ()
    reference_indices: tuple[int, ...] = ()
    characters: tuple[str, ...] = ()
    place: str = ""
    narration: str = ""
    continues: bool = False
    dissolves: bool = False


class ScreenplayDocument(Payload):
    title: str
    style: str
    shots: tuple[ShotScript, ...]
    characters: tuple[CharacterSheet, ...] = ()
    places: tuple[PlaceSheet, ...] = ()

    def shot(self, index: int) -> ShotScript:
        """The script of a shot that the plan has; `index` counts from 1."""
        return next(shot for shot in self.shots if shot.index == index)

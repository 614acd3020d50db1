"""What goes into and out of the workflows and their activities.

Small by design: ids, numbers and storage keys. The brief itself stays in the render's row and the
shot texts in stored documents, so that no payload grows with a caller's input and an operator can
read the history.
"""

from studio.contracts.base import Payload
from studio.contracts.limits import FILM_FRAMES_PER_SECOND
from studio.contracts.plan import ModelChoice, ShotPlan, ShotTiming
from studio.contracts.request import MusicWorkflow, ProjectMode
from studio.contracts.status import RenderSnapshot, Stage


class Timings(Payload):
    """The waits of a render, in the input so that tests can shorten them.

    `stage_deadline_seconds` bounds all tries of one step together, waits between them included:
    long enough to sit out a database or store that is away for some minutes. Polls come soon at
    first and are `poll_interval_seconds` apart at most.
    """

    heartbeat_timeout_seconds: float = 10.0
    poll_interval_seconds: float = 2.0
    submit_timeout_seconds: float = 60.0
    clip_timeout_seconds: float = 1800.0
    join_timeout_seconds: float = 3600.0
    call_timeout_seconds: float = 300.0
    stage_deadline_seconds: float = 1800.0
    reconcile_timeout_seconds: float = 600.0
    shot_attempts_max: int = 3
    softenings_max: int = 2
    keyframe_draws_max: int = 3


class MusicBrief(Payload):
    """What the film's music is: made from a brief, or the caller's own track."""

    workflow: MusicWorkflow
    start_seconds: float = 0.0
    duration_seconds_min: float | None = None
    duration_seconds_max: float | None = None


class RenderInput(Payload):
    """The whole input of `RenderWorkflow`."""

    project_id: str
    account_id: str
    name: str
    mode: ProjectMode
    plan: ShotPlan
    asset_count: int = 0
    music: MusicBrief | None = None
    voice_briefs: bool = False
    ingredients: bool = False
    narration: bool = False
    timings: Timings = Timings()
    fetch_count: int = 0
    """Uploads still to be fetched from the addresses in the row, before anything else."""
    visual_style_preset: str | None = None
    """For whoever looks at the render; None where it came in before this was kept here."""


class RenderOutcome(Payload):
    """How a render ended."""

    project_id: str
    status: str
    credits_settled: int
    final_video_key: str | None = None


class HoldRequest(Payload):
    """Ask that a render's hold lines exist. Repeating it changes nothing."""

    project_id: str
    account_id: str
    plan: ShotPlan


class ProgressUpdate(Payload):
    """Settle these lines and store this snapshot, in one transaction.

    `partial`: it has only the clips and warnings that are new since the last update, for a film of
    64 shots is recorded more than a hundred times. The others stay as the record has them.
    """

    project_id: str
    settle_line_ids: tuple[str, ...] = ()
    snapshot: RenderSnapshot
    partial: bool = False


class ProgressReceipt(Payload):
    """What the record says afterwards. `revision` may be ahead of the one that was sent."""

    revision: int
    credits_settled: int


class ProjectTask(Payload):
    """An activity's work on the render as a whole."""

    project_id: str


class FetchTask(ProjectTask):
    """Fetch the uploads whose addresses are in the render's row; no address travels here."""

    count: int


class FetchedUploads(Payload):
    """The row's `assets` are what was fetched. `size_bytes` is their sum."""

    count: int
    size_bytes: int
    warnings: tuple[str, ...] = ()


class AnalysisTask(ProjectTask):
    """Look at the uploads. `model` describes pictures and transcribes sound; None: neither."""

    model: ModelChoice | None = None


class AssetAnalysis(Payload):
    """Where the analysis of all uploads is stored, and how many it describes."""

    analysis_key: str
    described_count: int
    warnings: tuple[str, ...] = ()


class MusicTask(Payload):
    project_id: str
    model: ModelChoice
    brief: MusicBrief
    film_duration_seconds: float
    analysis_key: str


class Track(Payload):
    """A music track in storage. It starts at `start_seconds` of the file.

    `report_key` is what was measured on it and what is sung (a `TrackReport`).
    """

    key: str
    duration_seconds: float
    start_seconds: float = 0.0
    report_key: str | None = None
    warnings: tuple[str, ...] = ()


class PlanningTask(Payload):
    project_id: str
    model: ModelChoice
    shots: tuple[ShotTiming, ...]
    analysis_key: str
    frames_per_second: int = FILM_FRAMES_PER_SECOND
    track_report_key: str | None = None
    narration: bool = False


class Screenplay(Payload):
    """Where the planned shots are stored (a `ScreenplayDocument`), and what the workflow needs.

    `shots` are the timings as they are cut (on beats, with dissolves); `continued` the shots that
    end on the next one's keyframe; `sheets` the positions, from 0, of the characters that need a
    sheet drawn. Empty `shots` (of older runs) mean the frozen plan's.
    """

    screenplay_key: str
    shot_count: int
    shots: tuple[ShotTiming, ...] = ()
    continued: tuple[int, ...] = ()
    sheets: tuple[int, ...] = ()
    narrated: bool = False
    warnings: tuple[str, ...] = ()


class SheetTask(Payload):
    """Draw the reference sheet of one character, by its position (from 0) in the screenplay."""

    project_id: str
    character: int
    model: ModelChoice
    resolution: str
    screenplay_key: str
    analysis_key: str


class Sheet(Payload):
    """A character's reference sheet in storage."""

    character: int
    key: str


class ShotTask(Payload):
    """An activity's work on one shot. `attempt` counts the shot's keyframes from 1.

    `remarks` are the critic's on the keyframe before; `softened` counts how far the text is to be
    toned down after a content filter refused it; `stand_in` has the local model draw it.
    """

    project_id: str
    shot: ShotTiming
    shot_count: int
    attempt: int = 1
    model: ModelChoice
    resolution: str
    screenplay_key: str
    analysis_key: str
    sheets: tuple[Sheet, ...] = ()
    remarks: str = ""
    softened: int = 0
    stand_in: bool = False


class Keyframe(Payload):
    key: str
    width: int
    height: int


class ReviewTask(Payload):
    """`attempt` is that of the keyframe or clip which is looked at."""

    project_id: str
    shot: ShotTiming
    model: ModelChoice
    screenplay_key: str
    media_key: str
    attempt: int = 1
    analysis_key: str | None = None
    sheets: tuple[Sheet, ...] = ()


class Review(Payload):
    """A critic's verdict. `score` is 0 to 10, or None where the critic could not look."""

    passed: bool
    score: float | None = None
    remark: str = ""


class ClipTask(Payload):
    """Film one shot from its keyframe. `attempt_id` is the journal's key: one paid job each.

    `last_frame_key` is the picture that the clip is to end on; `references` is how many reference
    pictures go with the order (0 without ingredients mode). `overlap_before_frames` are shared with
    the shot before, as `shot.overlap_frames` are with the next one.
    """

    project_id: str
    attempt_id: str
    shot: ShotTiming
    shot_count: int
    attempt: int
    model: ModelChoice
    resolution: str
    screenplay_key: str
    keyframe_key: str
    frames_per_second: int
    poll_interval_seconds: float = 2.0
    analysis_key: str | None = None
    sheets: tuple[Sheet, ...] = ()
    references: int = 0
    last_frame_key: str | None = None
    softened: int = 0
    overlap_before_frames: int = 0


class ClipJob(Payload):
    """A provider's job. `handle` is the provider's own id in plain JSON, enough to resume."""

    attempt_id: str
    provider: str
    handle: dict[str, str]
    poll_interval_seconds: float = 2.0


class ReconcileResult(Payload):
    """What became of a submission whose outcome was unknown.

    `lost`: nothing was ordered, so that the shot may be ordered again.
    """

    job: ClipJob | None = None
    lost: bool = False


class CollectTask(Payload):
    """Fetch a finished clip and normalise it for the join."""

    clip: ClipTask
    job: ClipJob


class Clip(Payload):
    """A normalised shot in storage: exact frames, PCM sound, ready to join."""

    key: str
    preview_key: str
    thumbnail_key: str
    frames: int
    duration_seconds: float


class BriefTask(Payload):
    """Speak a short summary of a finished stage."""

    project_id: str
    stage: Stage
    sentence: str
    model: ModelChoice


class SpokenBrief(Payload):
    stage: Stage
    audio_key: str


class NarrationTask(Payload):
    """Speak what the narrator says over the shots, each where its shot begins."""

    project_id: str
    model: ModelChoice
    screenplay_key: str
    shots: tuple[ShotTiming, ...]
    frames_per_second: int


class Narration(Payload):
    """The narrator's voice for the whole film (WAV), and its words with their times."""

    key: str
    transcript_key: str
    warnings: tuple[str, ...] = ()


class FilmTask(Payload):
    """Join the shots, in order, with music if there is any.

    `music_leads` puts the music above the shots' own sound, as in a film cut to a track.
    """

    project_id: str
    clip_keys: tuple[str, ...]
    shots: tuple[ShotTiming, ...]
    frames_per_second: int
    resolution: str
    track: Track | None = None
    music_leads: bool = False
    narration: Narration | None = None


class Film(Payload):
    """The finished film and what was measured on it after the encode.

    `subtitles_key` is a WebVTT file where there is speech or lyrics; `warnings` what the film
    misses of what it should measure.
    """

    key: str
    poster_key: str
    quality_report_key: str
    subtitles_key: str | None = None
    warnings: tuple[str, ...] = ()
    duration_seconds: float
    size_bytes: int
    sha256: str

"""A render as its page shows it: the parts that may change while somebody looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from gateway.console.operators import run_address
from gateway.console.pages import Pages
from gateway.console.render_words import (
    ROLES,
    SHOTS,
    STAGES,
    Standing,
    Station,
    standing,
    stations,
)
from gateway.console.visitors import Member
from gateway.dependencies import Gateway
from gateway.receipt import ReceiptResource
from gateway.resource import ClipResource, RenderResource
from gateway.routes.answers import resource_of
from gateway.services.quality import ReportedQuality, read_quality
from gateway.services.watching import LiveRender
from studio.contracts.status import ClipState, Stage

_WHOLE_PARTS: Final = (
    "standing",
    "film",
    "notes",
    "money",
    "lines",
    "quality",
    "actions",
    "spoken",
)
_TEMPLATE: Final = "renders_part.html"
_SCORED: Final = (("Keyframe", "keyframe"), ("Clip", "video"))


@dataclass(frozen=True)
class Score:
    """What the critic said of a shot's keyframe or clip; `points` of 10."""

    what: str
    points: float | None
    remark: str | None


@dataclass(frozen=True)
class Shot:
    """One shot, its state in words, and what the critic said."""

    clip: ClipResource
    word: str
    scores: tuple[Score, ...]

    @property
    def picture(self) -> str | None:
        return self.clip.thumbnail_url or self.clip.keyframe_url


@dataclass(frozen=True)
class SpokenStage:
    """A stage that may be summed up in a voice brief; no address while there is none."""

    stage: Stage
    label: str
    audio_url: str | None


@dataclass(frozen=True)
class ShownRender:
    """`run_address` is where operators see the run; None for everybody else."""

    render: RenderResource
    receipt: ReceiptResource
    standing: Standing
    stations: tuple[Station, ...]
    shots: tuple[Shot, ...]
    quality: ReportedQuality | None
    run_address: str | None
    has_own_subtitles: bool
    has_briefs: bool

    @property
    def models(self) -> tuple[tuple[str, str, str], ...]:
        """What works on each part: its name, what was asked for, what is used."""
        return tuple(
            (ROLES.get(role, role), use.requested, use.used)
            for role, use in self.render.models.items()
        )

    @property
    def briefs(self) -> tuple[SpokenStage, ...]:
        """Every stage, so that each has its place before it is heard."""
        spoken = {brief.stage: brief.audio_url for brief in self.render.voice_briefs}
        return tuple(
            SpokenStage(stage, label, spoken.get(stage)) for stage, label in STAGES.items()
        )


async def shown_render(
    gateway: Gateway, request: Request, member: Member, live: LiveRender
) -> ShownRender:
    """What there is to see, with its files' addresses signed."""
    base_url = gateway.hosts.base_url(request.scope)
    view = live.view
    render = await resource_of(gateway, view, base_url)
    key = view.snapshot.quality_report_key
    quality = None
    if key is not None:
        quality = await read_quality(gateway.dependencies.storage, gateway.threads, key)
    return ShownRender(
        render=render,
        receipt=live.receipt,
        standing=standing(
            render.status,
            render.current_stage,
            progress=render.progress,
            shots=tuple(clip.status for clip in render.clips),
            cancel_requested=render.cancel_requested,
        ),
        stations=stations(render.status, render.current_stage, has_music="music" in render.models),
        shots=tuple(_shot(clip) for clip in render.clips),
        quality=quality,
        run_address=run_address(gateway, live.view) if member.account.is_operator else None,
        # A player takes subtitles from our own origin only, unless it asks for all by CORS.
        has_own_subtitles=(render.subtitles_url or "").startswith(f"{base_url}/"),
        has_briefs="voice" in render.models,
    )


def _shot(clip: ClipResource) -> Shot:
    scores = (
        Score(what, getattr(clip, f"{name}_score"), getattr(clip, f"{name}_remark"))
        for what, name in _SCORED
    )
    known = tuple(score for score in scores if score.points is not None or score.remark)
    return Shot(clip, SHOTS[ClipState(clip.status)], known)


def rendered_parts(pages: Pages, member: Member, shown: ShownRender) -> Iterator[tuple[str, str]]:
    """Every part that may change, by its name, as HTML that takes its place on an open page."""
    for part in _WHOLE_PARTS:
        yield part, pages.text(_TEMPLATE, member, part=part, it=None, shown=shown)
    for shot in shown.shots:
        for part in ("frame", "shot"):
            html = pages.text(_TEMPLATE, member, part=part, it=shot, shown=shown)
            yield f"{part}-{shot.clip.index}", html
    for brief in shown.briefs:
        html = pages.text(_TEMPLATE, member, part="brief", it=brief, shown=shown)
        yield f"brief-{brief.stage}", html

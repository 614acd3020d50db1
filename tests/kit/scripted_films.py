"""Answers of the studio's tools about one film, at every moment of it."""

from typing import Final

from mcp.types import CallToolResult
from pydantic import JsonValue

from gateway.mcp.results import CLIPS_META, LINES_META
from tests.kit.scripted_tools import API_ORIGIN, FILES_ORIGIN, JsonObject, told

PROJECT: Final = "proj_api_60c90c0841464675"
QUOTE_ID: Final = "quote_4b825dc642cb6eb9a060e54b"
CLAIM: Final = "fvs_claim_" + "7" * 24
NAME: Final = "The last lamplighter"
PAID_STATUS_URL: Final = f"{API_ORIGIN}/api/agent/paid-renders/{QUOTE_ID}?claim_token={CLAIM}"
PAYMENT_URL: Final = f"{API_ORIGIN}/api/agent/render-quotes/{QUOTE_ID}?claim_token={CLAIM}"
FILM_URL: Final = f"{FILES_ORIGIN}/{PROJECT}/final.mp4?sig=a"
PRICE_LINES: Final[tuple[JsonObject, ...]] = (
    {"label": "Project", "credits": 12},
    {"label": "Planning, 5 shots", "credits": 18},
    {"label": "Keyframe, 5 shots", "credits": 105},
    {"label": "Critic, 5 shots", "credits": 25},
    {"label": "Video, 5 shots", "credits": 304},
    {"label": "Production", "credits": 10},
)
SHOT_STATES: Final = ("completed", "completed", "filming", "storyboarding", "queued")


def clip(index: int, status: str = "queued", **more: JsonValue) -> JsonObject:
    has_picture = status in {"completed", "filming", "replaced"}
    base = f"{FILES_ORIGIN}/{PROJECT}/shot_{index:03d}"
    return {
        "index": index,
        "status": status,
        "duration_seconds": 6.0,
        "attempts": 1,
        "thumbnail_url": f"{base}.jpg?sig=a" if status == "completed" else None,
        "keyframe_url": f"{base}_keyframe.png?sig=a" if has_picture else None,
        "video_url": f"{base}.mp4?sig=a" if status == "completed" else None,
        "error": None,
        **more,
    }


def _render(status: str, stage: str, percent: int, **more: JsonValue) -> JsonObject:
    return {
        "project_id": PROJECT,
        "name": NAME,
        "status": status,
        "current_stage": stage,
        "is_running": status in {"queued", "running"},
        "status_url": f"{API_ORIGIN}/api/agent/renders/{PROJECT}",
        "cancel_url": f"{API_ORIGIN}/api/agent/renders/{PROJECT}/cancel",
        "progress_percent": percent,
        "clip_count": len(SHOT_STATES),
        "warnings": [],
        "cancel_requested": False,
        "poll_after_seconds": 10,
        "next_action": "…",
        **more,
    }


def account_render(status: str, stage: str, percent: int, **more: JsonValue) -> JsonObject:
    return _render(
        status, stage, percent, **{"credits_reserved": 474, "credits_settled": 12, **more}
    )


def paid_render(status: str, stage: str, percent: int, **more: JsonValue) -> JsonObject:
    paid: JsonObject = {"quote_id": QUOTE_ID, "amount_cents": 474, "currency": "usd"}
    paid |= {"payment_status": "rendering", "status_url": PAID_STATUS_URL}
    return _render(status, stage, percent, **{**paid, **more})


def queued() -> CallToolResult:
    clips: list[JsonValue] = [clip(at) for at in range(1, len(SHOT_STATES) + 1)]
    return told(account_render("queued", "input", 0, revision=1), meta={CLIPS_META: clips})


def filming(revision: int = 5, **more: JsonValue) -> CallToolResult:
    clips: list[JsonValue] = [clip(at, state) for at, state in enumerate(SHOT_STATES, 1)]
    fields: JsonObject = {"revision": revision, "clips_completed": 2, "credits_settled": 198}
    return told(
        account_render("running", "filming", 46, **{**fields, **more}), meta={CLIPS_META: clips}
    )


def completed(**more: JsonValue) -> CallToolResult:
    clips: list[JsonValue] = [clip(at, "completed") for at in range(1, len(SHOT_STATES) + 1)]
    fields: JsonObject = {"revision": 9, "final_video_url": FILM_URL, "poll_after_seconds": 0}
    fields |= {"credits_settled": 474}
    return told(
        account_render("completed", "completed", 100, **{**fields, **more}),
        meta={CLIPS_META: clips},
    )


def failed(error: str = "The provider refused every shot.") -> CallToolResult:
    states = ("completed", "failed", "failed", "failed", "canceled")
    clips: list[JsonValue] = [clip(at, state) for at, state in enumerate(states, 1)]
    fields: JsonObject = {"last_error": error, "poll_after_seconds": 0, "revision": 9}
    return told(account_render("failed", "filming", 46, **fields), meta={CLIPS_META: clips})


def canceled() -> CallToolResult:
    clips: list[JsonValue] = [clip(1, "completed"), *(clip(at, "canceled") for at in range(2, 6))]
    fields: JsonObject = {"cancel_requested": True, "poll_after_seconds": 0, "revision": 8}
    return told(account_render("canceled", "filming", 46, **fields), meta={CLIPS_META: clips})


def quoted(status: str = "quoted", **more: JsonValue) -> CallToolResult:
    fields: JsonObject = {
        "quote_id": QUOTE_ID,
        "name": NAME,
        "status": status,
        "payment_status": status,
        "amount_cents": 474,
        "currency": "usd",
        "credits_quoted": 474,
        "expires_at": "2099-05-01T12:30:00+00:00",
        "payment_url": PAYMENT_URL,
        "status_url": PAID_STATUS_URL,
        "cancel_url": f"{API_ORIGIN}/api/agent/paid-renders/{QUOTE_ID}/cancel?claim_token={CLAIM}",
        "claim_token": CLAIM,
        "warnings": [],
        "poll_after_seconds": 15,
        "next_action": "…",
    }
    return told(fields | more, meta={LINES_META: [*PRICE_LINES]})

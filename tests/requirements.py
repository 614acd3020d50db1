"""What the public API reference promises, sentence by sentence, and who proves it.

A test carries the id that it proves: `@pytest.mark.requirement("REND-1")`. The check in
`tests/architecture/test_requirements.py` goes both ways: every promise of a delivered part has a
test, and no test names an unknown promise. Promises of parts that are not delivered yet are listed
with their part, so that nobody takes them for done.
"""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """The part of the product that a promise belongs to."""

    FOUNDATION = "foundation"
    STUDIO = "studio"
    QUOTES = "quotes"
    MCP = "mcp"
    CONSOLE = "console"


DELIVERED = frozenset({Part.FOUNDATION, Part.STUDIO, Part.QUOTES, Part.MCP, Part.CONSOLE})
"""Everything else is not done yet."""


@dataclass(frozen=True)
class Requirement:
    """`id` is stable; `holds` completes the sentence 'it holds that …'."""

    id: str
    holds: str
    part: Part


REQUIREMENTS = (
    Requirement("AUTH-1", "managed keys are created in the account's settings panel", Part.CONSOLE),
    Requirement(
        "AUTH-2",
        "`X-FVS-Agent-Key` authenticates every request; malformed, unknown and revoked "
        "keys get the same 401",
        Part.FOUNDATION,
    ),
    Requirement(
        "AUTH-3",
        "a key belongs to a user account; there is no wallet of a key",
        Part.FOUNDATION,
    ),
    Requirement(
        "AUTH-4",
        "model, resolution and voice-brief fields that are omitted take the owning "
        "account's saved defaults",
        Part.FOUNDATION,
    ),
    Requirement(
        "AUTH-5",
        "another account's project is indistinguishable from an unknown one",
        Part.FOUNDATION,
    ),
    Requirement(
        "BILL-1",
        "credits are reserved on the account's wallet before work starts and settled as "
        "it is delivered",
        Part.FOUNDATION,
    ),
    Requirement("BILL-2", "project creation has its charge", Part.FOUNDATION),
    Requirement("BILL-3", "each stage's generation has its charge", Part.FOUNDATION),
    Requirement(
        "BILL-4",
        "too few credits: 402 with the credits required and available, nothing spent",
        Part.FOUNDATION,
    ),
    Requirement("BILL-5", "quotes use the same credit math as account renders", Part.QUOTES),
    Requirement(
        "REND-1",
        "`POST /api/agent/renders` answers `project_id`, `status_url`, `cancel_url` and "
        "the whole resource",
        Part.FOUNDATION,
    ),
    Requirement(
        "REND-2",
        "`GET /api/agent/renders/{project_id}` answers current status, and "
        "`final_video_url` once completed",
        Part.FOUNDATION,
    ),
    Requirement("REND-3", "`POST …/cancel` stops an in-flight run", Part.FOUNDATION),
    Requirement(
        "REND-4",
        "the response has exactly the reference's fields with their types, plus additive ones",
        Part.FOUNDATION,
    ),
    Requirement(
        "REND-5",
        "`final_video_url` is signed, expires, is absolute, and polling refreshes it",
        Part.FOUNDATION,
    ),
    Requirement(
        "REND-6",
        "a render ends `completed` or `failed` with `last_error` (or `canceled`)",
        Part.FOUNDATION,
    ),
    Requirement(
        "REND-7",
        "the reference's Python example runs to a finished film",
        Part.FOUNDATION,
    ),
    Requirement("REND-8", "the reference's JavaScript example runs", Part.FOUNDATION),
    Requirement(
        "REND-9",
        "`wait_for_completion_seconds` holds the answer up to its limit",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-1",
        "`multipart/form-data` with `request_json` as a JSON string",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-2",
        "`files` repeats for image, audio, video and document uploads",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-3",
        "`assets[]` labels and classifies uploaded files by `filename`, `label`, `purpose`",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-4",
        "an asset naming a file that was not uploaded is refused, naming it",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-5",
        "text-only briefs with screenplay, instructions, lore, style and shot targets",
        Part.FOUNDATION,
    ),
    Requirement(
        "INPUT-6",
        "image references for characters, environments, props, mood boards reach planning "
        "and the frames",
        Part.STUDIO,
    ),
    Requirement("INPUT-7", "uploaded audio serves `uploaded_track` workflows", Part.STUDIO),
    Requirement(
        "INPUT-8",
        "video, PDF and documents go through asset analysis and reach planning",
        Part.STUDIO,
    ),
    Requirement(
        "BRIEF-1",
        "`name`, `screenplay`, `instructions`, `additional_lore` shape the film",
        Part.STUDIO,
    ),
    Requirement(
        "BRIEF-2",
        "`visual_style_preset`, `visual_style_custom_instructions` shape every frame",
        Part.STUDIO,
    ),
    Requirement("BRIEF-3", "`project_mode` scene, music, custom", Part.STUDIO),
    Requirement("BRIEF-4", "`shot_count` 1 to 64 is honoured exactly", Part.FOUNDATION),
    Requirement(
        "BRIEF-5",
        "`scene_target_duration_seconds` 4 to 600 is met within a frame per shot; what is "
        "infeasible is refused with the feasible range",
        Part.FOUNDATION,
    ),
    Requirement(
        "MODEL-1",
        "`orchestrator_model`, `critic_model` select models; the critic's default is "
        "`gemini-3.5-flash`",
        Part.STUDIO,
    ),
    Requirement("MODEL-2", "`gemini-3-flash-preview` is normalised forward", Part.FOUNDATION),
    Requirement("MODEL-3", "`image_model`, `image_resolution`", Part.STUDIO),
    Requirement("MODEL-4", "`video_model`, `video_resolution` up to 4k", Part.STUDIO),
    Requirement(
        "MODEL-5",
        "`gemini-omni-flash-image` and `-video` are recognised",
        Part.FOUNDATION,
    ),
    Requirement(
        "MODEL-6",
        "and refused with a clear error until the backend's model ids are configured, then work",
        Part.STUDIO,
    ),
    Requirement(
        "MODEL-7",
        "`ingredients_mode_enabled` hands reference images to the video model",
        Part.STUDIO,
    ),
    Requirement(
        "MODEL-8",
        "`stage_voice_briefs_enabled` makes spoken briefs of finished stages",
        Part.STUDIO,
    ),
    Requirement(
        "MUSIC-1",
        "`music_model`, `music_workflow`, `lyrics_prompt`, `style_prompt`",
        Part.STUDIO,
    ),
    Requirement(
        "MUSIC-2",
        "`music_min_duration_seconds`, `music_max_duration_seconds` bound generated music",
        Part.STUDIO,
    ),
    Requirement("MUSIC-3", "`music_start_seconds` starts the track there", Part.STUDIO),
    Requirement("MUSIC-4", "`use_first_audio_asset_as_music`", Part.STUDIO),
    Requirement("MUSIC-5", "`uploaded_track` without audio is refused", Part.FOUNDATION),
    Requirement(
        "QUOTE-1",
        "`POST /render-quotes` needs no key and takes `{request, upload_urls}`",
        Part.QUOTES,
    ),
    Requirement(
        "QUOTE-2",
        "answers 402 with `WWW-Authenticate: Payment` id, realm, method stripe, intent "
        "charge, request, expires",
        Part.QUOTES,
    ),
    Requirement("QUOTE-3", "and a problem body with every field of the reference", Part.QUOTES),
    Requirement(
        "QUOTE-4",
        "paying `payment_url` with the Stripe MPP flow starts the render",
        Part.QUOTES,
    ),
    Requirement(
        "QUOTE-5",
        "`status_url` with the claim token leads to `final_video_url`",
        Part.QUOTES,
    ),
    Requirement("QUOTE-6", "an expired quote cannot be paid", Part.QUOTES),
    Requirement(
        "QUOTE-7",
        "a paid render without a film is refunded in full, once; a canceled one for what "
        "was not delivered",
        Part.QUOTES,
    ),
    Requirement("MCP-1", "Streamable HTTP at `/mcp` exposes the same account-scoped API", Part.MCP),
    Requirement(
        "MCP-2",
        "key header for account mode; none, or `X-FVS-Billing-Mode: pay-per-render`, for quotes",
        Part.MCP,
    ),
    Requirement("MCP-3", "`fvs_submit_render` does what the reference says", Part.MCP),
    Requirement("MCP-4", "`fvs_create_paid_render_quote` does what the reference says", Part.MCP),
    Requirement("MCP-5", "`fvs_get_render_status` does what the reference says", Part.MCP),
    Requirement("MCP-6", "`fvs_get_paid_render_status` does what the reference says", Part.MCP),
    Requirement("MCP-7", "`fvs_cancel_render` does what the reference says", Part.MCP),
    Requirement("MCP-8", "`fvs_download_final_video` does what the reference says", Part.MCP),
    Requirement("MCP-9", "`fvs_example_render_request` does what the reference says", Part.MCP),
    Requirement("MCP-10", "`fvs_open_chatgpt_app` does what the reference says", Part.MCP),
    Requirement("MCP-11", "hosted tools take public `upload_urls`, never local paths", Part.MCP),
    Requirement("MCP-12", "no render-timeout field is needed", Part.MCP),
    Requirement(
        "MCP-13",
        "the quote tool returns `payment_url`, `status_url`, `claim_token` and the raw "
        "`www_authenticate`",
        Part.MCP,
    ),
    Requirement(
        "DOWN-1",
        "download: HTTPS signed URL only, no key sent, nothing spent or changed",
        Part.MCP,
    ),
    Requirement(
        "DOWN-2",
        "parent directories are created; `overwrite` defaults to false and refuses",
        Part.MCP,
    ),
    Requirement("DOWN-3", "600 s limit; an expired URL says to poll again", Part.MCP),
    Requirement("APP-1", "the widget resource, its URI and MIME type", Part.MCP),
    Requirement(
        "APP-2",
        "render tools carry `ui.resourceUri` and `openai/outputTemplate`",
        Part.MCP,
    ),
    Requirement("APP-3", "`/chatgpt-app.json` is the setup manifest", Part.MCP),
    Requirement(
        "DISC-1",
        "`/server.json` is the manifest; `/.well-known/mcp-server.json` the same bytes",
        Part.MCP,
    ),
    Requirement("DISC-2", "`/health` says what works", Part.FOUNDATION),
    Requirement(
        "FLOW-1",
        "a render survives `kill -9` of its worker in every stage",
        Part.FOUNDATION,
    ),
    Requirement(
        "FLOW-2",
        "an operator sees the run, its shots, attempts and errors in the Temporal UI",
        Part.FOUNDATION,
    ),
    Requirement("FLOW-3", "no provider is paid twice for one shot, whatever dies", Part.STUDIO),
)

"""What every answer has in common, and the routes that need no account."""

from dataclasses import replace
from typing import Literal

import pytest
import structlog

from tests.api.kit import BRIEF, KEY_HEADER, ApiStack, ScriptedWorkflows

RENDERS = "/api/agent/renders"
REFERENCE = {
    "name": "Archive corridor test",
    "project_mode": "scene",
    "screenplay": "Shot 1: A corridor. Shot 2: A tunnel. Shot 3: A chamber.",
    "instructions": "Create exactly three cinematic shots totaling about 24 seconds.",
    "shot_count": 3,
    "scene_target_duration_seconds": 24,
    "image_resolution": "1K",
    "video_model": "veo-3.1-fast-generate-001",
    "video_resolution": "720p",
    "stage_voice_briefs_enabled": False,
}


class BrokenWorkflows(ScriptedWorkflows):
    """A port with a bug behind it."""

    async def check(self) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", RENDERS, 405), ("GET", f"{RENDERS}/", 404)],
)
async def test_what_is_not_there_is_a_problem_document(
    stack: ApiStack, method: str, path: str, status: int
) -> None:
    async with stack.client() as client:
        answer = await client.request(method, path)

    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["detail"].endswith(".")


async def test_an_unforeseen_error_is_a_500_that_tells_nothing_of_its_cause(
    stack: ApiStack,
) -> None:
    key = stack.open_account()
    stack.configure(workflows=BrokenWorkflows())
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, json=BRIEF)

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert "ZeroDivision" not in answer.text
    assert stack.available() == 1000


@pytest.mark.parametrize(
    ("given", "kept"),
    [("trace-1", True), ("", False), ("a\tb", False), ("x" * 101, False), ("<script>", False)],
)
async def test_a_harmless_request_id_is_kept_and_any_other_replaced(
    stack: ApiStack,
    given: str,
    kept: bool,  # noqa: FBT001 - a test parameter
) -> None:
    async with stack.client() as client:
        answer = await client.get("/health", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) is kept


async def test_answers_carry_headers_that_keep_browsers_from_guessing(stack: ApiStack) -> None:
    async with stack.client() as client:
        answer = await client.get(f"{RENDERS}/proj_api_0")

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.requirement("DISC-2")
async def test_health_says_that_everything_works(stack: ApiStack) -> None:
    async with stack.client() as client:
        answer = await client.get("/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert all(check["ok"] for check in answer.json()["checks"].values())


@pytest.mark.requirement("DISC-2")
@pytest.mark.mcp_case("26.3")
async def test_health_says_what_does_not_work(stack: ApiStack) -> None:
    stack.workflows.away = True
    stack.break_database()
    async with stack.client() as client:
        answer = await client.get("/health")

    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert {name for name, check in checks.items() if not check["ok"]} == {"database", "temporal"}
    assert checks["database"]["error"].endswith(".")


@pytest.mark.requirement("MODEL-2", "MODEL-5")
async def test_models_are_listed_with_prices_styles_and_aliases(stack: ApiStack) -> None:
    async with stack.client() as client:
        document = (await client.get("/api/agent/models")).json()

    known = {model["id"] for model in document["models"]}
    known |= {alias["id"] for model in document["models"] for alias in model["aliases"]}
    assert {
        "gemini-3.5-flash",
        "gemini-3-flash-preview",
        "gemini-3-pro-image-preview",
        "kling-v3-pro-image-to-video",
        "veo-3.1-fast-generate-001",
        "gemini-omni-flash-image",
        "gemini-omni-flash-video",
    } <= known
    assert "realistic_cinematic" in {style["id"] for style in document["styles"]}
    assert len(document["styles"]) >= 12
    assert document["price_version"]


@pytest.mark.parametrize(
    ("request_", "credits_"),
    [
        (
            {
                "name": "Paid quote test",
                "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
                "shot_count": 1,
                "scene_target_duration_seconds": 4,
                "video_resolution": "720p",
            },
            120,
        ),
        (REFERENCE, 474),
    ],
)
async def test_an_estimate_is_the_references_price_and_stores_nothing(
    stack: ApiStack, request_: dict[str, object], credits_: int
) -> None:
    async with stack.client() as client:
        estimate = (await client.post(f"{RENDERS}/estimate", json=request_)).json()

    assert estimate["total_credits"] == credits_
    assert sum(line["credits"] for line in estimate["lines"]) == credits_
    assert estimate["credits_available"] is None
    assert stack.stored_files() == []


async def test_an_estimate_is_what_the_render_then_holds(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        estimate = (await client.post(f"{RENDERS}/estimate", json=BRIEF)).json()
        render = (await client.post(RENDERS, json=BRIEF)).json()

    plan = stack.workflows.started[render["project_id"]].plan
    assert estimate["total_credits"] == render["credits_reserved"]
    assert estimate["digest"] == plan.charges.digest
    assert estimate["credits_available"] == 1000


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_an_estimate_needs_no_key_but_refuses_a_wrong_one(
    stack: ApiStack, key: Literal["", "wrong"]
) -> None:
    async with stack.client() as client:
        answer = await client.post(f"{RENDERS}/estimate", json=BRIEF, headers={KEY_HEADER: key})

    assert answer.status_code == (401 if key else 200)


@pytest.mark.requirement("MODEL-5")
async def test_omni_models_are_recognised_and_refused_until_configured(stack: ApiStack) -> None:
    request = {**BRIEF, "video_model": "gemini-omni-flash-video"}
    async with stack.client() as client:
        answer = await client.post(f"{RENDERS}/estimate", json=request)

    assert answer.status_code == 422
    assert "FVS_OMNI_VIDEO_MODEL_ID" in answer.json()["detail"]


@pytest.mark.requirement("MODEL-6")
async def test_omni_video_works_once_its_backend_id_is_configured(stack: ApiStack) -> None:
    key = stack.open_account()
    stack.configure(
        pricing=replace(
            stack.dependencies.pricing,
            configured=frozenset({"FVS_GOOGLE_API_KEY", "FVS_OMNI_VIDEO_MODEL_ID"}),
            adapters=frozenset({"google", "local"}),
            model_ids={"FVS_OMNI_VIDEO_MODEL_ID": "gemini-omni-1.2-flash"},
        )
    )
    async with stack.client(key) as client:
        answer = await client.post(
            RENDERS, json={**BRIEF, "video_model": "gemini-omni-flash-video"}
        )
        listed = (await client.get("/api/agent/models")).json()["models"]

    used = stack.workflows.started[answer.json()["project_id"]].plan.models.video
    assert (used.provider, used.provider_model) == ("google", "gemini-omni-1.2-flash")
    [omni] = [model for model in listed if model["id"] == "gemini-omni-flash-video"]
    assert (omni["configured"], omni["missing_settings"]) == (True, [])


@pytest.mark.requirement("MODEL-1", "MODEL-3", "MODEL-4")
@pytest.mark.parametrize(
    "field", ["orchestrator_model", "critic_model", "image_model", "video_model", "music_model"]
)
async def test_an_unknown_model_is_refused_by_its_field_with_those_that_there_are(
    stack: ApiStack, field: str
) -> None:
    async with stack.client() as client:
        answer = await client.post(f"{RENDERS}/estimate", json={**BRIEF, field: "veo-9"})

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, f"/{field}")
    assert "Known: " in error["detail"]


async def test_the_openapi_document_describes_every_route_with_its_problems(
    stack: ApiStack,
) -> None:
    async with stack.client() as client:
        document = (await client.get("/api/agent/openapi.json")).json()

    paths = document["paths"]
    assert {
        "/api/agent/renders",
        "/api/agent/renders/estimate",
        "/api/agent/renders/{project_id}",
        "/api/agent/renders/{project_id}/cancel",
        "/api/agent/models",
        "/health",
    } <= set(paths)
    submit = paths["/api/agent/renders"]["post"]
    form = submit["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"request_json", "files"}
    assert {"201", "401", "402", "403", "408", "409", "413", "415", "422", "429", "503"} == set(
        submit["responses"]
    )
    schemas = document["components"]["schemas"]
    assert {"RenderRequest", "RenderResource", "ProblemDocument"} <= set(schemas)
    assert "agentKey" in document["components"]["securitySchemes"]
    assert "HTTPValidationError" not in str(document)


async def test_every_reference_in_the_openapi_document_leads_somewhere(stack: ApiStack) -> None:
    async with stack.client() as client:
        document = (await client.get("/api/agent/openapi.json")).json()

    for reference in _references(document):
        found: object = document
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(found, dict)
            assert step in found, reference
            found = found[step]


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


async def test_the_access_log_has_neither_queries_nor_keys(stack: ApiStack) -> None:
    key = stack.open_account()
    with structlog.testing.capture_logs() as lines:
        async with stack.client(key) as client:
            await client.get(f"{RENDERS}/proj_api_0", params={"claim_token": "hush"})
            await client.get(RENDERS)

    assert [(line["log_level"], line["status"]) for line in lines] == [
        ("info", 404),
        ("debug", 200),
    ]
    assert "hush" not in str(lines)
    assert key not in str(lines)


async def test_requests_are_counted_by_route_and_never_by_id(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        await client.get(f"{RENDERS}/proj_api_0000000000000000")
        await client.get("/nothing/proj_api_1")

    registry = stack.dependencies.metrics.registry
    labels = {"method": "GET", "status": "404"}
    by_route = {
        route: registry.get_sample_value("fvs_http_requests_total", {**labels, "route": route})
        for route in (f"{RENDERS}/{{project_id}}", "unmatched")
    }
    assert set(by_route.values()) == {1.0}

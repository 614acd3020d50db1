"""The OpenAPI document: what the framework cannot read off the routes is said here."""

import json
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue

from gateway.payment_problem import PaymentRequiredDocument
from gateway.problem import PROBLEM_MEDIA_TYPE, ProblemDocument, problem, title_of
from gateway.services.links import API_PREFIX
from studio.catalog.catalogue import load_catalogue
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest

OPENAPI_PATH: Final = f"{API_PREFIX}/openapi.json"
_SCHEMAS: Final = "#/components/schemas/"
_REQUEST_REF: Final = {"$ref": f"{_SCHEMAS}RenderRequest"}

Responses = dict[int | str, dict[str, object]]
Fragment = dict[str, object]

_KEY_SCHEMES: Final = ("agentKey", "bearer", "apiKey", "agentApiKey")
_ANY_KEY: Final[list[dict[str, list[str]]]] = [{scheme: []} for scheme in _KEY_SCHEMES]
KEY_SECURITY: Final[Fragment] = {"security": _ANY_KEY}
OPTIONAL_KEY_SECURITY: Final[Fragment] = {"security": [{}, *_ANY_KEY]}

EXAMPLE_REQUEST: Final[dict[str, JsonValue]] = {
    "name": "Archive corridor test",
    "project_mode": "scene",
    "screenplay": (
        "Shot 1: A young woman enters a glowing archive corridor lined with suspended photographs. "
        "Shot 2: She reaches toward one moving photograph and the corridor bends into a luminous "
        "tunnel around her. Shot 3: She steps through the tunnel and arrives in a sunlit memory "
        "chamber as the photographs orbit overhead."
    ),
    "instructions": "Create exactly three cinematic shots totaling about 24 seconds.",
    "shot_count": 3,
    "scene_target_duration_seconds": 24,
    "image_resolution": "1K",
    "video_model": load_catalogue().defaults.account.video_model,
    "video_resolution": "720p",
    "stage_voice_briefs_enabled": False,
}
"""It names no file: one that does not come with it would be refused."""
_EXAMPLES: Final = {"threeShots": {"summary": "Three shots", "value": EXAMPLE_REQUEST}}

SUBMISSION_BODY: Final[Fragment] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any text of your own, once a request: it makes a retry safe.",
            "schema": {"type": "string", "maxLength": 255},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["request_json"],
                    "properties": {
                        "request_json": {
                            "type": "string",
                            "description": "The request as JSON, at most 1 MiB.",
                            "contentMediaType": "application/json",
                            "contentSchema": _REQUEST_REF,
                        },
                        "files": {
                            "type": "array",
                            "maxItems": 32,
                            "description": (
                                "Images, audio, video, PDF and documents: 100 MiB a file, 500 MiB "
                                "together."
                            ),
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                },
                "encoding": {"request_json": {"contentType": "application/json"}},
                "example": {"request_json": json.dumps(EXAMPLE_REQUEST)},
            },
            "application/json": {
                "schema": _REQUEST_REF,
                "examples": _EXAMPLES,
            },
        },
    },
}

ESTIMATE_BODY: Final[Fragment] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": _REQUEST_REF,
                "examples": _EXAMPLES,
            }
        },
    }
}

_PROBLEMS: Final[dict[int, tuple[str, str, str]]] = {
    400: (
        "Two ways to pay at once, or one that is not taken here",
        "key_and_payment",
        "The request carries an API key and a payment; send the one that is to pay for it.",
    ),
    401: (
        "No key, or none that is valid",
        "invalid_key",
        "This needs a valid API key.",
    ),
    402: (
        "Not enough credits",
        "insufficient_credits",
        "This needs 474 credits and the wallet has 120 available.",
    ),
    403: (
        "A key without the scope, a suspended account, or a URL that is not signed (any more)",
        "key_lacks_scope",
        "This key may not do that: it lacks the scope renders:write.",
    ),
    404: (
        "Unknown, or another account's",
        "unknown_render",
        "There is no render 'proj_api_60c90c0841464675' in this account.",
    ),
    408: (
        "A body that does not come in time",
        "body_too_slow",
        "Nothing of the body came for 60 s; send it again.",
    ),
    409: (
        "The idempotency key belongs to another request",
        "idempotency_key_reused",
        "This Idempotency-Key was used before for a different request; use a new key.",
    ),
    410: (
        "The quote is over, and nobody paid",
        "payment_expired",
        "This quote has expired; nothing was charged. Ask for a new one.",
    ),
    413: (
        "Too large, or too many files",
        "form_too_large",
        "The file clip.mp4 is larger than 100 MiB.",
    ),
    415: (
        "A type that is not accepted",
        "unsupported_upload",
        "The file notes.png is not what its name says.",
    ),
    416: (
        "A range that begins behind the file's end",
        "range_not_satisfiable",
        "The range begins behind the end of the file, which has 1024 bytes.",
    ),
    422: (
        "A request that cannot be made into a film",
        "invalid_request",
        "shot_count must be a whole number from 1 to 64.",
    ),
    429: (
        "Too much at once; `Retry-After` says when to come back",
        "too_many_renders",
        "This account already has as many renders that have not ended as it may (20).",
    ),
    503: (
        "Something we need is away; `Retry-After` says when to come back",
        "database_unavailable",
        "The record of renders cannot be reached right now; try again shortly.",
    ),
}


def problems(*statuses: int) -> Responses:
    """OpenAPI responses for these statuses, each with an example."""
    responses: Responses = {}
    for status in statuses:
        description, code, detail = _PROBLEMS[status]
        example = problem(status, code, detail)
        if status == HTTPStatus.PAYMENT_REQUIRED:
            shortfall = {"credits_required": 474, "credits_available": 120}
            example = example.model_copy(update=shortfall)
        responses[status] = {
            "description": f"{title_of(status)}: {description}.",
            "content": {
                PROBLEM_MEDIA_TYPE: {
                    "schema": {"$ref": f"{_SCHEMAS}ProblemDocument"},
                    "example": example.model_dump(exclude_none=True),
                }
            },
        }
    return responses


def install_openapi(app: FastAPI) -> None:
    """Make `app.openapi()` the framework's document plus schemas and security of our own."""

    def build() -> dict[str, object]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]  # the framework's documented way


def _document(app: FastAPI) -> dict[str, object]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (RenderRequest, QuoteRequest, ProblemDocument, PaymentRequiredDocument):
        schema = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    components["securitySchemes"] = _security_schemes()
    for path in document["paths"].values():
        for operation in path.values():
            _drop_framework_refusal(operation["responses"])
    return document


def _security_schemes() -> dict[str, object]:
    def header(name: str) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": name}

    return {
        "agentKey": header("X-FVS-Agent-Key"),
        "bearer": {"type": "http", "scheme": "bearer"},
        "apiKey": header("X-API-Key"),
        "agentApiKey": header("X-Agent-Api-Key"),
    }


def _drop_framework_refusal(responses: dict[str, object]) -> None:
    """The framework documents a 422 of its own, which this service never sends."""
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]

"""Problem documents (RFC 9457): the one shape of every refusal and failure."""

from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:future-video-studio:problem:"
"""A name, not an address: `code` is what programs should compare."""


class ProblemError(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str = Field(description="JSON pointer (RFC 6901) to the field, `` for the whole.")
    detail: str = Field(description="A plain sentence.")


class ProblemDocument(BaseModel):
    """`detail` is always a plain sentence: clients print it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": TYPE_PREFIX + "invalid_request",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "shot_count must be a whole number from 1 to 64.",
                    "code": "invalid_request",
                    "errors": [
                        {
                            "pointer": "/shot_count",
                            "detail": "shot_count must be a whole number from 1 to 64.",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[ProblemError] | None = None
    credits_required: int | None = None
    credits_available: int | None = None
    credits_left: int | None = Field(
        default=None, description="What a key with a monthly cap may still spend this month."
    )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[ProblemError] | None = None,
    request_id: str | None = None,
) -> ProblemDocument:
    """A problem titled after its status."""
    return ProblemDocument(
        type=TYPE_PREFIX + code,
        title=title_of(status),
        status=status,
        detail=detail,
        code=code,
        errors=errors,
        request_id=request_id,
    )


def problem_response(document: ProblemDocument, headers: dict[str, str] | None = None) -> Response:
    return Response(
        document.model_dump_json(exclude_none=True),
        status_code=document.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )


_TITLES: Final = {
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""RFC 9110's names where this Python still has the older ones."""


def title_of(status: int) -> str:
    if status in _TITLES:
        return _TITLES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

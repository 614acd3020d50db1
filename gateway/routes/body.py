"""Reading request bodies within their limits."""

from pathlib import Path
from typing import Final

from starlette.requests import Request

from gateway.limits import (
    JSON_BODY_BYTES_MAX,
    SUBMISSION_BYTES_MAX,
    BodyTooLarge,
    refuse_announced_excess,
)
from studio.ingest.errors import UnsupportedUpload
from studio.ingest.forms import SubmittedForm
from studio.ingest.multipart import read_form

_JSON: Final = "application/json"


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


async def read_json_body(request: Request) -> bytes:
    """The raw JSON of a request. BodyTooLarge; UnsupportedUpload if it says to be another type."""
    if _media_type(request) != _JSON:
        raise UnsupportedUpload("Send the request as application/json.")
    refuse_announced_excess(request.headers.get("content-length"), JSON_BODY_BYTES_MAX)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_BODY_BYTES_MAX:
            raise BodyTooLarge(JSON_BODY_BYTES_MAX)
    return bytes(body)


async def read_submission(request: Request, *, staging: Path) -> SubmittedForm:
    """A form with files, streamed to `staging`, or the bare request as JSON.

    The caller discards the form. Raises BodyTooLarge and what `read_form` raises.
    """
    if _media_type(request) == _JSON:
        return SubmittedForm(request_json=await read_json_body(request))
    refuse_announced_excess(request.headers.get("content-length"), SUBMISSION_BYTES_MAX)
    return await read_form(request.headers.get("content-type"), request.stream(), staging=staging)

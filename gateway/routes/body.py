"""Reading request bodies within their limits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Final, TypeVar

from starlette.requests import Request

from gateway.limits import (
    JSON_BODY_BYTES_MAX,
    SUBMISSION_BYTES_MAX,
    BodyPatience,
    BodyTooLarge,
    BodyTooSlow,
    refuse_announced_excess,
)
from studio.ingest.errors import UnsupportedUpload
from studio.ingest.forms import SubmittedForm
from studio.ingest.multipart import read_form

_JSON: Final = "application/json"
_IDENTITY: Final = frozenset({"", "identity"})

_Body = TypeVar("_Body")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


async def read_json_body(request: Request, patience: BodyPatience) -> bytes:
    """The raw JSON of a request.

    Raises BodyTooLarge, BodyTooSlow, and UnsupportedUpload if it says to be of another type.
    """
    if _media_type(request) != _JSON:
        raise UnsupportedUpload("Send the request as application/json.")
    return await _in_time(_read_json(request, patience), patience)


async def read_any_body(request: Request, patience: BodyPatience) -> bytes:
    """What comes with a request that needs no body, as it is. BodyTooLarge, BodyTooSlow."""
    return await _in_time(_read_json(request, patience), patience)


async def read_submission(
    request: Request, *, staging: Path, patience: BodyPatience
) -> SubmittedForm:
    """A form with files, streamed to `staging`, or the bare request as JSON.

    The caller discards the form. Raises BodyTooLarge, BodyTooSlow and what `read_form` raises.
    """
    if _media_type(request) == _JSON:
        return SubmittedForm(request_json=await read_json_body(request, patience))
    refuse_announced_excess(request.headers.get("content-length"), SUBMISSION_BYTES_MAX)
    content_type = request.headers.get("content-type")
    stream = _chunks(request, patience)
    return await _in_time(read_form(content_type, stream, staging=staging), patience)


async def _read_json(request: Request, patience: BodyPatience) -> bytes:
    refuse_announced_excess(request.headers.get("content-length"), JSON_BODY_BYTES_MAX)
    body = bytearray()
    async for chunk in _chunks(request, patience):
        body += chunk
        if len(body) > JSON_BODY_BYTES_MAX:
            raise BodyTooLarge(JSON_BODY_BYTES_MAX)
    return bytes(body)


async def _chunks(request: Request, patience: BodyPatience) -> AsyncIterator[bytes]:
    """The body as it comes in, uncompressed and without long pauses."""
    if request.headers.get("content-encoding", "").strip().lower() not in _IDENTITY:
        raise UnsupportedUpload("Send the body as it is, without a Content-Encoding.")
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience.pause_seconds_max):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise BodyTooSlow(
                f"Nothing of the body came for {patience.pause_seconds_max:g} s; send it again."
            ) from None
        yield chunk


async def _in_time(reading: Awaitable[_Body], patience: BodyPatience) -> _Body:
    try:
        async with asyncio.timeout(patience.seconds_max):
            return await reading
    except TimeoutError:
        raise BodyTooSlow(
            f"The body took longer than {patience.seconds_max:g} s; send less at once."
        ) from None

"""Reading request bodies within their limits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
from studio.ingest.forms import FilledForm, FormFields, SubmittedForm
from studio.ingest.multipart import read_fields, read_form

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_IDENTITY: Final = frozenset({"", "identity"})

_Body = TypeVar("_Body")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


async def read_json_body(
    request: Request, patience: BodyPatience, *, bytes_max: int = JSON_BODY_BYTES_MAX
) -> bytes:
    """The raw JSON of a request; nothing where none was sent, which is no JSON either.

    Raises BodyTooLarge, BodyTooSlow, and UnsupportedUpload if it says to be of another type.
    """
    if _media_type(request) != _JSON:
        if _is_bare(request):
            return b""  # what looks at paid routes first asks like this, and goes on after a 422
        raise UnsupportedUpload("Send the request as application/json.")
    return await _in_time(_read_bytes(request, patience, bytes_max), patience)


async def read_form_body(request: Request, patience: BodyPatience, *, bytes_max: int) -> bytes:
    """A page's small form, as it was sent. BodyTooLarge, BodyTooSlow, UnsupportedUpload."""
    if _media_type(request) != _FORM:
        raise UnsupportedUpload("Send the form as pages do.")
    return await _in_time(_read_bytes(request, patience, bytes_max), patience)


def _is_bare(request: Request) -> bool:
    """Neither a body nor a word about one."""
    headers = request.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return not has_body and "content-type" not in headers


async def read_any_body(request: Request, patience: BodyPatience) -> bytes:
    """What comes with a request that needs no body, as it is. BodyTooLarge, BodyTooSlow."""
    return await _in_time(_read_bytes(request, patience, JSON_BODY_BYTES_MAX), patience)


async def read_submission(
    request: Request, *, staging: Path, patience: BodyPatience
) -> SubmittedForm:
    """A form with files, streamed to `staging`, or the bare request as JSON.

    The caller discards the form. Raises BodyTooLarge, BodyTooSlow and what `read_form` raises.
    """
    if _media_type(request) == _JSON:
        return SubmittedForm(request_json=await read_json_body(request, patience))
    return await _read_streamed(
        request, patience, lambda kind, stream: read_form(kind, stream, staging=staging)
    )


async def read_filled_form(
    request: Request, *, staging: Path, patience: BodyPatience, fields: FormFields
) -> FilledForm:
    """A page's form with files, streamed to `staging` within a submission's limits.

    The caller discards the form. Raises as `read_submission` does.
    """
    return await _read_streamed(
        request,
        patience,
        lambda kind, stream: read_fields(kind, stream, staging=staging, fields=fields),
    )


async def _read_streamed(
    request: Request,
    patience: BodyPatience,
    read: Callable[[str | None, AsyncIterator[bytes]], Awaitable[_Body]],
) -> _Body:
    refuse_announced_excess(request.headers.get("content-length"), SUBMISSION_BYTES_MAX)
    stream = _chunks(request, patience)
    return await _in_time(read(request.headers.get("content-type"), stream), patience)


async def _read_bytes(request: Request, patience: BodyPatience, bytes_max: int) -> bytes:
    refuse_announced_excess(request.headers.get("content-length"), bytes_max)
    body = bytearray()
    async for chunk in _chunks(request, patience):
        body += chunk
        if len(body) > bytes_max:
            raise BodyTooLarge(bytes_max)
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

"""Kling 3 Pro on fal: VideoModel over fal's queue.

Pictures go up with fal-client. The order is a POST of our own: `fal_client.submit` repeats it up to
ten times where the reply is lost, each time a job that is billed (seen with 1.0.3), and tries
queue.falrun.com where queue.fal.run does not answer. Every attempt has a picture address of its
own, which is what its request is found by in fal's list.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from studio.providers.downloads import ClipDownloads
from studio.providers.errors import OutputExpired, ProviderError, SubmissionUnknown
from studio.providers.fal.answers import failure, refusal
from studio.providers.fal.order import (
    PICTURE_BYTES_MAX,
    START,
    app_of,
    arguments_of,
    pictures_of,
)
from studio.providers.fal.requests import find_request
from studio.providers.fal.uploads import FalUploads
from studio.providers.hosts import transport_to
from studio.providers.pictures import encoded_picture
from studio.providers.ports import Handle, JobState, JobStatus, VideoRequest
from studio.providers.wire import HTTP_NOT_FOUND, ORDER_TIMEOUT_SECONDS, JsonCalls, Reply

QUEUE_URL: Final = "https://queue.fal.run"
LOST_AFTER_SECONDS: Final = 300.0
"""fal promises no time for its list. An order lost on the way ends with the 45 s of its own
time-out; the rest is what a log pipeline of minutes may need."""

_SINGLE_ORDER: Final = {"x-fal-no-retry": "1"}
"""Or fal itself repeats a failed run up to ten times. `X-Fal-Store-IO` stays on: without stored
inputs no order could be found again."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")


class FalKlingVideo:
    """VideoModel. `now` dates the stretch of fal's list that is searched."""

    def __init__(
        self,
        key: str,
        *,
        now: Callable[[], datetime],
        base_url: str | None = None,
        order_timeout_seconds: float = ORDER_TIMEOUT_SECONDS,
        lost_after_seconds: float = LOST_AFTER_SECONDS,
    ) -> None:
        """`base_url` stands for all of fal's hosts: see `studio/providers/hosts.py`."""
        self._lost_after_seconds = lost_after_seconds
        self._now = now
        self._uploads = FalUploads(key, base_url=base_url)
        self._calls = JsonCalls(
            "fal",
            headers={"authorization": f"Key {key}"},
            secrets=(key, *key.split(":")),
            transport=transport_to(base_url),
            order_timeout_seconds=order_timeout_seconds,
        )
        self._downloads = ClipDownloads("fal", transport=transport_to(base_url))

    async def prepare(self, request: VideoRequest) -> Handle:
        """Upload the pictures under names that carry the attempt."""
        uploaded: Handle = {}
        for use, picture in pictures_of(request).items():
            encoded = await encoded_picture(picture.path, bytes_max=PICTURE_BYTES_MAX)
            name = _UNSAFE.sub("-", f"{request.attempt_id}-{use}")
            uploaded[use] = await self._uploads.upload(encoded, name)
        return uploaded

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        endpoint = request.model
        arguments = arguments_of(request, prepared)
        reply = await self._calls.order(f"{QUEUE_URL}/{endpoint}", arguments, headers=_SINGLE_ORDER)
        if reply.is_refusal:
            raise refusal(reply, self._calls)
        request_id = reply.text("request_id")
        if not request_id:
            raise SubmissionUnknown("fal took the order but gave it no id; it may be billed.")
        return _handle(endpoint, request_id)

    async def poll(self, handle: Handle) -> JobStatus:
        reply = await self._calls.ask("GET", f"{_url(handle)}/status")
        if not reply.is_ok:
            raise ProviderError(f"fal does not know the job (HTTP {reply.status}).")
        status = reply.text("status")
        if status in {"IN_QUEUE", "IN_PROGRESS"}:
            return JobStatus(JobState.RUNNING)
        if status != "COMPLETED":
            raise ProviderError("fal gave the job a state that is not known.")
        return await self._ended(handle, reply)

    async def _ended(self, handle: Handle, completed: Reply) -> JobStatus:
        """A request that ran has an answer, which may be the model's refusal and says of what."""
        try:
            result = await self._calls.ask("GET", _url(handle))
        except ProviderError:
            if completed.at("error"):
                return failure(completed, self._calls)
            raise
        if result.is_refusal and result.status != HTTP_NOT_FOUND:
            return failure(result, self._calls)
        if completed.at("error"):
            return failure(completed, self._calls)
        # Where the answer is gone `collect` says so: the job itself went well.
        return JobStatus(JobState.SUCCEEDED, progress=1.0)

    async def cancel(self, handle: Handle) -> bool:
        """True where fal will stop it; a request that has ended is refused with 400."""
        return (await self._calls.ask("PUT", f"{_url(handle)}/cancel")).is_ok

    async def collect(self, handle: Handle, destination: Path) -> None:
        result = await self._calls.ask("GET", _url(handle))
        if result.status == HTTP_NOT_FOUND:
            raise OutputExpired("fal no longer has the result of the job.")
        url = result.text("video", "url")
        if not result.is_ok or not url:
            raise ProviderError("fal's result has no clip.")
        await self._downloads.fetch(url, destination)

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        """Look for the order's own picture address in the list of requests."""
        start_url = prepared.get(START)
        if start_url is None:
            # The order goes out only after the upload was written down.
            return None
        endpoint, now = request.model, self._now()
        request_id = await find_request(
            self._calls,
            endpoint,
            START,
            start_url,
            since=now - timedelta(seconds=age_seconds),
            until=now,
        )
        if request_id is not None:
            return _handle(endpoint, request_id)
        if age_seconds <= self._lost_after_seconds:
            raise ProviderError("fal's list may not be complete yet.")
        return None

    async def aclose(self) -> None:
        await self._uploads.aclose()
        await self._calls.aclose()
        await self._downloads.aclose()


def _handle(endpoint: str, request_id: str) -> Handle:
    return {"endpoint": endpoint, "request_id": request_id}


def _url(handle: Handle) -> str:
    app, request_id = app_of(handle["endpoint"]), quote(handle["request_id"], safe="")
    return f"{QUEUE_URL}/{app}/requests/{request_id}"

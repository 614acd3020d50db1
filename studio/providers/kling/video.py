"""Kling's own API: VideoModel over HTTP, with the attempt's id as the task's.

`external_task_id` is unique in an account and can be asked for, so an order whose reply was lost is
found for sure, and the same order is never taken twice.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from studio.providers.downloads import ClipDownloads
from studio.providers.errors import (
    OutputExpired,
    ProviderError,
    RefusedInput,
    SubmissionUnknown,
)
from studio.providers.hosts import transport_to
from studio.providers.kling.errors import FAILED_INSIDE, code_of, refusal
from studio.providers.kling.order import order_of
from studio.providers.moderation import is_moderation, refused_input
from studio.providers.ports import Handle, JobState, JobStatus, VideoRequest
from studio.providers.wire import ORDER_TIMEOUT_SECONDS, JsonCalls, dig

KLING_URL: Final = "https://api-singapore.klingai.com"
LOST_AFTER_SECONDS: Final = 120.0
"""Until then an order whose reply was lost may still be on its way in: it waits 10 s for its turn,
and 45 s each for being written and answered."""

MESSAGE_READ_MAX: Final = 1_000
"""Kling's sentences have 50 characters; a search of megabytes that were made for it never ends."""

_DUPLICATE: Final = re.compile(
    r"external.{0,20}id.*(?:exist|duplicat|unique|repeat|already)"
    r"|(?:duplicat|repeat|already).*external.{0,20}id",
    re.IGNORECASE | re.DOTALL,
)
_RUNNING: Final = frozenset({"submitted", "processing"})


class KlingVideo:
    def __init__(
        self,
        key: str,
        *,
        base_url: str | None = None,
        order_timeout_seconds: float = ORDER_TIMEOUT_SECONDS,
        lost_after_seconds: float = LOST_AFTER_SECONDS,
    ) -> None:
        """`base_url` stands for all of Kling's hosts: see `studio/providers/hosts.py`."""
        self._lost_after_seconds = lost_after_seconds
        self._calls = JsonCalls(
            "Kling",
            headers={"authorization": f"Bearer {key}"},
            secrets=(key,),
            transport=transport_to(base_url),
            order_timeout_seconds=order_timeout_seconds,
        )
        self._downloads = ClipDownloads("Kling", transport=transport_to(base_url))

    async def prepare(self, request: VideoRequest) -> Handle:
        """Nothing: the order carries its pictures and its id."""
        del request
        return {}

    async def submit(self, request: VideoRequest, prepared: Handle) -> Handle:
        del prepared
        document = await order_of(request)
        url = f"{KLING_URL}/image-to-video/{quote(request.model, safe='')}"
        reply = await self._calls.order(url, document)
        code = code_of(reply)
        if code in FAILED_INSIDE:
            raise SubmissionUnknown(f"Kling failed with code {code}; the order may be billed.")
        if reply.is_ok and code == 0:
            task_id = reply.text("data", "id")
            if not task_id:
                raise SubmissionUnknown("Kling took the order but gave no id; it may be billed.")
            return _handle(task_id, request.attempt_id)
        if _DUPLICATE.search(reply.text("message")[:MESSAGE_READ_MAX]):
            return await self._taken_before(request.attempt_id)
        if reply.is_ok and code < 0:
            raise SubmissionUnknown("Kling's answer has no code; the order may be billed.")
        raise refusal(reply, self._calls)

    async def _taken_before(self, attempt_id: str) -> Handle:
        try:
            handle = await self._find(attempt_id)
        except ProviderError:
            handle = None
        if handle is None:
            raise SubmissionUnknown("Kling has this order already, but did not say which task.")
        return handle

    async def poll(self, handle: Handle) -> JobStatus:
        task = await self._task(handle)
        status, said = task.get("status"), self._calls.quoted(task.get("message"))
        if status in _RUNNING:
            return JobStatus(JobState.RUNNING)
        if status == "succeeded":
            return JobStatus(JobState.SUCCEEDED, progress=1.0)
        if status != "failed":
            raise ProviderError("Kling gave the task a state that is not known.")
        refused = None
        if is_moderation(said):
            refused = refused_input(said, otherwise=RefusedInput.OUTPUT)
        return JobStatus(
            JobState.FAILED,
            error=f"Kling could not film the clip: {said}",
            rejected=refused is not None,
            refused=refused,
        )

    async def cancel(self, handle: Handle) -> bool:
        """Kling's reference has no call for it: what was ordered is filmed and billed."""
        del handle
        return False

    async def collect(self, handle: Handle, destination: Path) -> None:
        task = await self._task(handle)
        if task.get("status") in _RUNNING:
            raise ProviderError("Kling says that the task, which had ended, still runs.")
        outputs = task.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            url = dig(output, "url")
            if dig(output, "type") == "video" and isinstance(url, str) and url:
                await self._downloads.fetch(url, destination)
                return
        # Kling clears outputs after 30 days and keeps the task.
        raise OutputExpired("Kling no longer has the clip of the task.")

    async def reconcile(
        self, request: VideoRequest, prepared: Handle, *, age_seconds: float
    ) -> Handle | None:
        del prepared
        handle = await self._find(request.attempt_id)
        if handle is None and age_seconds <= self._lost_after_seconds:
            raise ProviderError("The order may still be on its way to Kling.")
        return handle

    async def aclose(self) -> None:
        await self._calls.aclose()
        await self._downloads.aclose()

    async def _find(self, attempt_id: str) -> Handle | None:
        for task in await self._tasks("external_task_ids", attempt_id):
            task_id = task.get("id")
            if task.get("external_id") == attempt_id and isinstance(task_id, str) and task_id:
                return _handle(task_id, attempt_id)
        return None

    async def _task(self, handle: Handle) -> Mapping[str, object]:
        for task in await self._tasks("task_ids", handle["task_id"]):
            if task.get("id") == handle["task_id"]:
                return task
        raise ProviderError("Kling does not know the task.")

    async def _tasks(self, by: str, value: str) -> list[Mapping[str, object]]:
        reply = await self._calls.ask("GET", f"{KLING_URL}/tasks", params={by: value})
        listed = reply.at("data")
        if not reply.is_ok or code_of(reply) != 0 or not isinstance(listed, list):
            said = self._calls.quoted(reply.text("message"))
            raise ProviderError(f"Kling did not list its tasks: {said}")
        return [task for task in listed if isinstance(task, Mapping)]


def _handle(task_id: str, attempt_id: str) -> Handle:
    return {"task_id": task_id, "external_task_id": attempt_id}

"""Kling's own API (api-singapore.klingai.com): tasks with an id of the caller's choice."""

from datetime import UTC, datetime
from uuid import uuid4

from tests.kit.vendors.books import Job, Outcome
from tests.kit.vendors.documents import Json, dig, items_at, number_at, text_at
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.media import VideoShape
from tests.kit.vendors.refusals import KLING
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call, Works, outcome_now

FILES = "https://v1-kling.klingai.com"
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
SECONDS_MIN, SECONDS_MAX, SECONDS = 3, 15, 5
FRAMES_PER_SECOND = 24
TASKS_A_PAGE_MAX = 500
USD_A_SECOND = 0.168
CONTENT_POLICY = 1301
REFUSED = {
    Outcome.PROMPT_REFUSED: "Failure to pass the risk control system: the prompt is sensitive",
    Outcome.IMAGE_REFUSED: "Failure to pass the risk control system: the image is sensitive",
    Outcome.OUTPUT_REFUSED: "Failure to pass the risk control system: the output is sensitive",
    Outcome.FAILED: "Internal error while generating the video",
}


class Kling:
    def __init__(self, works: Works) -> None:
        self._works = works

    async def submit(self, call: Call) -> Reply:
        document = call.request.document
        if wrong := _wrong_with(document):
            return KLING.invalid(wrong)
        fault = call.injection.fault if call.injection else None
        if fault in {Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED}:
            return KLING.refuse(400, CONTENT_POLICY, REFUSED[Outcome(fault)])
        external_id = text_at(document, "options", "external_task_id")
        if external_id and self._by_external_id(external_id) is not None:
            return KLING.invalid(f"external_task_id already exists: {external_id}")
        job = self._works.books.accept(
            job_id=str(uuid4().int)[:18],
            call="kling.submit",
            model=call.parts["model"],
            payload=document,
            fingerprint={"external_task_id": external_id},
            units=number_at(document, "settings", "duration") or SECONDS,
            unit="seconds",
            seconds=self._works.latencies.of("video"),
            injection=call.injection,
        )
        self._works.film_ahead(_shape(job), job)
        return _answer(
            {
                "id": job.id,
                "status": "submitted",
                "create_time": _milliseconds(job),
                "update_time": _milliseconds(job),
                "external_id": external_id,
            }
        )

    async def poll(self, call: Call) -> Reply:
        """Tasks by their ids or by the caller's own; unknown ones are left out."""
        request = call.request
        ids, external = request.asked("task_ids"), request.asked("external_task_ids")
        if bool(ids) == bool(external):
            return KLING.invalid("Give either task_ids or external_task_ids.")
        jobs = [
            job
            for name in (ids or external).split(",")
            if (job := self._find(name) if ids else self._by_external_id(name)) is not None
        ]
        still = call.injection is not None and call.injection.fault is Fault.STILL_RUNNING
        for job in jobs:
            outcome_now(job, call.injection)
            self._works.latencies.poll(job)
        if call.injection is not None and call.injection.fault is Fault.NOT_LISTED:
            jobs = jobs[:-1]
        return _answer([_task(job, running=still) for job in jobs])

    async def list_tasks(self, call: Call) -> Reply:
        document = call.request.document
        start = number_at(document, "start_time") or 0
        end = number_at(document, "end_time") or float("inf")
        count = int(number_at(document, "limit") or TASKS_A_PAGE_MAX)
        if not 1 <= count <= TASKS_A_PAGE_MAX:
            return KLING.invalid("limit is out of range")
        found = [
            job
            for job in reversed(self._works.books.jobs("kling"))
            if start <= _milliseconds(job) <= end
        ]
        if call.injection is not None and call.injection.fault is Fault.NOT_LISTED:
            found = found[1:]
        first = int(text_at(document, "cursor") or 0)
        page = [_task(job) for job in found[first : first + count]]
        more = len(found) > first + count
        return _answer(
            {
                "tasks": page,
                "next_cursor": str(first + count) if more else "",
                "has_more": more,
            }
        )

    async def download(self, call: Call) -> Reply:
        job = self._find(call.parts["id"])
        expired = call.injection is not None and call.injection.fault is Fault.OUTPUT_EXPIRED
        if job is None or job.outcome is Outcome.EXPIRED or expired:
            status = (call.injection.status if call.injection else None) or 404
            return Reply(status=status, body=b"NoSuchKey", content_type="text/plain")
        film = await self._works.film(_shape(job), job)
        return Reply(body=film, content_type="video/mp4").for_job(job)

    def _find(self, task_id: str) -> Job | None:
        return self._works.books.find(task_id, "kling.submit")

    def _by_external_id(self, external_id: str) -> Job | None:
        jobs = self._works.books.jobs("kling")
        return next(
            (job for job in jobs if job.fingerprint.get("external_task_id") == external_id), None
        )


def _answer(data: object) -> Reply:
    return json_reply({"code": 0, "message": "SUCCEED", "request_id": str(uuid4()), "data": data})


def _task(job: Job, *, running: bool = False) -> Json:
    status = "processing" if running or not job.ended else "succeeded"
    task: Json = {
        "id": job.id,
        "status": status,
        "message": "",
        "external_id": job.fingerprint.get("external_task_id", ""),
        "create_time": _milliseconds(job),
        "update_time": round(datetime.now(UTC).timestamp() * 1000),
        "outputs": [],
        "billing": [],
    }
    if status == "processing":
        return task
    if job.outcome in REFUSED:
        return {**task, "status": "failed", "message": REFUSED[job.outcome]}
    price = f"{job.units * USD_A_SECOND:.3f}"
    return {
        **task,
        "outputs": [
            {"type": "video", "url": f"{FILES}/outputs/{job.id}.mp4", "duration": f"{job.units:g}"}
        ],
        "billing": [{"amount": price, "currency": "USD", "list_price": price}],
    }


def _shape(job: Job) -> VideoShape:
    wide, high = SIZES[text_at(job.payload, "settings", "resolution") or "720p"]
    sound = text_at(job.payload, "settings", "audio") == "native"
    return VideoShape(wide, high, job.units, FRAMES_PER_SECOND, sound)


def _milliseconds(job: Job) -> int:
    return round(job.sent_at.timestamp() * 1000)


def _wrong_with(document: Json) -> str:
    """Why the request is refused, or nothing."""
    given = {text_at(content, "type") for content in items_at(document, "contents")}
    seconds = dig(document, "settings", "duration")
    wrongs = {
        "contents needs a first_frame": "first_frame" not in given,
        "contents has an unknown type": bool(
            given - {"prompt", "first_frame", "last_frame", "element"}
        ),
        "settings.duration must be an integer from 3 to 15": seconds is not None
        and not (isinstance(seconds, int) and SECONDS_MIN <= seconds <= SECONDS_MAX),
        "settings.resolution is invalid": text_at(document, "settings", "resolution")
        not in {"", *SIZES},
        "settings.audio is invalid": text_at(document, "settings", "audio")
        not in {"", "native", "off"},
    }
    return next((message for message, wrong in wrongs.items() if wrong), "")

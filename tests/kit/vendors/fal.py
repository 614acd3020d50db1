"""fal's queue, its list of requests, and its storage: queue.fal.run, api.fal.ai, *.fal.media."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import uuid4

from tests.kit.vendors.books import Job, Outcome
from tests.kit.vendors.documents import Json, number_at, text_at
from tests.kit.vendors.fal_kling import DEFAULT_DURATION, clip_shape, wrong_with
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.refusals import FAL
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call, Works, outcome_now

QUEUE = "https://queue.fal.run"
FILES = "https://v3.fal.media"
PAGE_ITEMS = 50
PAGE_ITEMS_MAX = 100
CLIENT_CLOSED_REQUEST = 499
POLICY = "The content could not be processed because it was flagged by a content checker."
REFUSED = {
    Outcome.PROMPT_REFUSED: (["body", "prompt"], POLICY, "content_policy_violation"),
    Outcome.IMAGE_REFUSED: (["body", "start_image_url"], POLICY, "content_policy_violation"),
    Outcome.OUTPUT_REFUSED: (
        ["body"],
        "The generated video was flagged by a content checker.",
        "content_policy_violation",
    ),
    Outcome.FAILED: (["body"], "Failed to generate the video.", "generation_failed"),
}


class FalQueue:
    def __init__(self, works: Works) -> None:
        self._works = works

    async def submit(self, call: Call) -> Reply:
        """Take any JSON on, as fal's queue does: what is wrong with it shows in the result."""
        job = self._accept(call)
        self._works.film_ahead(clip_shape(job), job)
        app = "/".join(job.model.split("/")[:2])
        base = f"{QUEUE}/{app}/requests/{job.id}"
        return json_reply(
            {
                "status": "IN_QUEUE",
                "request_id": job.id,
                "response_url": base,
                "status_url": f"{base}/status",
                "cancel_url": f"{base}/cancel",
                "queue_position": 0,
            },
            X_Fal_Request_Id=job.id,
        )

    async def run(self, call: Call) -> Reply:
        """The same at once, as fal.run does it: the reply is the result."""
        job = self._accept(call)
        await asyncio.sleep(job.seconds)
        job.ended = True
        return self._refusal(job) or await self._finished(job)

    async def status(self, call: Call) -> Reply:
        job = self._find(call)
        if job is None:
            return _no_request()
        base = f"{QUEUE}/{call.parts['app']}/requests/{job.id}"
        answer: Json = {
            "status": "COMPLETED",
            "request_id": job.id,
            "response_url": base,
            "status_url": f"{base}/status",
            "cancel_url": f"{base}/cancel",
        }
        logs: list[object] | None = [] if call.request.asked("logs") else None
        outcome_now(job, call.injection)
        still = call.injection is not None and call.injection.fault is Fault.STILL_RUNNING
        ended = self._works.latencies.poll(job) or job.canceled
        if ended and not still:
            answer |= {"logs": logs, "metrics": {"inference_time": job.seconds}}
            if job.canceled:
                answer |= {"error": "Request was cancelled", "error_type": "client_cancelled"}
            elif job.outcome in REFUSED:
                _, message, kind = REFUSED[job.outcome]
                answer |= {"error": message, "error_type": kind}
            return json_reply(answer)
        waiting = job.polled <= 1 and self._works.latencies.polls > 1
        answer["status"] = "IN_QUEUE" if waiting else "IN_PROGRESS"
        answer |= {"queue_position": 0} if waiting else {"logs": logs}
        return json_reply(answer, HTTPStatus.ACCEPTED)

    async def result(self, call: Call) -> Reply:
        job = self._find(call)
        if job is None:
            return _no_request()
        outcome_now(job, call.injection)
        still = call.injection is not None and call.injection.fault is Fault.STILL_RUNNING
        if still or not (job.ended or job.canceled):
            return json_reply({"detail": "Request is still in progress"}, 400)
        return self._refusal(job) or await self._finished(job)

    def _accept(self, call: Call) -> Job:
        document = call.request.document
        return self._works.books.accept(
            job_id=str(uuid4()),
            call="fal.submit",
            model=call.parts["endpoint"],
            payload=document,
            fingerprint={
                "start_image_url": text_at(document, "start_image_url"),
                "webhook": call.request.asked("fal_webhook"),
            },
            units=number_at(document, "duration") or float(DEFAULT_DURATION),
            unit="seconds",
            seconds=self._works.latencies.of("video"),
            injection=call.injection,
        )

    def _refusal(self, job: Job) -> Reply | None:
        """What the result says of a job that made nothing."""
        if job.canceled:
            return json_reply({"detail": "Request was cancelled"}, CLIENT_CLOSED_REQUEST)
        if job.outcome in REFUSED:
            return FAL.unprocessable(*REFUSED[job.outcome])
        if wrong := wrong_with(job.payload):
            job.outcome = Outcome.FAILED
            return FAL.unprocessable(*wrong)
        return None

    async def _finished(self, job: Job) -> Reply:
        name = f"{job.id}.mp4"
        video = {
            "url": f"{FILES}/files/vendor/{name}",
            "content_type": "video/mp4",
            "file_name": name,
            "file_size": len(await self._film(job)),
        }
        return json_reply(
            {"video": video}, X_Fal_Request_Id=job.id, X_Fal_Billable_Units=f"{job.units:g}"
        )

    async def cancel(self, call: Call) -> Reply:
        job = self._find(call)
        if job is None:
            return json_reply({"status": "NOT_FOUND"}, 404)
        refused = call.injection is not None and call.injection.fault is Fault.CANCEL_REFUSED
        if job.ended or refused:
            return json_reply({"status": "ALREADY_COMPLETED"}, 400)
        job.canceled = True
        return json_reply({"status": "CANCELLATION_REQUESTED"}, HTTPStatus.ACCEPTED)

    async def requests_by_endpoint(self, call: Call) -> Reply:
        """The platform's list, newest first, a page at a time."""
        request = call.request
        endpoints = {
            name for value in request.query.get("endpoint_id", []) for name in value.split(",")
        }
        if not endpoints:
            return json_reply({"error": {"type": "validation_error"}}, 400)
        start = _when(request.asked("start")) or datetime.now(UTC) - timedelta(hours=24)
        end = _when(request.asked("end")) or datetime.max.replace(tzinfo=UTC)
        found = [
            job
            for job in reversed(self._works.books.jobs("fal"))
            if job.model in endpoints
            and start <= job.sent_at < end
            and self._works.latencies.is_listed(job)
        ]
        if call.injection is not None and call.injection.fault is Fault.NOT_LISTED:
            found = found[1:]
        cursor = request.asked("cursor")
        first = int(base64.b64decode(cursor)) if cursor else 0
        count = min(int(request.asked("limit") or PAGE_ITEMS), PAGE_ITEMS_MAX)
        more = len(found) > first + count
        with_payloads = "payloads" in request.query.get("expand", [])
        return json_reply(
            {
                "items": [_listed(job, with_payloads) for job in found[first : first + count]],
                "next_cursor": _cursor(first + count) if more else None,
                "has_more": more,
            }
        )

    async def download(self, call: Call) -> Reply:
        """What a request made. Uploads are served by the storage."""
        job = self._works.books.find(call.parts["id"], "fal.submit")
        expired = call.injection is not None and call.injection.fault is Fault.OUTPUT_EXPIRED
        if job is None or job.outcome is Outcome.EXPIRED or expired:
            status = (call.injection.status if call.injection else None) or 404
            return json_reply({"detail": "Not Found"}, status)
        return Reply(body=await self._film(job), content_type="video/mp4").for_job(job)

    def _find(self, call: Call) -> Job | None:
        job = self._works.books.find(call.parts["id"], "fal.submit")
        return job if job is not None and job.model.startswith(call.parts["app"]) else None

    async def _film(self, job: Job) -> bytes:
        return await self._works.film(clip_shape(job), job)


def _no_request() -> Reply:
    return json_reply({"detail": "Request not found"}, 404)


def _listed(job: Job, with_payloads: bool) -> Json:  # noqa: FBT001 # one caller
    item: Json = {
        "request_id": job.id,
        "endpoint_id": job.model,
        "sent_at": _utc(job.sent_at),
        "started_at": _utc(job.sent_at),
    }
    if job.ended:
        status = 422 if job.outcome in REFUSED else 200
        item |= {
            "ended_at": _utc(datetime.now(UTC)),
            "status_code": status,
            "duration": job.seconds,
        }
    if with_payloads:
        item["json_input"] = job.payload
    return item


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _cursor(first: int) -> str:
    """Opaque, as theirs is."""
    return base64.b64encode(str(first).encode()).decode()


def _when(text: str) -> datetime | None:
    if not text:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)

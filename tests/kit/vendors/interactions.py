"""Google's Interactions: Omni video, Lyria music, pictures and text; at once or in background."""

import asyncio
import base64
import time
from datetime import UTC, datetime
from uuid import uuid4

from tests.kit.vendors import media
from tests.kit.vendors.books import Job, Outcome
from tests.kit.vendors.documents import Json, dig, items_at, number_at, text_at
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.google_content import PIXELS_AT_1K, answer_to
from tests.kit.vendors.google_files import Files
from tests.kit.vendors.media import VideoShape
from tests.kit.vendors.refusals import INTERACTIONS
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call, TextAsk, Works, outcome_now

SIZES = {"360p": (640, 360), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
FRAMES_PER_SECOND = 24
OMNI_SECONDS = 8
OMNI_SECONDS_MAX = 15
VIDEO_TOKENS_A_SECOND = 5792
"""At 720p; Google's price list counts Omni's output by it."""
CLIP_SECONDS = 30
MUSIC_SECONDS_MAX = 184
REFUSED = {
    Outcome.PROMPT_REFUSED: "The prompt was blocked by the safety filters.",
    Outcome.IMAGE_REFUSED: "An input image was blocked by the safety filters.",
    Outcome.OUTPUT_REFUSED: "The generated output was blocked by the safety filters.",
    Outcome.FAILED: "An internal error occurred.",
}


class Interactions:
    def __init__(self, works: Works, files: Files) -> None:
        self._works = works
        self._files = files
        self._steps: dict[str, list[Json]] = {}
        self._orders: dict[str, Call] = {}
        self._deleted: set[str] = set()

    async def create(self, call: Call) -> Reply:
        document = call.request.document
        model = text_at(document, "model")
        if not model or dig(document, "input") is None:
            return INTERACTIONS.invalid("model and input are required")
        fault = call.injection.fault if call.injection else None
        if fault in {Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED}:
            return INTERACTIONS.invalid(REFUSED[Outcome(fault)])
        kind = _kind(document)
        shape = _shape(document)
        if kind == "video" and not 1 <= shape.seconds <= OMNI_SECONDS_MAX:
            return INTERACTIONS.invalid("duration is out of range")
        job = self._works.books.accept(
            job_id=f"v1_{uuid4().hex}",
            call="interactions.create",
            model=model,
            payload=document,
            fingerprint={
                "label": text_at(document, "labels", "attempt"),
                "gcs_uri": text_at(document, "response_format", "gcs_uri"),
                "user_metadata": text_at(document, "webhook_config", "user_metadata", "attempt"),
            },
            units=shape.seconds if kind == "video" else 1,
            unit="seconds" if kind == "video" else "calls",
            seconds=self._works.latencies.of(kind),
            injection=call.injection,
        )
        self._orders[job.id] = call
        if text_at(document, "response_format", "gcs_uri"):  # written whether or not anyone asks
            self._works.tasks[job.id] = asyncio.create_task(self._finish(job))
        if dig(document, "background") is True:
            if kind == "video":
                self._works.film_ahead(shape, job)
            return json_reply(self._resource(job))
        await self._made(job)
        job.ended = True
        return json_reply(self._resource(job)).for_job(job)

    async def poll(self, call: Call) -> Reply:
        job = self._find(call)
        if job is None:
            return INTERACTIONS.gone(call.parts["id"])
        outcome_now(job, call.injection)
        still = call.injection is not None and call.injection.fault is Fault.STILL_RUNNING
        if job.canceled or still or not self._works.latencies.poll(job):
            return json_reply(self._resource(job, running=still))
        if job.outcome not in REFUSED:
            await self._made(job)
        return json_reply(self._resource(job)).for_job(job)

    async def cancel(self, call: Call) -> Reply:
        job = self._find(call)
        if job is None:
            return INTERACTIONS.gone(call.parts["id"])
        refused = call.injection is not None and call.injection.fault is Fault.CANCEL_REFUSED
        if job.ended or refused:
            return INTERACTIONS.invalid("The interaction is not in a state that can be cancelled.")
        job.canceled = True
        return json_reply(self._resource(job))

    async def delete(self, call: Call) -> Reply:
        if self._find(call) is None:
            return INTERACTIONS.gone(call.parts["id"])
        self._deleted.add(call.parts["id"])
        return json_reply({})

    def _find(self, call: Call) -> Job | None:
        job = self._works.books.find(call.parts["id"], "interactions.create")
        return None if job is None or job.id in self._deleted else job

    async def _made(self, job: Job) -> None:
        """Wait until the output is there, or make it where nobody has."""
        if job.id in self._works.tasks:
            await self._works.tasks[job.id]
        elif job.id not in self._steps:
            await self._finish(job)

    async def _finish(self, job: Job) -> None:
        rest = job.accepted + job.seconds - time.monotonic()
        if _kind(self._orders[job.id].request.document) == "video":
            # What stands in a bucket must not be there before its time.
            await asyncio.sleep(rest)
            rest = 0
        if job.outcome in {Outcome.FINE, Outcome.EXPIRED} and not job.canceled:
            content, _ = await asyncio.gather(
                self._content(job, self._orders[job.id]), asyncio.sleep(rest)
            )
            self._steps[job.id] = [{"type": "model_output", "content": content}]

    async def _content(self, job: Job, call: Call) -> list[Json]:
        document = call.request.document
        match _kind(document):
            case "video":
                film = await self._works.film(_shape(document), job)
                place = await self._place(job, document, film)
                return [{"type": "video", "mime_type": "video/mp4", **place}]
            case "music":
                return await self._music(document)
            case "image":
                aspect = text_at(document, "response_format", "aspect_ratio") or "1:1"
                body = await self._works.picture(*PIXELS_AT_1K[aspect], job)
                return [{"type": "image", "mime_type": "image/png", "data": _base64(body)}]
            case _:
                fault = call.injection.fault if call.injection else None
                answer = answer_to(self._works, _ask(document), fault)
                return [{"type": "text", "text": answer}]

    async def _place(self, job: Job, document: Json, film: bytes) -> Json:
        """Where the film is: in the answer, in the caller's bucket, or among Google's files."""
        if bucket := text_at(document, "response_format", "gcs_uri"):
            address = f"{bucket.rstrip('/')}/{job.id}.mp4"
            if job.outcome is not Outcome.EXPIRED:
                await self._works.store(address, film, "video/mp4")
            return {"uri": address}
        if text_at(document, "response_format", "delivery") == "uri":
            kept = None if job.outcome is Outcome.EXPIRED else film
            return {"uri": self._files.keep_generated(kept)}
        return {"data": _base64(film)}

    async def _music(self, document: Json) -> list[Json]:
        prompt = _all_text(document)
        clip = "clip" in text_at(document, "model")
        seconds = CLIP_SECONDS if clip else media.seconds_asked(prompt, CLIP_SECONDS)
        wanted = text_at(document, "response_format", "mime_type")
        kind, mime_type = ("wav", "audio/wav") if "wav" in wanted else ("mp3", "audio/mpeg")
        length = min(seconds, MUSIC_SECONDS_MAX)
        body = await asyncio.to_thread(self._works.media.music, length, kind)
        words = f"[0:00] (instrumental)\n[0:04] {prompt.splitlines()[0][:60] if prompt else ''}"
        return [
            {"type": "text", "text": words},
            {"type": "audio", "mime_type": mime_type, "data": _base64(body)},
        ]

    def _resource(self, job: Job, *, running: bool = False) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        resource: Json = {
            "id": job.id,
            "model": job.model,
            "status": "in_progress" if running else _status(job),
            "created": job.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "updated": now,
        }
        if not job.ended or running:
            return resource
        if job.outcome in REFUSED:
            code = "internal" if job.outcome is Outcome.FAILED else "content_policy_violation"
            resource["errors"] = [{"code": code, "message": REFUSED[job.outcome]}]
            return resource
        resource["steps"] = self._steps.get(job.id, [])
        tokens = round(job.units * VIDEO_TOKENS_A_SECOND) if job.unit == "seconds" else 40
        modality = "video" if job.unit == "seconds" else "text"
        resource["usage"] = {
            "total_input_tokens": 32,
            "total_output_tokens": tokens,
            "total_tokens": 32 + tokens,
            "output_tokens_by_modality": [{"modality": modality, "tokens": tokens}],
        }
        return resource


def _status(job: Job) -> str:
    if job.canceled:
        return "cancelled"
    if not job.ended:
        return "in_progress"
    if job.outcome is Outcome.ODD:
        return job.detail or "incomplete"
    return "failed" if job.outcome in REFUSED else "completed"


def _kind(document: Json) -> str:
    model = text_at(document, "model")
    wanted = text_at(document, "response_format", "type")
    if model.startswith("lyria"):
        return "music"
    if wanted == "video" or (not wanted and model.startswith("gemini-omni")):
        return "video"
    return "image" if wanted == "image" else "text"


def _shape(document: Json) -> VideoShape:
    wanted = dig(document, "response_format")
    wide, high = SIZES[text_at(wanted, "resolution") or "720p"]
    if text_at(wanted, "aspect_ratio") == "9:16":
        wide, high = high, wide
    seconds = number_at(wanted, "duration") or OMNI_SECONDS
    return VideoShape(wide, high, seconds, FRAMES_PER_SECOND)


def _ask(document: Json) -> TextAsk:
    schema = dig(document, "response_format", "schema")
    return TextAsk(
        model=text_at(document, "model"),
        text=_all_text(document),
        system=text_at(document, "system_instruction"),
        schema=schema if isinstance(schema, dict) else None,
        request=document,
    )


def _all_text(document: Json) -> str:
    """The words of `input`, which is a text, contents, or steps of contents."""
    given = dig(document, "input")
    if isinstance(given, str):
        return given
    contents = [
        content
        for entry in (given if isinstance(given, list) else [given])
        for content in (items_at(entry, "content") or [entry])
    ]
    return "\n".join(text for content in contents if (text := text_at(content, "text")))


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode()

"""Veo on Vertex: predictLongRunning and fetchPredictOperation."""

import asyncio
import base64
from uuid import uuid4

from tests.kit.vendors.books import Job, Outcome
from tests.kit.vendors.documents import Json, dig, items_at, number_at, text_at
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.media import VideoShape
from tests.kit.vendors.refusals import GOOGLE, google_error
from tests.kit.vendors.wire import Reply, json_reply
from tests.kit.vendors.works import Call, Works, outcome_now

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
DURATIONS_SECONDS = (4, 6, 8)
FRAMES_PER_SECOND = 24
RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
# The form of these is Google's (a reason and support codes); match the codes, not the wording.
REFUSED_PROMPT = (
    "The prompt could not be submitted. This prompt contains words that violate Vertex AI's usage "
    "guidelines. Please rephrase the prompt and try again. Support codes: 58061214"
)
REFUSED_IMAGE = (
    "Veo could not generate videos because the input image violates Vertex AI's usage guidelines. "
    "Support codes: 17301594"
)
REFUSED_OUTPUT = (
    "Veo found something in the generated video that violates Vertex AI's usage guidelines. "
    "Support codes: 29310472"
)
INTERNAL = "Video generation failed due to an internal server issue. Please try again."


class Veo:
    def __init__(self, works: Works) -> None:
        self._works = works
        self._outputs: dict[str, list[str]] = {}

    async def submit(self, call: Call) -> Reply:
        document, model = call.request.document, call.parts["model"]
        if wrong := _wrong_with(document):
            return GOOGLE.invalid(wrong)
        fault = call.injection.fault if call.injection else None
        if fault in {Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED}:
            message = REFUSED_PROMPT if fault is Fault.PROMPT_REFUSED else REFUSED_IMAGE
            return google_error(400, message)
        prefix = text_at(document, "parameters", "storageUri")
        operation = (
            f"projects/{call.parts['project']}/locations/{call.parts['location']}/publishers/"
            f"google/models/{model}/operations/{uuid4()}"
        )
        job = self._works.books.accept(
            job_id=operation,
            call="veo.submit",
            model=model,
            payload=document,
            fingerprint={
                "storage_uri": prefix,
                "label": text_at(document, "labels", "attempt"),
            },
            units=_seconds(document) * _count(document),
            unit="seconds",
            seconds=self._works.latencies.of("video"),
            injection=call.injection,
        )
        self._works.film_ahead(_shape(document), job)
        if prefix:
            self._works.tasks[operation] = asyncio.create_task(self._store(job, document, prefix))
        return json_reply({"name": operation})

    async def poll(self, call: Call) -> Reply:
        operation = text_at(call.request.document, "operationName")
        job = self._works.books.find(operation, "veo.submit")
        if job is None:
            return google_error(404, f"Operation {operation} was not found.")
        outcome_now(job, call.injection)
        still = call.injection is not None and call.injection.fault is Fault.STILL_RUNNING
        if still or not self._works.latencies.poll(job):
            return json_reply({"name": operation})
        done: Json = {"name": operation, "done": True}
        if (error := _error_of(job)) is not None:
            return json_reply({**done, "error": error})
        reply = json_reply({**done, "response": await self._response(job)})
        reply.delivers = job
        return reply

    async def _response(self, job: Job) -> Json:
        response: Json = {"@type": RESPONSE_TYPE}
        if job.outcome is Outcome.OUTPUT_REFUSED:
            return {
                **response,
                "raiMediaFilteredCount": 1,
                "raiMediaFilteredReasons": [REFUSED_OUTPUT],
            }
        if (task := self._works.tasks.get(job.id)) is not None:
            await task
            if job.outcome is Outcome.EXPIRED:
                for address in self._outputs[job.id]:
                    self._works.objects.pop(address, None)
            videos = [
                {"gcsUri": address, "mimeType": "video/mp4"} for address in self._outputs[job.id]
            ]
        else:
            film = await self._works.film(_shape(job.payload), job)
            inline = base64.b64encode(film).decode()
            videos = [{"bytesBase64Encoded": inline, "mimeType": "video/mp4"}] * _count(job.payload)
        return {**response, "raiMediaFilteredCount": 0, "videos": videos}

    async def _store(self, job: Job, document: Json, prefix: str) -> None:
        """Write the output when its time has come, whether or not anyone asks about it."""
        await asyncio.sleep(job.seconds)
        folder = f"{prefix.rstrip('/')}/{job.number:019d}"
        addresses = [f"{folder}/sample_{index}.mp4" for index in range(_count(document))]
        self._outputs[job.id] = addresses
        if job.outcome is Outcome.FINE:
            film = await self._works.film(_shape(document), job)
            for address in addresses:
                await self._works.store(address, film, "video/mp4")


def _error_of(job: Job) -> Json | None:
    """google.rpc.Status of an operation that failed."""
    match job.outcome:
        case Outcome.PROMPT_REFUSED:
            return {"code": 3, "message": REFUSED_PROMPT}
        case Outcome.IMAGE_REFUSED:
            return {"code": 3, "message": REFUSED_IMAGE}
        case Outcome.FAILED:
            return {"code": 13, "message": INTERNAL}
        case _:
            return None


def _seconds(document: Json) -> float:
    return number_at(document, "parameters", "durationSeconds") or 8


def _count(document: Json) -> int:
    return int(number_at(document, "parameters", "sampleCount") or 1)


def _shape(document: Json) -> VideoShape:
    parameters = dig(document, "parameters")
    wide, high = SIZES[text_at(parameters, "resolution") or "720p"]
    if text_at(parameters, "aspectRatio") == "9:16":
        wide, high = high, wide
    sound = dig(parameters, "generateAudio") is not False
    return VideoShape(wide, high, _seconds(document), FRAMES_PER_SECOND, sound)


def _wrong_with(document: Json) -> str:
    """Why the request is refused, or nothing."""
    instance = dig(document, "instances", 0)
    parameters = dig(document, "parameters")
    pictures = dig(instance, "image") or dig(instance, "lastFrame")
    wrongs = {
        "Prompt is required.": not text_at(instance, "prompt"),
        "durationSeconds must be one of 4, 6, 8.": _seconds(document) not in DURATIONS_SECONDS,
        "Unsupported aspect ratio.": text_at(parameters, "aspectRatio") not in {"", "16:9", "9:16"},
        "Unsupported resolution.": text_at(parameters, "resolution") not in {"", *SIZES},
        "Image and reference images cannot be used together.": bool(
            pictures and items_at(instance, "referenceImages")
        ),
    }
    return next((message for message, wrong in wrongs.items() if wrong), "")

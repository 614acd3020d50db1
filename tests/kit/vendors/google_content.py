"""Google's generateContent: text, JSON by a schema, pictures, speech; both of its hosts."""

import asyncio
import base64
import json
from uuid import uuid4

from tests.kit.vendors import media
from tests.kit.vendors.books import Job
from tests.kit.vendors.documents import Json, dig, items_at, text_at
from tests.kit.vendors.faults import Fault
from tests.kit.vendors.refusals import GOOGLE
from tests.kit.vendors.sample import sample
from tests.kit.vendors.wire import Reply, Request, json_reply
from tests.kit.vendors.works import Call, TextAsk, Works

PIXELS_AT_1K = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:2": (1264, 848),
    "3:4": (896, 1200),
    "4:3": (1200, 896),
    "4:5": (928, 1152),
    "5:4": (1152, 928),
    "9:16": (768, 1376),
    "16:9": (1376, 768),
    "21:9": (1584, 672),
}
"""What gemini-3-pro-image makes of an aspect ratio at 1K; 2K and 4K are two and four times that."""
SIZES = {"512": 0.5, "1K": 1, "2K": 2, "4K": 4}
DEFAULT_TEXT = "A quiet scene in warm light."
AUDIO_TOKENS_A_SECOND = 25
IMAGE_TOKENS = 1120
"""What a picture of gemini-3-pro-image at 1K or 2K counts as in Google's price list."""


def kind_of(request: Request) -> str:
    """Which call a generateContent is, by the modality that it asks for."""
    wanted = items_at(request.document, "generationConfig", "responseModalities")
    if "IMAGE" in wanted:
        return "google.image"
    return "google.speech" if "AUDIO" in wanted else "google.text"


class Content:
    def __init__(self, works: Works) -> None:
        self._works = works

    async def generate(self, call: Call) -> Reply:
        document, model = call.request.document, call.parts["model"]
        if model.startswith("gemini-omni"):
            return GOOGLE.invalid(f"Model {model} only supports Interactions API.")
        contents = items_at(document, "contents")
        if not contents:
            return GOOGLE.invalid("* GenerateContentRequest.contents: contents is not specified")
        job = self._works.books.accept(
            job_id=f"gen-{uuid4().hex}",
            call=call.kind,
            model=model,
            payload=document,
            fingerprint={"label": text_at(document, "labels", "attempt")},
            units=1,
            unit="calls",
            seconds=self._works.latencies.of(call.kind.rpartition(".")[2]),
            injection=call.injection,
        )
        fault = call.injection.fault if call.injection else None
        # Made meanwhile, so that the time it takes is the time that was scripted.
        answer, _ = await asyncio.gather(self._answer(call, job, fault), asyncio.sleep(job.seconds))
        return json_reply(answer).for_job(job)

    async def _answer(self, call: Call, job: Job, fault: Fault | None) -> Json:
        model = call.parts["model"]
        if fault in {Fault.PROMPT_REFUSED, Fault.IMAGE_REFUSED}:
            reason = "PROHIBITED_CONTENT" if fault is Fault.PROMPT_REFUSED else "IMAGE_SAFETY"
            return _whole(model, {"promptFeedback": {"blockReason": reason}}, 0)
        if fault is Fault.OUTPUT_REFUSED:
            reason = "IMAGE_SAFETY" if call.kind == "google.image" else "SAFETY"
            refused = {
                "content": {"role": "model"},
                "finishReason": reason,
                "finishMessage": "Unable to show the generated content.",
                "index": 0,
            }
            return _whole(model, {"candidates": [refused]}, 0)
        part, tokens = await self._part(call, job, fault)
        candidate = {
            "content": {"role": "model", "parts": [part]},
            "finishReason": "STOP",
            "index": 0,
        }
        return _whole(model, {"candidates": [candidate]}, tokens)

    async def _part(self, call: Call, job: Job, fault: Fault | None) -> tuple[Json, int]:
        document = call.request.document
        if call.kind == "google.image":
            aspect = text_at(document, "generationConfig", "imageConfig", "aspectRatio") or "1:1"
            size = text_at(document, "generationConfig", "imageConfig", "imageSize") or "1K"
            width, height = PIXELS_AT_1K[aspect]
            scale = SIZES[size]
            body = await self._works.picture(int(width * scale), int(height * scale), job)
            return _inline("image/png", body), IMAGE_TOKENS
        if call.kind == "google.speech":
            asked = _all_text(document)
            # "Read aloud, as …:" is an order; what follows it is spoken.
            body = media.speech(asked.partition(":\n")[2] or asked)
            seconds = len(body) / 2 / media.SPEECH_HERTZ
            tokens = round(seconds * AUDIO_TOKENS_A_SECOND)
            return _inline("audio/L16;codec=pcm;rate=24000", body), tokens
        answer = answer_to(self._works, ask_of(call), fault)
        return {"text": answer}, len(answer) // 4 + 1


def ask_of(call: Call) -> TextAsk:
    document = call.request.document
    config = dig(document, "generationConfig")
    schema = dig(config, "responseJsonSchema") or dig(config, "responseSchema")
    parts = items_at(document, "systemInstruction", "parts")
    return TextAsk(
        model=call.parts["model"],
        text=_all_text(document),
        system="\n".join(text_at(part, "text") for part in parts),
        schema=schema if isinstance(schema, dict) else None,
        request=document,
    )


def answer_to(works: Works, ask: TextAsk, fault: Fault | None) -> str:
    """What the model says: scripted, else valid for the schema, else a sentence."""
    if fault is Fault.SCHEMA_BROKEN:
        return json.dumps({"unexpected": ["shape"]})
    answer = works.responder(ask)
    if answer is None:
        answer = DEFAULT_TEXT if ask.schema is None else sample(ask.schema)
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return text[: len(text) // 2] if fault is Fault.MALFORMED_ANSWER else text


def _all_text(document: Json) -> str:
    return "\n".join(
        text
        for content in items_at(document, "contents")
        for part in items_at(content, "parts")
        if (text := text_at(part, "text"))
    )


def _inline(mime_type: str, body: bytes) -> Json:
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(body).decode()}}


def _whole(model: str, answer: Json, tokens: int) -> Json:
    usage: Json = {"promptTokenCount": 32, "totalTokenCount": 32 + tokens}
    if tokens:
        usage["candidatesTokenCount"] = tokens
    return {
        **answer,
        "usageMetadata": usage,
        "modelVersion": model,
        "responseId": uuid4().hex,
    }

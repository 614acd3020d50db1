"""The demo's side of the public API: submit, look, download. It knows no more than any client."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, Self

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from studio.contracts.errors import StudioError

REQUEST_SECONDS: Final = 30.0
KEY_HEADER: Final = "X-FVS-Agent-Key"


class DemoFailed(StudioError):
    """No film came of it; the sentence says why."""

    code: ClassVar[str] = "demo_failed"


class GatewayAway(DemoFailed):
    """The gateway did not answer just now; it may again."""

    code: ClassVar[str] = "gateway_away"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ClipAnswer(_Answer):
    index: int
    status: str
    attempts: int = 0
    error: str | None = None


class RenderAnswer(_Answer):
    """The fields of a render that the demo shows."""

    project_id: str
    status: str
    current_stage: str
    is_running: bool
    progress: float
    final_video_url: str | None
    last_error: str | None
    status_url: str
    credits_reserved: int
    credits_settled: int
    clips: tuple[ClipAnswer, ...] = ()
    warnings: tuple[str, ...] = ()


class _Problem(_Answer):
    detail: str


class DemoClient:
    """Talks to one gateway with one key. Close it, or use it as a context."""

    def __init__(self, gateway_url: str, api_key: str) -> None:
        self._renders = f"{gateway_url}/api/agent/renders"
        self._key = {KEY_HEADER: api_key}
        self._client = httpx2.Client(timeout=REQUEST_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def submit(self, payload: object, files: Sequence[tuple[str, bytes]]) -> RenderAnswer:
        """Post one render. DemoFailed with the problem's own sentence when it is refused."""
        try:
            answer = self._client.post(
                self._renders,
                headers=self._key,
                data={"request_json": json.dumps(payload)},
                files=[("files", (name, content)) for name, content in files],
            )
        except httpx2.HTTPError as error:
            raise DemoFailed(f"The render could not be submitted: {error}.") from None
        return _parse(answer)

    def look(self, render: RenderAnswer) -> RenderAnswer:
        """The render as it is now. GatewayAway when asking again may help."""
        try:
            answer = self._client.get(render.status_url, headers=self._key)
        except httpx2.HTTPError as error:
            raise GatewayAway(f"The gateway does not answer: {error}.") from None
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise GatewayAway(f"The gateway answered with status {answer.status_code}.")
        return _parse(answer)

    def download(self, url: str, target: Path) -> int:
        """Save the film, whole or not at all, and return its size in bytes.

        Sends no key: the URL is signed.
        """
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._client.stream("GET", url) as answer, part.open("wb") as file:
                if not answer.is_success:
                    raise DemoFailed(f"The film's URL answered with status {answer.status_code}.")
                for block in answer.iter_bytes():
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except httpx2.HTTPError as error:
            raise DemoFailed(f"The film could not be downloaded: {error}.") from None
        except OSError as error:
            raise DemoFailed(f"{target} cannot be written: {error.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
        return target.stat().st_size


def _parse(answer: httpx2.Response) -> RenderAnswer:
    try:
        if answer.is_success:
            return RenderAnswer.model_validate_json(answer.content)
        detail = _Problem.model_validate_json(answer.content).detail
    except ValidationError:
        raise DemoFailed(
            f"The gateway's answer with status {answer.status_code} cannot be understood."
        ) from None
    raise DemoFailed(f"The gateway refused: {detail}")

"""`fvs_download_final_video`: the film onto the disk of this process, where that is wanted."""

import json
from collections.abc import Mapping
from typing import Final

from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations
from pydantic import BaseModel, Field, JsonValue, ValidationError

from gateway.mcp.names import DOWNLOAD_FILM
from gateway.services.download_errors import (
    DiskRefused,
    DownloadError,
    DownloadsBusy,
    DownloadTooSlow,
    FileExists,
    FilmGone,
    FilmTooLarge,
    FilmUnavailable,
    NotAFilm,
    PathNotAllowed,
    UrlExpired,
    UrlNotAllowed,
)
from gateway.services.downloads import DOWNLOAD_SECONDS_MAX, FilmDownloads, OnBytes
from gateway.services.film_addresses import FILM_URL_LENGTH_MAX
from studio.contracts.base import EdgeModel
from studio.ingest.problems import problems_of

TITLE: Final = "Download the final video"
DESCRIPTION: Final = f"""\
Saves a finished film to a file. Use it only after a status tool returned a completed \
final_video_url. It fetches that signed URL by HTTPS without any key, spends no credits and \
changes nothing about the render.

The file is written on the machine that this MCP server runs on, below its folder of downloads; \
parent folders are created and an existing file is refused unless overwrite is true. A hosted \
server writes no files: it answers with saved=false and the URL, which you then give to the user \
or fetch yourself. Large films take minutes, {DOWNLOAD_SECONDS_MAX:.0f} seconds at most. If the \
URL has expired, poll the status and use the fresh one."""

_STEPS: Final[dict[type[DownloadError], str]] = {
    UrlNotAllowed: "Poll the render's status and pass its final_video_url unchanged.",
    PathNotAllowed: "Call again with another output_path.",
    FileExists: "Call again with another output_path, or with overwrite true.",
    UrlExpired: "Poll the render's status and call again with the fresh final_video_url.",
    FilmGone: "Poll the render's status.",
    NotAFilm: "Poll the render's status and call again with its final_video_url.",
    FilmTooLarge: "Give final_video_url to the user.",
    DownloadTooSlow: "Call again, or give final_video_url to the user.",
    DiskRefused: "Tell the user, or call again with another output_path.",
    FilmUnavailable: "Call again in a minute.",
    DownloadsBusy: "Call again in a minute.",
}
_PASSING: Final = (DownloadTooSlow, FilmUnavailable, DownloadsBusy)
RETRY_AFTER_SECONDS: Final = 30
"""For what passes by itself; a restart of a store takes about as long."""

_FETCH_IT: Final = (
    "Do not call this tool again here. Give final_video_url to the user, or fetch it with a plain "
    "GET without headers before it expires."
)
NO_FILES: Final = "This server is hosted and writes no files."
NO_KEY: Final = "This server writes files only for callers with a valid agent key."


class DownloadArguments(EdgeModel):
    final_video_url: str = Field(
        max_length=FILM_URL_LENGTH_MAX,
        description="The signed final_video_url of a completed render, unchanged.",
    )
    output_path: str = Field(
        description="Where to write on the MCP server's machine: below its folder of downloads, "
        "relative to it or absolute.",
    )
    overwrite: bool = Field(default=False, description="Replace an existing file.")


class DownloadResult(BaseModel):
    """`output_path`, `size_bytes` and `sha256` are empty where nothing was saved."""

    saved: bool = Field(description="Whether the file was written.")
    final_video_url: str = Field(description="The signed URL, as it was given.")
    output_path: str = Field(description="The absolute path, on the MCP server's machine.")
    size_bytes: int
    sha256: str = Field(description="Of the whole file, in hexadecimal.")
    replaced: bool = Field(description="Whether an older file was replaced.")
    message: str
    next_action: str


def download_tool() -> Tool:
    """What `tools/list` says of it."""
    return Tool(
        name=DOWNLOAD_FILM,
        title=TITLE,
        description=DESCRIPTION,
        input_schema=_schema(DownloadArguments),
        output_schema=_schema(DownloadResult),
        annotations=ToolAnnotations(
            title=TITLE,
            read_only_hint=False,
            destructive_hint=True,
            idempotent_hint=False,
            open_world_hint=True,
        ),
    )


async def download(
    arguments: Mapping[str, JsonValue],
    *,
    films: FilmDownloads | None,
    is_known: bool,
    on_bytes: OnBytes,
) -> CallToolResult:
    """Run the tool. Every foreseen failure is a result.

    Without `films`, and for callers that are not known, it writes nothing: it answers with the
    address and says why, which is no error, so that no agent tries again and again.
    """
    try:
        given = DownloadArguments.model_validate(dict(arguments))
    except ValidationError as error:
        return _invalid(error)
    if films is None or not is_known:
        return _not_saved(given.final_video_url, NO_FILES if films is None else NO_KEY)
    try:
        saved = await films.save(
            given.final_video_url,
            given.output_path,
            overwrite=given.overwrite,
            on_bytes=on_bytes,
        )
    except DownloadError as error:
        return _failed(error)
    return _answer(
        DownloadResult(
            saved=True,
            final_video_url=given.final_video_url,
            output_path=saved.path,
            size_bytes=saved.size_bytes,
            sha256=saved.sha256,
            replaced=saved.replaced,
            message=f"The film was saved to {saved.path} on the machine of the MCP server.",
            next_action="Tell the user where the film is.",
        )
    )


def _schema(model: type[BaseModel]) -> dict[str, JsonValue]:
    """Without titles, which repeat the names. The models are flat, so nothing is referred to."""
    schema = model.model_json_schema()
    fields = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema["properties"].items()
    }
    kept = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return {**kept, "properties": fields}


def _not_saved(url: str, message: str) -> CallToolResult:
    return _answer(
        DownloadResult(
            saved=False,
            final_video_url=url,
            output_path="",
            size_bytes=0,
            sha256="",
            replaced=False,
            message=message,
            next_action=_FETCH_IT,
        )
    )


def _answer(result: DownloadResult) -> CallToolResult:
    """The same twice: some clients read the text alone, others the structure alone."""
    document = result.model_dump(mode="json")
    return CallToolResult(
        content=[TextContent(type="text", text=json.dumps(document))], structured_content=document
    )


def _failed(error: DownloadError) -> CallToolResult:
    document: dict[str, JsonValue] = {
        "code": error.code,
        "message": error.detail,
        "next_action": _STEPS.get(type(error), "Tell the user."),
    }
    if isinstance(error, _PASSING):
        document["retry_after_seconds"] = RETRY_AFTER_SECONDS
    return _refusal(document)


def _invalid(error: ValidationError) -> CallToolResult:
    """Which argument is wrong, and how, without what was in it."""
    problems = problems_of(error, DownloadArguments)
    return _refusal(
        {
            "code": "invalid_request",
            "message": "; ".join(f"{each.pointer}: {each.detail}" for each in problems),
            "next_action": "Call again with the arguments that the tool's schema describes.",
        }
    )


def _refusal(document: dict[str, JsonValue]) -> CallToolResult:
    return CallToolResult(
        is_error=True,
        content=[TextContent(type="text", text=json.dumps(document))],
        structured_content=document,
    )

"""`fvs_download_final_video`: the film onto the disk of this process, where that is wanted."""

from collections.abc import Mapping
from typing import Final

from mcp.types import CallToolResult, Tool
from pydantic import BaseModel, Field, JsonValue

from gateway.mcp.calls import Arguments, Call, given_arguments, read_arguments
from gateway.mcp.errors import MissingKey, UnknownBillingMode, error_result
from gateway.mcp.names import DOWNLOAD_FILM
from gateway.mcp.results import answer, refusal
from gateway.mcp.schemas import closed, portable_schema
from gateway.mcp.toolbox import StudioTool, studio_tool
from gateway.services.download_errors import DownloadError
from gateway.services.downloads import DOWNLOAD_SECONDS_MAX, FilmDownloads, OnBytes
from gateway.services.film_addresses import FILM_URL_LENGTH_MAX
from studio.accounts.errors import InvalidKey
from studio.accounts.tables import KeyScope
from studio.contracts.base import EdgeModel
from studio.ingest.errors import InvalidRequest

DESCRIPTION: Final = f"""\
Saves a finished film to a file. Use it only after a status tool returned a completed \
final_video_url. It fetches that signed URL by HTTPS without any key, spends no credits and \
changes nothing about the render.

The file is written on the machine that this MCP server runs on, below its folder of downloads; \
parent folders are created and an existing file is refused unless overwrite is true. A hosted \
server writes no files: it answers with saved=false and the URL, which you then give to the user \
or fetch yourself. Large films take minutes, {DOWNLOAD_SECONDS_MAX:.0f} seconds at most. If the \
URL has expired, poll the status and use the fresh one."""

NO_FILES: Final = "This server is hosted and writes no files."
NO_KEY: Final = "This server writes files only for callers with a valid agent key."
_FETCH_IT: Final = (
    "Do not call this tool again here. Give final_video_url to the user, or fetch it with a plain "
    "GET without headers before it expires."
)


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
    """Path, size and hash are left out where nothing was saved."""

    saved: bool = Field(description="Whether the file was written.")
    final_video_url: str = Field(description="The signed URL, as it was given.")
    output_path: str | None = Field(
        default=None, description="The absolute path, on the MCP server's machine."
    )
    size_bytes: int | None = None
    sha256: str | None = Field(default=None, description="Of the whole file, in hexadecimal.")
    replaced: bool = Field(description="Whether an older file was replaced.")
    message: str
    next_action: str = Field(description="What to do now, in a sentence.")


def download_tool(films: FilmDownloads | None) -> StudioTool:
    """The tool of a gateway, which saves films for callers with a key alone, or for nobody."""

    async def run(call: Call, arguments: Arguments) -> CallToolResult:
        async def report(received_bytes: int, size_bytes: int | None) -> None:
            await call.progress(received_bytes, size_bytes or received_bytes, "Saving the film")

        is_known = films is not None and await _is_known(call)
        return await download(arguments, films=films, is_known=is_known, on_bytes=report)

    return studio_tool(
        DOWNLOAD_FILM,
        run,
        title="Download the final video",
        description=DESCRIPTION,
        takes=closed(portable_schema(DownloadArguments)),
        gives=DownloadResult,
        effect="saves",
        is_open_world=True,
    )


def definition() -> Tool:
    """What `tools/list` says of it, whoever saves the films."""
    return download_tool(None).definition


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
        given = read_arguments(DownloadArguments, given_arguments(arguments))
        if films is None or not is_known:
            return _not_saved(given.final_video_url, NO_FILES if films is None else NO_KEY)
        saved = await films.save(
            given.final_video_url,
            given.output_path,
            overwrite=given.overwrite,
            on_bytes=on_bytes,
        )
    except (InvalidRequest, DownloadError) as error:
        return refusal(error_result(error))
    return answer(
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


async def _is_known(call: Call) -> bool:
    """Whether an account stands behind the call. What keeps that from being known is raised."""
    try:
        await call.principal(KeyScope.RENDERS_READ)
    except (MissingKey, InvalidKey, UnknownBillingMode):
        return False
    return True


def _not_saved(url: str, message: str) -> CallToolResult:
    return answer(
        DownloadResult(
            saved=False,
            final_video_url=url,
            replaced=False,
            message=message,
            next_action=_FETCH_IT,
        )
    )

"""Stored files behind signed URLs, for stores that do not serve their own."""

import hashlib
from http import HTTPStatus
from os import stat_result
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from gateway.dependencies import Gateway
from gateway.openapi import problems
from gateway.problem import problem, problem_response
from gateway.routes.ranges import Part, WholeFileResponse, is_named, wanted_part
from studio.contracts.limits import SIGNED_URL_LIFETIME_SECONDS
from studio.storage.disposition import content_disposition
from studio.storage.local import FILES_PATH, LocalStorage
from studio.storage.port import ObjectNotFound

DEFAULT_DOWNLOAD_NAME: Final = "download"
NOT_MODIFIED: Final = 304


def files_router(gateway: Gateway, files: LocalStorage) -> APIRouter:
    """`GET` and `HEAD /files/{key}`, with ranges."""
    router = APIRouter(tags=["files"])

    async def get_file(request: Request, key: str) -> Response:
        query = request.query_params.multi_items()
        gateway.dependencies.signer.verify(
            request.method,
            gateway.hosts.host(request.scope),
            FILES_PATH + key,
            query,
            gateway.clock.now(),
        )
        path, media_type, status = await gateway.threads.store(lambda: _open(files, key))
        headers = _headers(key, status, dict(query).get("filename") or DEFAULT_DOWNLOAD_NAME)
        if is_named(headers["ETag"], request.headers.get("if-none-match")):
            return Response(status_code=NOT_MODIFIED, headers=headers)
        part = wanted_part(request.headers, headers["ETag"], status.st_size)
        if part is Part.BEYOND:
            return _beyond(request, status.st_size)
        kind = FileResponse if part is Part.AS_ASKED else WholeFileResponse
        return kind(path, headers=headers, media_type=media_type, stat_result=status)

    path = FILES_PATH + "{key:path}"
    router.add_api_route(path, get_file, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        path,
        get_file,
        methods=["GET"],
        summary="Download a file",
        description="Takes the signed URLs that statuses carry, unchanged. Needs no key.",
        response_class=PlainTextResponse,
        responses=problems(403, 404, 416, 503),
    )
    return router


def _beyond(request: Request, size_bytes: int) -> Response:
    """RFC 9110, 15.5.17: 416 tells the size."""
    document = problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        f"The range begins behind the end of the file, which has {size_bytes} bytes.",
        request_id=request.scope.get("state", {}).get("request_id"),
    )
    return problem_response(document, {"Content-Range": f"bytes */{size_bytes}"})


def _open(files: LocalStorage, key: str) -> tuple[Path, str, stat_result]:
    """Where the object is, and its type. ObjectNotFound."""
    path, stored = files.open_path(key), files.stat(key)
    if path is None or stored is None:
        raise ObjectNotFound("The file is no longer there.")
    return path, stored.content_type, path.stat()


def _headers(key: str, status: stat_result, download_name: str) -> dict[str, str]:
    """Set here where the framework's own would differ from one process to the next."""
    identity = f"{key}\n{status.st_size}\n{status.st_mtime_ns}"
    etag = hashlib.sha256(identity.encode()).hexdigest()[:32]
    return {
        "ETag": f'"{etag}"',
        "Content-Disposition": content_disposition(download_name),
        "Cache-Control": f"private, max-age={SIGNED_URL_LIFETIME_SECONDS}",
        "X-Content-Type-Options": "nosniff",
    }

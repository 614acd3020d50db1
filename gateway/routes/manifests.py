"""The documents that MCP registries, hosts and ChatGPT look for, on the caller's host."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from gateway.dependencies import Gateway
from gateway.discovery import DISCOVERY_MAX_AGE_SECONDS
from gateway.manifests import MANIFESTS, Manifest, Place
from gateway.routes.ranges import is_named

_METHODS: Final = ["GET", "HEAD"]
_ETAG_DIGITS: Final = 32
_NOT_MODIFIED: Final = 304


def manifests_router(gateway: Gateway) -> APIRouter:
    router = APIRouter()
    for path, manifest in MANIFESTS.items():
        router.add_api_route(
            path, _answering(gateway, manifest), methods=_METHODS, include_in_schema=False
        )
    return router


def _answering(gateway: Gateway, manifest: Manifest) -> Callable[[Request], Awaitable[Response]]:
    given = gateway.dependencies

    async def get_manifest(request: Request) -> Response:
        base_url = gateway.hosts.base_url(request.scope)
        place = Place(base_url, _mcp_base_url(base_url, given.mcp_hosts), given.version)
        content = json.dumps(manifest.build(place), ensure_ascii=False, indent=2).encode() + b"\n"
        headers = {
            "Cache-Control": f"public, max-age={DISCOVERY_MAX_AGE_SECONDS}",
            "ETag": f'"{hashlib.sha256(content).hexdigest()[:_ETAG_DIGITS]}"',
        }
        if is_named(headers["ETag"], request.headers.get("if-none-match")):
            return Response(status_code=_NOT_MODIFIED, headers=headers)
        return Response(content, media_type=manifest.media_type, headers=headers)

    return get_manifest


def _mcp_base_url(base_url: str, hosts: Sequence[str]) -> str:
    """Where the endpoint is: the first host of its own, or the API's."""
    return f"{urlsplit(base_url).scheme}://{hosts[0]}" if hosts else base_url

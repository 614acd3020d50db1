"""Styles, scripts and icons, each under an address that changes with its bytes.

htmx and its extension come with an installed package, which keeps them up to date under the lock
file; none of Django's own code runs.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.console.names import STATIC

DIGEST_LENGTH: Final = 16
"""64 bits tell versions of a file apart; nobody gains by making two alike."""
FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HTMX: Final = {"htmx.js": "htmx-2.min.js", "htmx-sse.js": "ext/hx-sse-2.min.js"}


@dataclass(frozen=True)
class Asset:
    name: str
    content: bytes
    digest: str

    @property
    def path(self) -> str:
        return f"{STATIC}/{self.digest}/{self.name}"


class Assets:
    """All files of the console, read once. A template names one and gets its address."""

    def __init__(self) -> None:
        found = {each.name: each.read_bytes() for each in _own_files()}
        htmx = files("django_htmx") / "static" / "django_htmx"
        found |= {name: htmx.joinpath(file).read_bytes() for name, file in _HTMX.items()}
        self._assets = {name: _asset(name, content) for name, content in found.items()}

    def path(self, name: str) -> str:
        """Where a file is. KeyError for one that is not there: templates are ours."""
        return self._assets[name].path

    @property
    def route(self) -> Route:
        return Route(f"{STATIC}/{{digest}}/{{name}}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None or asset.digest != request.path_params["digest"]:
            raise HTTPException(404)
        kind = _TYPES[asset.name.rsplit(".", 1)[-1]]
        return Response(asset.content, media_type=kind, headers={"Cache-Control": FOREVER})


def _own_files() -> list[Traversable]:
    folder = files("gateway.console") / "static"
    return [each for each in folder.iterdir() if each.name.rsplit(".", 1)[-1] in _TYPES]


def _asset(name: str, content: bytes) -> Asset:
    return Asset(name, content, hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH])

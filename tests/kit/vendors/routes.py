"""Which request is which call."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.kit.vendors.fal import FalQueue
from tests.kit.vendors.fal_storage import FalStorage
from tests.kit.vendors.google_content import Content, kind_of
from tests.kit.vendors.google_files import Files
from tests.kit.vendors.interactions import Interactions
from tests.kit.vendors.kling import Kling
from tests.kit.vendors.veo import Veo
from tests.kit.vendors.wire import Reply, Request
from tests.kit.vendors.works import Call, Works

Answer = Callable[[Call], Awaitable[Reply]]

GOOGLE_HOST = r"(|generativelanguage\.googleapis\.com|([a-z0-9-]+-)?aiplatform\.googleapis\.com)"
VERTEX = r"/v1(?:beta1)?/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
MODEL = r"/publishers/google/models/(?P<model>[^/:]+)"
DEVELOPER_MODEL = r"/v1(?:beta)?/models/(?P<model>[^/:]+)"
INTERACTIONS = rf"(?:/v1(?:beta)?|{VERTEX})/interactions"
REQUEST = r"/(?P<app>[^/]+/[^/]+)/requests/(?P<id>[^/]+)"
KLING_HOST = r"(|api-singapore\.klingai\.com)"
KLING_FILES_HOST = r"(|v1-kling\.klingai\.com)"


@dataclass(frozen=True)
class Route:
    """`kind` is empty for what is free and cannot fail on purpose."""

    method: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    kind: str
    answer: Answer


class Routes:
    """Without a host the path alone decides, in the order below."""

    def __init__(self, works: Works) -> None:
        self.storage = FalStorage()
        self._routes = [*_google(works), *_kling(works), *_fal(works, self.storage)]

    def find(self, request: Request) -> tuple[Call, Answer] | None:
        for route in self._routes:
            if route.method != request.method or not route.host.fullmatch(request.host):
                continue
            if matched := route.path.fullmatch(request.path):
                parts = {name: value or "" for name, value in matched.groupdict().items()}
                kind = kind_of(request) if route.kind == "google" else route.kind
                return Call(request, kind, parts), route.answer
        return None


def _route(method: str, host: str, path: str, kind: str, answer: Answer) -> Route:
    return Route(method, re.compile(host), re.compile(path), kind, answer)


def _google(works: Works) -> list[Route]:
    files = Files(works)
    content, veo, interactions = Content(works), Veo(works), Interactions(works, files)
    name = r"/v1(?:beta)?/(?P<name>files/[^/:]+)"
    one = INTERACTIONS + r"/(?P<id>[^/]+)"
    table = [
        ("POST", f"{DEVELOPER_MODEL}:generateContent", "google", content.generate),
        ("POST", f"{VERTEX}{MODEL}:generateContent", "google", content.generate),
        ("POST", f"{VERTEX}{MODEL}:predictLongRunning", "veo.submit", veo.submit),
        ("POST", f"{VERTEX}{MODEL}:fetchPredictOperation", "veo.poll", veo.poll),
        ("POST", INTERACTIONS, "interactions.create", interactions.create),
        ("GET", one, "interactions.poll", interactions.poll),
        ("POST", f"{one}/cancel", "interactions.cancel", interactions.cancel),
        ("DELETE", one, "", interactions.delete),
        ("POST", r"/upload/v1(?:beta)?/files", "files.upload", files.upload),
        ("GET", f"{name}:download", "files.download", files.download),
        ("GET", name, "", files.get),
        ("DELETE", name, "", files.delete),
    ]
    return [_route(method, GOOGLE_HOST, path, kind, do) for method, path, kind, do in table]


def _kling(works: Works) -> list[Route]:
    kling = Kling(works)
    output = r"/outputs/(?P<id>[^/]+)\.mp4"
    return [
        _route(
            "POST", KLING_HOST, r"/image-to-video/(?P<model>[^/]+)", "kling.submit", kling.submit
        ),
        _route("GET", KLING_HOST, "/tasks", "kling.poll", kling.poll),
        _route("POST", KLING_HOST, "/tasks", "kling.list", kling.list_tasks),
        _route("GET", KLING_FILES_HOST, output, "kling.download", kling.download),
    ]


def _fal(works: Works, storage: FalStorage) -> list[Route]:
    queue = FalQueue(works)
    rest, cdn = r"(|rest\.fal\.ai)", r"(|v3\.fal\.media)"
    run, platform = r"(|queue\.fal\.run)", r"(|api\.fal\.ai)"
    listed = "/v1/(?:models|serverless)/requests/by-endpoint"
    endpoint = r"/(?P<endpoint>[^/]+/[^/]+(?:/[^/]+)*)"
    output = r"/files/vendor/(?P<id>[^/]+)\.mp4"
    table = [
        ("POST", rest, "/storage/auth/token", "", storage.token),
        ("POST", rest, "/storage/upload/initiate", "fal.upload", storage.initiate),
        ("POST", cdn, "/files/upload", "fal.upload", storage.upload),
        ("PUT", cdn, "/files/b/.+", "", storage.put),
        ("GET", cdn, output, "fal.download", queue.download),
        ("GET", cdn, "/files/b/.+", "", storage.download),
        ("GET", platform, listed, "fal.list", queue.requests_by_endpoint),
        ("POST", r"fal\.run", endpoint, "fal.submit", queue.run),
        ("GET", run, f"{REQUEST}/status", "fal.status", queue.status),
        ("GET", run, f"{REQUEST}(?:/response)?", "fal.result", queue.result),
        ("PUT", run, f"{REQUEST}/cancel", "fal.cancel", queue.cancel),
        ("POST", run, endpoint, "fal.submit", queue.submit),
    ]
    return [_route(method, host, path, kind, do) for method, host, path, kind, do in table]

"""How a view of a render becomes an answer."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from gateway.dependencies import Gateway
from gateway.resource import RenderPage, RenderResource, files_of, render_resource
from gateway.services.renders import ViewPage
from gateway.services.views import RenderView

JSON_MEDIA_TYPE = "application/json"


async def resource_of(gateway: Gateway, view: RenderView, base_url: str) -> RenderResource:
    """The public resource, with its files' URLs signed."""
    urls = await gateway.links.sign(files_of(view), base_url=base_url)
    return render_resource(view, base_url=base_url, urls=urls)


def still_wanted(gateway: Gateway, request: Request) -> Callable[[], Awaitable[bool]]:
    """Whether a held answer has somebody who waits for it, and a process to come from."""

    async def wanted() -> bool:
        return not gateway.dependencies.stopping() and not await request.is_disconnected()

    return wanted


async def page_of(gateway: Gateway, page: ViewPage, base_url: str) -> RenderPage:
    items = [await resource_of(gateway, view, base_url) for view in page.views]
    return RenderPage(items=items, next_cursor=page.next_cursor)


async def render_response(
    gateway: Gateway,
    request: Request,
    view: RenderView,
    *,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Serialised here, once: the framework would validate and encode the model again."""
    base_url = gateway.hosts.base_url(request.scope)
    resource = await resource_of(gateway, view, base_url)
    if status_code == 201:  # noqa: PLR2004 - HTTP's own number
        headers = {**(headers or {}), "Location": resource.status_url}
    return Response(
        resource.model_dump_json(),
        status_code=status_code,
        media_type=JSON_MEDIA_TYPE,
        headers=headers,
    )

"""The application: routes, middleware and errors around the services of one gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from gateway.console.mounting import mount_console
from gateway.dependencies import Dependencies, Gateway
from gateway.discovery import OPEN_PATHS
from gateway.errors import register_errors
from gateway.manifests import MANIFESTS, MCP_HOST_PATHS
from gateway.mcp.mounting import mcp_endpoint
from gateway.middleware.access_log import AccessLogMiddleware
from gateway.middleware.cors import CorsMiddleware
from gateway.middleware.failures import FailureMiddleware
from gateway.middleware.mcp_hosts import McpHostMiddleware
from gateway.middleware.request_id import RequestIdMiddleware
from gateway.middleware.security_headers import SecurityHeadersMiddleware
from gateway.openapi import OPENAPI_PATH, install_openapi
from gateway.routes.discovery import discovery_router
from gateway.routes.files import files_router
from gateway.routes.health import health_router
from gateway.routes.manifests import manifests_router
from gateway.routes.models import models_router
from gateway.routes.paid_renders import paid_renders_router
from gateway.routes.quotes import quotes_router
from gateway.routes.receipts import receipts_router
from gateway.routes.renders import renders_router
from gateway.routes.wallet import wallet_router
from gateway.routes.webhooks import webhooks_router

TITLE: Final = "Future Video Studio agent API"
SUMMARY: Final = "Give an agent a brief. Get back a finished film."
DESCRIPTION: Final = (
    "Submit a brief with `POST /api/agent/renders`, poll the `status_url` of the answer, and "
    "download the film from its signed `final_video_url`. Every error is a problem document "
    "(RFC 9457) whose `detail` is a plain sentence."
)
_TAGS: Final = [
    {"name": "renders", "description": "Films of the account that owns the key."},
    {"name": "wallet", "description": "Credits: what there is, and what became of it."},
    {"name": "quotes", "description": "One film, paid without an account."},
    {"name": "planning", "description": "What there is and what it costs."},
    {"name": "files", "description": "Signed downloads."},
    {"name": "service", "description": "Whether everything works."},
]


def create_app(dependencies: Dependencies) -> FastAPI:
    """Build an application of its own: two of them in one process share nothing."""
    gateway = Gateway(dependencies)
    mcp = mcp_endpoint(gateway)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with mcp.running():
            yield
        await gateway.close()

    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        description=DESCRIPTION,
        version=dependencies.version,
        openapi_url=OPENAPI_PATH,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.gateway = gateway
    # First: routes are tried in their order, and a call of a tool would pass by all the others.
    app.router.routes[:0] = mcp.routes
    _add_routes(app, gateway)
    app.include_router(discovery_router(gateway, app))
    app.include_router(manifests_router(gateway))
    mount_console(app, gateway)
    _add_middleware(app, gateway)
    register_errors(app)
    install_openapi(app)
    return app


def _add_routes(app: FastAPI, gateway: Gateway) -> None:
    # Before the renders: `/renders/estimate` must not be read as a render called "estimate".
    app.include_router(models_router(gateway))
    app.include_router(renders_router(gateway))
    app.include_router(receipts_router(gateway))
    app.include_router(wallet_router(gateway))
    app.include_router(quotes_router(gateway))
    app.include_router(paid_renders_router(gateway))
    app.include_router(health_router(gateway))
    app.include_router(webhooks_router(gateway))
    files = gateway.local_files
    if files is not None:
        app.include_router(files_router(gateway, files))


def _add_middleware(app: FastAPI, gateway: Gateway) -> None:
    """The last one added is the outermost: it sees the answers of all the others."""
    app.add_middleware(FailureMiddleware)
    app.add_middleware(CorsMiddleware, paths=(*OPEN_PATHS, *MANIFESTS))
    given = gateway.dependencies
    if given.mcp_hosts:
        app.add_middleware(
            McpHostMiddleware,
            hosts=given.mcp_hosts,
            base_url=given.public_base_url,
            paths=MCP_HOST_PATHS,
        )
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(
        AccessLogMiddleware, metrics=gateway.metrics, monotonic=gateway.clock.monotonic
    )
    app.add_middleware(RequestIdMiddleware, new_id=gateway.dependencies.ids.request)

"""The gateway process: the HTTP API with its real collaborators."""

import asyncio
import gc
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, start_http_server
from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp
from temporalio.client import Client

from gateway.app import create_app
from gateway.clock import (
    NONCE_BYTES,
    PROJECT_ID_DIGITS,
    PROJECT_ID_PREFIX,
    QUOTE_ID_DIGITS,
    Clock,
    Ids,
)
from gateway.dependencies import Dependencies
from gateway.hosts import parse_networks
from gateway.metrics import GatewayMetrics
from gateway.services.estimates import Pricing
from gateway.services.starter import TemporalWorkflows
from gateway.services.workflows import Workflows
from runtime.films import gateway_films
from runtime.http_protocol import GatewayProtocol
from runtime.mail import open_mailer
from runtime.payments import checkout_origins, gateway_checkout, payment_setup
from runtime.providers import adapter_names
from runtime.settings import Settings
from runtime.settings_text import host_list, origin_list
from runtime.storage import file_origins, open_settings_storage, url_signer
from runtime.telemetry import MetricsUnavailable, sdk_runtime
from runtime.temporal_client import connect
from runtime.tidy import tidy_gateway, uploads_folder
from runtime.tracing import Traces, open_traces
from runtime.webhooks import webhook_trust
from studio.catalog.catalogue import load_catalogue
from studio.contracts.names import QUOTE_ID_PREFIX
from studio.db.engine import Database, open_database
from studio.identity.service import Argon2Passwords
from studio.media.inspect import inspect_file
from studio.topups.ports import Checkout

GRACE_SECONDS: Final = 10
"""How long a stopping gateway lets requests finish; held answers are given up at once."""
KEEP_ALIVE_SECONDS: Final = 75
"""Above the 60 s of common load balancers, which must be the ones to close."""
REQUEST_ID_BYTES: Final = 12
SERVICE: Final = "fvs-gateway"
"""The name of these processes in traces."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def build_app(
    settings: Settings,
    *,
    workflows: Workflows,
    database: Database,
    metrics: GatewayMetrics | None = None,
    checkout: Checkout | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """The application as configured. Raises SettingsError where a secret is missing."""
    staging = uploads_folder(settings)
    storage = open_settings_storage(settings)
    tidy_gateway(settings, storage, datetime.now(UTC))
    return create_app(
        Dependencies(
            database=database,
            storage=storage,
            signer=url_signer(settings),
            workflows=workflows,
            pricing=Pricing(
                catalogue=load_catalogue(),
                configured=settings.configured(),
                model_ids=settings.model_ids(),
                adapters=adapter_names(settings),
                unconfigured=settings.unconfigured_models,
            ),
            inspect=inspect_file,
            clock=system_clock(),
            ids=system_ids(),
            metrics=metrics or GatewayMetrics(CollectorRegistry()),
            staging=staging,
            peppers=tuple(settings.key_peppers()),
            mailer=open_mailer(settings),
            password_hasher=Argon2Passwords(),
            active_renders_max=settings.active_renders_per_account_max,
            version=version("future-video-studio"),
            public_base_url=settings.public_base_url,
            trusted_proxies=parse_networks(settings.trusted_proxy_addresses()),
            timings=settings.timings,
            webhooks=webhook_trust(settings),
            stopping=stopping,
            payments=payment_setup(settings),
            checkout=checkout or gateway_checkout(settings),
            quotes_per_minute_max=settings.quotes_per_minute_max,
            mcp_hosts=host_list(settings.mcp_hosts),
            mcp_origins=origin_list(settings.mcp_origins),
            widget_domain=settings.mcp_widget_domain,
            films=gateway_films(settings),
            file_origins=file_origins(settings),
            checkout_origins=checkout_origins(settings),
            temporal_ui_url=settings.temporal_ui_url,
        )
    )


def system_clock() -> Clock:
    return Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, pause=asyncio.sleep)


def system_ids() -> Ids:
    return Ids(
        project=lambda: PROJECT_ID_PREFIX + secrets.token_hex(PROJECT_ID_DIGITS // 2),
        request=lambda: secrets.token_hex(REQUEST_ID_BYTES),
        quote=lambda: QUOTE_ID_PREFIX + secrets.token_hex(QUOTE_ID_DIGITS // 2),
        nonce=lambda: secrets.token_hex(NONCE_BYTES),
    )


async def run_gateway(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Temporal may be away: it is connected at the first call."""
    with open_traces(settings, service=SERVICE) as traces:
        await _serve(settings, traces)


async def _serve(settings: Settings, traces: Traces) -> None:
    client: Client = await connect(
        lazy=True, runtime=sdk_runtime(), interceptors=traces.interceptors
    )
    workflows = TemporalWorkflows(client, task_queue=settings.render_task_queue)
    metrics = GatewayMetrics(CollectorRegistry())
    database = open_database(settings.database_url)
    # Answers to tools end by themselves, waits because of `stopping`: none is to be cut off.
    AppStatus.enable_automatic_graceful_drain = False
    server: uvicorn.Server
    app = build_app(
        settings,
        workflows=workflows,
        database=database,
        metrics=metrics,
        stopping=lambda: server.should_exit,
    )
    server = uvicorn.Server(_server_config(traces.around(app), settings))
    try:
        with _serving_metrics(settings, metrics):
            _log.info("gateway is starting", host=settings.host, port=settings.port)
            await server.serve()
    finally:
        database.dispose()


def _server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=GatewayProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        # Who may set X-Forwarded headers is the application's own, stricter question.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _serving_metrics(settings: Settings, metrics: GatewayMetrics) -> Iterator[None]:
    """Prometheus metrics on a port of their own, never on the public one."""
    if settings.gateway_metrics_port is None:
        yield
        return
    host, port = settings.metrics_host, settings.gateway_metrics_port
    try:
        server, thread = start_http_server(port, addr=host, registry=metrics.registry)
    except OSError as error:
        raise MetricsUnavailable("FVS_GATEWAY_METRICS_PORT", f"{host}:{port}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main(settings: Settings) -> None:
    """Run until told to stop."""
    asyncio.run(run_gateway(settings))
    # The Temporal SDK's threads can crash an interpreter that they outlive.
    gc.collect()

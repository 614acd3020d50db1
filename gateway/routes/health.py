"""What works: for load balancers and for people."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.dependencies import Gateway
from gateway.discovery import HEALTH_PATH
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.services.health import Report


class CheckResource(BaseModel):
    ok: bool
    error: str | None


class HealthResource(BaseModel):
    """`degraded`: status polls may still be answered, but not everything works."""

    status: Literal["ok", "degraded"]
    version: str
    checks: dict[str, CheckResource]


def health_router(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["service"])

    @router.get(
        HEALTH_PATH,
        response_model=HealthResource,
        summary="Say what works",
        description="200 if everything does, 503 if not; the checks say what.",
        responses={503: {"model": HealthResource, "description": "Something does not work."}},
    )
    async def get_health() -> Response:
        report = await gateway.health.report()
        document = _document(report, gateway.dependencies.version)
        return Response(
            document.model_dump_json(),
            status_code=200 if report.ok else 503,
            media_type=JSON_MEDIA_TYPE,
        )

    return router


def _document(report: Report, version: str) -> HealthResource:
    checks = {
        "database": report.database,
        "temporal": report.temporal,
        "storage": report.storage,
    }
    return HealthResource(
        status="ok" if report.ok else "degraded",
        version=version,
        checks={
            name: CheckResource(ok=check.ok, error=check.error) for name, check in checks.items()
        },
    )

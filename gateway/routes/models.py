"""The catalogue and what a request would cost: open to everybody, nothing is stored."""

from datetime import date
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from gateway.auth import find_key
from gateway.dependencies import Gateway
from gateway.estimate import EstimateResource, estimate_resource
from gateway.openapi import ESTIMATE_BODY, OPTIONAL_KEY_SECURITY, problems
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.routes.body import read_json_body
from gateway.services.credit import credits_available
from gateway.services.links import API_PREFIX
from studio.accounts.records import Principal
from studio.accounts.service import KeyScope, account_defaults, new_account_defaults
from studio.catalog.document import CatalogueDocument
from studio.contracts.defaults import AccountDefaults
from studio.contracts.names import owner_of
from studio.ingest.strict_json import parse_request

CATALOGUE_MAX_AGE_SECONDS: Final = 60


def models_router(gateway: Gateway) -> APIRouter:
    """`GET /models` and `POST /renders/estimate`."""
    router = APIRouter(prefix=API_PREFIX, tags=["planning"])

    @router.get(
        "/models",
        response_model=CatalogueDocument,
        summary="List models, styles and prices",
        description=(
            "Ids and aliases of every model, what each can do and costs, whether it is configured "
            "here, the style presets, and the version of the price table."
        ),
    )
    async def list_models() -> Response:
        return Response(
            gateway.pricing.describe(_today(gateway)).model_dump_json(),
            media_type=JSON_MEDIA_TYPE,
            headers={"Cache-Control": f"public, max-age={CATALOGUE_MAX_AGE_SECONDS}"},
        )

    @router.post(
        "/renders/estimate",
        response_model=EstimateResource,
        summary="Price a request",
        description=(
            "The shots and the charge lines that this request would be given. With a key, the "
            "account's defaults fill what is left out; without one, those of a new account."
        ),
        responses=problems(401, 408, 413, 415, 422, 429, 503),
        openapi_extra={**OPTIONAL_KEY_SECURITY, **ESTIMATE_BODY},
    )
    async def estimate_render(request: Request) -> Response:
        principal, defaults, available = await _caller(gateway, request)
        wanted = parse_request(await read_json_body(request, gateway.dependencies.body_patience))
        frozen = gateway.pricing.estimate(
            wanted, defaults, principal=principal, today=_today(gateway)
        )
        document = estimate_resource(frozen, credits_available=available)
        return Response(document.model_dump_json(), media_type=JSON_MEDIA_TYPE)

    return router


def _today(gateway: Gateway) -> date:
    return gateway.dependencies.clock.now().date()


async def _caller(
    gateway: Gateway, request: Request
) -> tuple[Principal | None, AccountDefaults, int | None]:
    """Who asks, their defaults and credits; a key that is sent must be valid."""
    secret = find_key(request.headers)
    if secret is None:
        return None, new_account_defaults(), None
    principal = await gateway.keys.principal(secret)

    def read(session: Session) -> tuple[AccountDefaults, int | None]:
        owner = owner_of(principal.account_id)
        return account_defaults(session, account_id=owner), _available(session, principal)

    defaults, available = await gateway.threads.read(read)
    return principal, defaults, available


def _available(session: Session, principal: Principal) -> int | None:
    """The credits of whom the key acts for; None where it may not know."""
    if KeyScope.WALLET_READ not in principal.scopes:
        return None
    return credits_available(session, principal.account_id)

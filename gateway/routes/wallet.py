"""What the key's account has to spend, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from gateway.auth import require_key
from gateway.dependencies import Gateway
from gateway.openapi import KEY_SECURITY, problems
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.routes.renders import CURSOR_LENGTH_MAX, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX
from gateway.services.links import API_PREFIX
from gateway.services.renders import Authorize
from gateway.wallet import (
    EntryPageResource,
    WalletResource,
    entry_page_resource,
    wallet_resource,
)
from studio.accounts.tables import KeyScope


def wallet_router(gateway: Gateway) -> APIRouter:
    """`GET /wallet` and `GET /wallet/statement`."""
    router = APIRouter(prefix=f"{API_PREFIX}/wallet", tags=["wallet"])

    def owner(request: Request) -> Authorize:
        secret = require_key(request.headers)

        def authorize(session: Session) -> str:
            return gateway.keys.check(session, secret, KeyScope.WALLET_READ).account_id

        return authorize

    @router.get(
        "",
        response_model=WalletResource,
        summary="Read the wallet",
        description=(
            "Credits that are available, held and given, and whether they run low. A test key "
            "sees the account's test wallet."
        ),
        responses=problems(401, 403, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def get_wallet(request: Request) -> Response:
        view = await gateway.wallets.look(owner(request))
        gateway.keys.touch_soon()
        return Response(wallet_resource(view).model_dump_json(), media_type=JSON_MEDIA_TYPE)

    @router.get(
        "/statement",
        response_model=EntryPageResource,
        summary="Read the wallet's statement",
        description="Every movement of credits, newest first, each with its render and line.",
        responses=problems(401, 403, 422, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def get_statement(
        request: Request,
        cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None,
        limit: Annotated[int, Query(ge=1, le=LIST_LIMIT_MAX)] = LIST_LIMIT_DEFAULT,
    ) -> Response:
        page = await gateway.wallets.statement(owner(request), limit=limit, cursor=cursor)
        gateway.keys.touch_soon()
        document = entry_page_resource(page, base_url=gateway.hosts.base_url(request.scope))
        return Response(document.model_dump_json(), media_type=JSON_MEDIA_TYPE)

    return router

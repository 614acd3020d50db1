"""What a render cost, line by line. A route of its own: a poll reads nothing of the ledger."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from gateway.auth import require_key
from gateway.dependencies import Gateway
from gateway.openapi import KEY_SECURITY, problems
from gateway.receipt import ReceiptResource, read_receipt
from gateway.routes.answers import JSON_MEDIA_TYPE
from gateway.routes.renders import ProjectId
from gateway.services.links import API_PREFIX
from studio.accounts.tables import KeyScope


def receipts_router(gateway: Gateway) -> APIRouter:
    """`GET /renders/{project_id}/receipt`."""
    router = APIRouter(prefix=API_PREFIX, tags=["renders"])

    @router.get(
        "/renders/{project_id}/receipt",
        response_model=ReceiptResource,
        summary="Read a render's receipt",
        description=(
            "The charge lines that the render was held to, as its estimate listed them, and of "
            "each whether it is held, settled or released."
        ),
        responses=problems(401, 403, 404, 422, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def get_receipt(request: Request, project_id: ProjectId) -> Response:
        secret = require_key(request.headers)

        def read(session: Session) -> ReceiptResource:
            principal = gateway.keys.check(session, secret, KeyScope.RENDERS_READ)
            return read_receipt(session, project_id, account_id=principal.account_id)

        document = await gateway.threads.read(read)
        gateway.keys.touch_soon()
        return Response(document.model_dump_json(), media_type=JSON_MEDIA_TYPE)

    return router

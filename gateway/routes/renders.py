"""Submit, list, poll and cancel renders of the account that owns the key."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from gateway.auth import require_key
from gateway.dependencies import Gateway
from gateway.openapi import KEY_SECURITY, SUBMISSION_BODY, problems
from gateway.resource import RenderPage, RenderResource
from gateway.routes.answers import JSON_MEDIA_TYPE, page_of, render_response, still_wanted
from gateway.routes.body import read_submission
from gateway.services.fingerprint import check_idempotency_key
from gateway.services.links import API_PREFIX
from gateway.services.renders import Authorize
from gateway.services.submission import Submitted
from studio.accounts.tables import KeyScope
from studio.contracts.status import RenderState

LIST_LIMIT_DEFAULT: Final = 20
LIST_LIMIT_MAX: Final = 100
CURSOR_LENGTH_MAX: Final = 200
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotent-Replayed"

ProjectId = Annotated[str, Path(description="`proj_api_` and 16 hex digits.", max_length=200)]


def renders_router(gateway: Gateway) -> APIRouter:
    """The routes under `/api/agent/renders`.

    The prefix is the routers' own, as metrics and logs show a route by its own path.
    """
    router = APIRouter(prefix=f"{API_PREFIX}/renders", tags=["renders"])
    _add_submit(router, gateway)
    _add_reads(router, gateway)
    return router


def _add_submit(router: APIRouter, gateway: Gateway) -> None:
    @router.post(
        "",
        status_code=201,
        response_model=RenderResource,
        summary="Submit a render",
        description=(
            "Takes a brief and its files, reserves the credits and starts the film. The answer is "
            "the render as it begins; poll its `status_url`. Send an `Idempotency-Key` to make a "
            "retry safe: the same request gives the same render, with `Idempotent-Replayed: true`."
        ),
        responses=problems(401, 402, 403, 408, 409, 413, 415, 422, 429, 503),
        openapi_extra={**KEY_SECURITY, **SUBMISSION_BODY},
    )
    async def submit_render(request: Request) -> Response:
        submitted = await _take_submission(gateway, request)
        view = submitted.view
        if submitted.wait_seconds:
            view = await gateway.renders.wait(
                view, seconds=submitted.wait_seconds, wanted=still_wanted(gateway, request)
            )
            await gateway.keys.recheck(require_key(request.headers))
        headers = {REPLAYED_HEADER: "true"} if submitted.replayed else None
        return await render_response(gateway, request, view, status_code=201, headers=headers)


async def _take_submission(gateway: Gateway, request: Request) -> Submitted:
    """Everything up to the started render; its files are gone from scratch space afterwards."""
    secret = require_key(request.headers)
    principal = await gateway.keys.principal(secret, KeyScope.RENDERS_WRITE)
    principal.require_active()
    key = check_idempotency_key(request.headers.get(IDEMPOTENCY_HEADER))
    if key is None:  # a replay is answered whatever else the account has going on
        await gateway.submissions.refuse_excess(principal.account_id)
    with gateway.slots.take(principal.account_id):
        given = gateway.dependencies
        form = await read_submission(request, staging=given.staging, patience=given.body_patience)
        return await gateway.submissions.submit(principal, form, idempotency_key=key)


def _add_reads(router: APIRouter, gateway: Gateway) -> None:
    def owner(request: Request, scope: KeyScope = KeyScope.RENDERS_READ) -> Authorize:
        secret = require_key(request.headers)

        def authorize(session: Session) -> str:
            return gateway.keys.check(session, secret, scope).account_id

        return authorize

    @router.get(
        "",
        response_model=RenderPage,
        summary="List renders",
        description="The account's renders, newest first.",
        responses=problems(401, 403, 422, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def list_renders(
        request: Request,
        cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None,
        limit: Annotated[int, Query(ge=1, le=LIST_LIMIT_MAX)] = LIST_LIMIT_DEFAULT,
        status: RenderState | None = None,
    ) -> Response:
        page = await gateway.renders.list(owner(request), limit=limit, cursor=cursor, status=status)
        gateway.keys.touch_soon()
        document = await page_of(gateway, page, gateway.hosts.base_url(request.scope))
        return Response(document.model_dump_json(), media_type=JSON_MEDIA_TYPE)

    @router.get(
        "/{project_id}",
        response_model=RenderResource,
        summary="Poll a render",
        description=(
            "The render as it is now. `final_video_url` is there once it is completed, signed anew "
            "when less than ten minutes are left."
        ),
        responses=problems(401, 403, 404, 422, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def get_render(request: Request, project_id: ProjectId) -> Response:
        view = await gateway.renders.get(project_id, owner(request))
        gateway.keys.touch_soon()
        return await render_response(gateway, request, view)

    @router.post(
        "/{project_id}/cancel",
        response_model=RenderResource,
        summary="Cancel a render",
        description=(
            "Asks the run to end. What was delivered is kept and charged, the rest is released. "
            "Cancelling a finished render changes nothing and returns it."
        ),
        responses=problems(401, 403, 404, 422, 429, 503),
        openapi_extra=KEY_SECURITY,
    )
    async def cancel_render(request: Request, project_id: ProjectId) -> Response:
        may_cancel = owner(request, KeyScope.RENDERS_WRITE)
        view = await gateway.renders.cancel(project_id, may_cancel)
        gateway.keys.touch_soon()
        return await render_response(gateway, request, view)

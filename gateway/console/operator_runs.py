"""Every account's runs, and what operators did."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from gateway.console.lists import CursorText, list_address, wanted_text
from gateway.console.names import AUDIT, OPERATOR_RUNS
from gateway.console.operators import PAGE_LENGTH, WantedText, operator, run_address
from gateway.console.site import Site
from gateway.services.operators import RunWish
from studio.contracts.names import is_guest, owner_of
from studio.contracts.status import RenderState

ProjectId = Annotated[str, Path(max_length=40)]
_STATES: Final = [("", "Any state"), *((state.value, state.value) for state in RenderState)]


def add_operator_runs(router: APIRouter, site: Site) -> None:
    _add_runs(router, site)
    _add_audit(router, site)

    @router.get(OPERATOR_RUNS + "/{project_id}")
    async def show_run(request: Request, project_id: ProjectId) -> Response:
        member = await operator(site, request)
        run = await site.gateway.operators.run(project_id)
        return site.page(
            member,
            "operator_run.html",
            run=run,
            account_id=_account_of(run.view.account_id),
            temporal_url=run_address(site.gateway, run.view),
        )


def _add_runs(router: APIRouter, site: Site) -> None:
    @router.get(OPERATOR_RUNS)
    async def list_runs(
        request: Request,
        q: WantedText = "",
        account: WantedText = "",
        status: RenderState | Literal[""] = "",
        cursor: CursorText = "",
    ) -> Response:
        member = await operator(site, request)
        q, account = wanted_text(q), wanted_text(account)
        wish = RunWish(account_id=account or None, status=status or None, name_part=q)
        page = await site.gateway.operators.runs(wish, limit=PAGE_LENGTH, cursor=cursor or None)
        wanted = {"q": q, "account": account, "status": str(status)}
        older = {**wanted, "cursor": page.next_cursor or ""}
        return site.page(
            member,
            "operator_runs.html",
            renders=page.renders,
            wanted=wanted,
            states=_STATES,
            newest=list_address(OPERATOR_RUNS, wanted) if cursor else "",
            older=list_address(OPERATOR_RUNS, older) if page.next_cursor else "",
        )


def _add_audit(router: APIRouter, site: Site) -> None:
    @router.get(AUDIT)
    async def list_acts(request: Request, cursor: CursorText = "") -> Response:
        member = await operator(site, request)
        page = await site.gateway.operators.acts(limit=PAGE_LENGTH, cursor=cursor or None)
        older = list_address(AUDIT, {"cursor": page.next_cursor or ""})
        return site.page(
            member,
            "operator_audit.html",
            acts=page.actions,
            newest=AUDIT if cursor else "",
            older=older if page.next_cursor else "",
        )


def _account_of(owner: str) -> str | None:
    """Whose account it is; None for a guest, who has none."""
    return None if is_guest(owner) else owner_of(owner)

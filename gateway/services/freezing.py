"""What a brief with addresses of uploads becomes, whoever pays for it: a quote or an account."""

from datetime import date

from gateway.services.estimates import Pricing
from studio.accounts.records import Principal
from studio.contracts.defaults import AccountDefaults
from studio.contracts.problems import RequestInfeasible
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.redaction import redact_text
from studio.contracts.workflow_io import RenderInput, Timings
from studio.ingest.declared import declared_uploads, within_request
from studio.pricing.freeze import FrozenRender


def freeze_declared(
    pricing: Pricing,
    wanted: QuoteRequest,
    defaults: AccountDefaults,
    *,
    today: date,
    principal: Principal | None = None,
) -> FrozenRender:
    """The frozen plan of a brief whose uploads are only declared; nothing is fetched.

    Raises RequestInfeasible with pointers into `wanted`, InvalidRequest and DuplicateFilename.
    """
    uploads = declared_uploads(wanted)
    try:
        return pricing.freeze(wanted.request, defaults, uploads, today=today, principal=principal)
    except RequestInfeasible as error:
        raise RequestInfeasible(within_request(error.problems)) from error


def render_input(
    frozen: FrozenRender,
    *,
    project_id: str,
    account_id: str,
    timings: Timings,
    asset_count: int,
    fetch_count: int = 0,
) -> RenderInput:
    """What the render's workflow will be started with."""
    return RenderInput(
        project_id=project_id,
        account_id=account_id,
        # Temporal keeps its histories for operators to read; the row has the name as it is.
        name=redact_text(frozen.request.name),
        mode=frozen.request.project_mode,
        plan=frozen.plan,
        asset_count=asset_count,
        music=frozen.music,
        voice_briefs=bool(frozen.request.stage_voice_briefs_enabled),
        ingredients=frozen.ingredients,
        narration=frozen.narration,
        timings=timings,
        fetch_count=fetch_count,
    )

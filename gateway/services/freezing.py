"""What a brief with addresses of uploads becomes, whoever pays for it: a quote or an account."""

from datetime import date

from gateway.services.estimates import Pricing
from studio.accounts.records import Principal
from studio.contracts.defaults import AccountDefaults
from studio.contracts.problems import RequestInfeasible
from studio.contracts.quote_request import QuoteRequest
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

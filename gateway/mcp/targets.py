"""Which render or quote a call is about: by its id, by its status URL, or by a claim token."""

import re
from typing import Annotated, Final

from pydantic import Field

from gateway.mcp.addresses import (
    PROJECT_ID_PATTERN,
    STATUS_URL_LENGTH_MAX,
    STATUS_URL_POINTER,
    PaidAddress,
    RenderAddress,
    read_status_url,
)
from gateway.mcp.calls import Call
from gateway.mcp.errors import WrongTool
from gateway.mcp.names import PAID_RENDER_STATUS, RENDER_STATUS
from gateway.mcp.waiting import WAIT_SECONDS_MAX
from studio.contracts.base import EdgeModel
from studio.ingest.errors import InvalidRequest, Problem
from studio.renders.errors import UnknownRender

ID_LENGTH_MAX: Final = 200
"""As of ids in the addresses of the API."""

ProjectId = Annotated[
    str | None, Field(max_length=ID_LENGTH_MAX, description="As submitting answered it.")
]
StatusUrl = Annotated[
    str | None,
    Field(
        max_length=STATUS_URL_LENGTH_MAX,
        description="As it was given, unchanged; the cancel_url beside it does as well.",
    ),
]
QuoteId = Annotated[
    str | None, Field(max_length=ID_LENGTH_MAX, description="Goes with claim_token; not needed.")
]
ClaimToken = Annotated[
    str | None,
    Field(max_length=ID_LENGTH_MAX, repr=False, description="As the quote was given it."),
]
WaitSeconds = Annotated[
    float,
    Field(
        allow_inf_nan=False,
        description=(
            "Hold the answer until the status or stage changes, so long at most. 45 saves the "
            "most calls."
        ),
        json_schema_extra={"minimum": 0, "maximum": WAIT_SECONDS_MAX},
    ),
]
"""More is cut to what is held, without a word: nobody waits longer for it."""


class RenderTarget(EdgeModel):
    project_id: ProjectId = None
    status_url: StatusUrl = None


class PaidTarget(EdgeModel):
    status_url: StatusUrl = None
    claim_token: ClaimToken = None
    quote_id: QuoteId = None


class AnyTarget(RenderTarget, PaidTarget):
    """Either."""


class PaidClaim(EdgeModel):
    """A quote, whose id may be found by the token alone."""

    quote_id: str | None
    claim_token: Annotated[str, Field(repr=False)]


def project_of(target: RenderTarget, call: Call) -> str:
    """The project. InvalidRequest for none, two, or an address of something else."""
    project_id = target.project_id
    if target.status_url is not None:
        address = _read(target.status_url, call)
        if isinstance(address, PaidAddress):
            raise WrongTool(STATUS_URL_POINTER, "status_url is that of a quote", PAID_RENDER_STATUS)
        if project_id not in (None, address.project_id):
            raise _invalid("/project_id", "project_id and status_url are of different renders.")
        project_id = address.project_id
    if project_id is None:
        raise _invalid("", "Give project_id or status_url.")
    if not re.fullmatch(PROJECT_ID_PATTERN, project_id):
        raise UnknownRender(project_id)
    return project_id


def claim_of(target: PaidTarget, call: Call) -> PaidClaim:
    """The quote and its token. InvalidRequest for none, two, or an address of something else."""
    quote_id, token = target.quote_id, target.claim_token
    if target.status_url is not None:
        address = _read(target.status_url, call)
        if isinstance(address, RenderAddress):
            raise WrongTool(
                STATUS_URL_POINTER, "status_url is that of an account's render", RENDER_STATUS
            )
        if quote_id not in (None, address.quote_id) or token not in (None, address.claim_token):
            raise _invalid("/status_url", "status_url is of another quote than the rest.")
        quote_id, token = address.quote_id, address.claim_token
    if token is None:
        raise _invalid("", "Give status_url or claim_token.")
    return PaidClaim(quote_id=quote_id, claim_token=token)


def is_paid_target(target: AnyTarget, call: Call) -> bool:
    """Whether a quote is meant: by its token, or by its address."""
    if target.claim_token is not None or target.quote_id is not None:
        return True
    url = target.status_url
    return url is not None and isinstance(_read(url, call), PaidAddress)


def _read(url: str, call: Call) -> RenderAddress | PaidAddress:
    return read_status_url(url, (call.base_url,))


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest((Problem(pointer, detail),))

"""A new render: the form of its brief, what it would cost, and its submission."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from gateway.console.brief_form import (
    BRIEF_FIELDS,
    FILE_FIELDS,
    TEXT_FIELDS,
    TITLES,
    UPLOAD_ROWS,
    UPLOADS,
    Brief,
    filled_brief,
    request_json,
    submission,
)
from gateway.console.brief_options import brief_options
from gateway.console.forms import CSRF_FIELD, FORM_ID_FIELD, new_form_id
from gateway.console.names import NEW_RENDER, render_path
from gateway.console.site import Site, see_other
from gateway.console.visitors import Member
from gateway.errors import answer_of
from gateway.estimate import EstimateResource, estimate_resource
from gateway.routes.body import read_filled_form
from gateway.services.credit import credits_available
from gateway.services.fingerprint import IdempotencyKeyReused, check_idempotency_key
from studio.accounts.errors import AccountSuspended
from studio.accounts.service import account_defaults
from studio.contracts.defaults import AccountDefaults
from studio.contracts.errors import StudioError
from studio.contracts.limits import REQUEST_JSON_BYTES_MAX
from studio.contracts.problems import RequestInfeasible
from studio.ingest.errors import (
    EmptyUpload,
    FormTooLarge,
    IngestError,
    InvalidRequest,
    TooManyFiles,
)
from studio.ingest.forms import FilledForm
from studio.ingest.strict_json import parse_request
from studio.ledger.errors import InsufficientCredits

ESTIMATE: Final = f"{NEW_RENDER}/estimate"
ESTIMATE_BYTES_MAX: Final = 3 * REQUEST_JSON_BYTES_MAX
"""A form that is not multipart writes a byte as three characters at most."""
SENT_BEFORE: Final = (
    "This form has already started a render, of another brief. Send it again to start a second one."
)
_NAMELESS: Final = "Untitled"


@dataclass(frozen=True)
class _Purse:
    """What is there to fill gaps with and to spend."""

    defaults: AccountDefaults
    available: int


@dataclass(frozen=True)
class _Shown:
    """What came of looking at a brief."""

    brief: Brief
    estimate: EstimateResource | None = None
    shortage: InsufficientCredits | None = None
    status: int = HTTPStatus.OK


def add_new_render(router: APIRouter, site: Site) -> None:
    _add_form(router, site)
    _add_submission(router, site)
    _add_estimate(router, site)


def _add_form(router: APIRouter, site: Site) -> None:
    @router.get(NEW_RENDER)
    async def show_form(request: Request) -> Response:
        member = await site.visitors.member(request)
        member.principal.require_active()
        return await _page(site, member, _Shown(Brief({FORM_ID_FIELD: new_form_id()})))


def _add_submission(router: APIRouter, site: Site) -> None:
    @router.post(NEW_RENDER)
    async def submit(request: Request) -> Response:
        member = await site.visitors.member(request)
        site.visitors.check_origin(request)
        member.principal.require_active()
        gateway, given = site.gateway, site.gateway.dependencies
        with gateway.slots.take(member.principal.account_id):
            try:
                form = await read_filled_form(
                    request,
                    staging=given.staging,
                    patience=given.body_patience,
                    fields=BRIEF_FIELDS,
                )
            except (EmptyUpload, FormTooLarge, TooManyFiles) as error:
                brief = _written(error)
                site.visitors.check(request, member, brief.value(CSRF_FIELD))
                return await _page(site, member, _refusal(brief, error))
            try:
                member = await site.visitors.member(request)  # files take their time
                brief = filled_brief(form.texts)
                site.visitors.check(request, member, brief.value(CSRF_FIELD))
                key = check_idempotency_key(f"form-{brief.value(FORM_ID_FIELD)}")
            except BaseException:
                await gateway.threads.store(form.discard)
                raise
            return await _submit(site, member, brief, form, key)


def _written(error: IngestError) -> Brief:
    """What had been typed when a form was refused on its way; too much text is not shown again."""
    if sum(map(len, error.texts.values())) > REQUEST_JSON_BYTES_MAX:
        return filled_brief({CSRF_FIELD: error.texts.get(CSRF_FIELD, b"")})
    return filled_brief(error.texts)


async def _submit(
    site: Site, member: Member, brief: Brief, form: FilledForm, key: str | None
) -> Response:
    try:
        submitted = await site.gateway.submissions.submit(
            member.principal, submission(brief, form), idempotency_key=key
        )
    except AccountSuspended:
        raise
    except StudioError as error:
        shown = _refusal(brief, error)
        if shown.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not answer_of(error).headers:
            raise
        again = _choose_again(shown.brief, form)
        return await _page(site, member, replace(shown, brief=again))
    return see_other(render_path(submitted.view.project_id))


def _refusal(brief: Brief, error: StudioError) -> _Shown:
    """The form again, as it was, with what is wrong where it is wrong."""
    status = answer_of(error).status
    if isinstance(error, InvalidRequest | RequestInfeasible):
        return _Shown(brief.refused(error.problems), status=status)
    if isinstance(error, InsufficientCredits):
        return _Shown(brief, shortage=error, status=status)
    if isinstance(error, IngestError):
        return _Shown(replace(brief, faults={UPLOADS: error.detail}), status=status)
    if isinstance(error, IdempotencyKeyReused):
        anew = Brief({**brief.values, FORM_ID_FIELD: new_form_id()}, whole=(SENT_BEFORE,))
        return _Shown(anew, status=status)
    return _Shown(replace(brief, whole=(error.detail,)), status=status)


def _choose_again(brief: Brief, form: FilledForm) -> Brief:
    """No page can fill in a file: whoever chose some has to choose them again."""
    if not form.uploads:
        return brief
    names = ", ".join(upload.filename for upload in form.uploads)
    said = f"{brief.fault(UPLOADS)} Choose your files again: {names}.".strip()
    return replace(brief, faults={**brief.faults, UPLOADS: said})


def _add_estimate(router: APIRouter, site: Site) -> None:
    @router.post(ESTIMATE)
    async def estimate(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(
            request, member, *TEXT_FIELDS, passed_over=FILE_FIELDS, bytes_max=ESTIMATE_BYTES_MAX
        )
        member.principal.require_active()
        brief = Brief(form)
        purse = await _purse(site, member)
        shown = _estimated(site, member, brief, purse)
        if "hx-request" in request.headers:  # an answer, too, where there is no price
            return site.page(member, "renders_estimated.html", shown=shown)
        return await _page(site, member, shown, purse)


def _estimated(site: Site, member: Member, brief: Brief, purse: _Purse) -> _Shown:
    """A brief has a price before it has a name."""
    named = replace(brief, values={**brief.values, "name": brief.value("name") or _NAMELESS})
    gateway = site.gateway
    try:
        frozen = gateway.pricing.estimate(
            parse_request(request_json(named)),
            purse.defaults,
            principal=member.principal,
            today=gateway.clock.now().date(),
        )
    except (InvalidRequest, RequestInfeasible) as error:
        return _refusal(brief, error)
    return _Shown(brief, estimate_resource(frozen, credits_available=purse.available))


async def _purse(site: Site, member: Member) -> _Purse:
    account_id = member.principal.account_id

    def read(session: Session) -> _Purse:
        defaults = account_defaults(session, account_id=account_id)
        return _Purse(defaults, credits_available(session, account_id))

    return await site.gateway.threads.read(read)


async def _page(site: Site, member: Member, shown: _Shown, purse: _Purse | None = None) -> Response:
    purse = purse or await _purse(site, member)
    gateway = site.gateway
    catalogue = gateway.pricing.describe(gateway.clock.now().date())
    return site.page(
        member,
        "renders_new.html",
        status=shown.status,
        shown=shown,
        brief=shown.brief,
        titles=TITLES,
        options=brief_options(catalogue, purse.defaults),
        limits=catalogue.limits,
        available=purse.available,
        upload_rows=range(1, UPLOAD_ROWS + 1),
    )

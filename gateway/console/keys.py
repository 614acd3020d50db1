"""The account's API keys: seen, made, rotated and revoked."""

from datetime import timedelta
from typing import Annotated, Final, Literal, get_args

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.console.forms import Form, WrongFields, day_end, whole_number
from gateway.console.names import KEYS
from gateway.console.site import Site, see_other
from gateway.services.keys import NewKey, TooManyKeys
from studio.accounts.errors import AccountSuspended, InvalidAccount, InvalidKeyTerms
from studio.accounts.keyring import ROTATION_OVERLAP_SECONDS
from studio.accounts.records import KeyTerms
from studio.accounts.service import KeyScope
from studio.accounts.terms import CREDITS_PER_MONTH_MAX, REQUESTS_PER_MINUTE_MAX
from studio.contracts.errors import StudioError

KeyId = Annotated[str, Path(pattern=r"^key_[0-9a-f]{16}$")]
Environment = Literal["live", "test"]
ON: Final = "on"
REVOKED: Final = "The key is revoked: it is refused from now on."
SCOPES: Final = {
    KeyScope.RENDERS_READ: ("scope_renders_read", "Read renders and their films"),
    KeyScope.RENDERS_WRITE: ("scope_renders_write", "Start and cancel renders"),
    KeyScope.WALLET_READ: ("scope_wallet_read", "Read the wallet"),
}
"""Each with its field and what it lets a key do."""
_TERMS: Final = ("requests_per_minute_max", "credits_per_month_max", "expires_on")
_FIELDS: Final = ("name", "environment", *_TERMS, *(field for field, _ in SCOPES.values()))
_NEW: Final = dict.fromkeys(_FIELDS, "") | {
    "environment": "live",
    **{field: ON for field, _ in SCOPES.values()},
}
_ABOUT: Final[dict[type[StudioError], str]] = {
    InvalidAccount: "name",
    InvalidKeyTerms: "expires_on",
}


def add_keys(router: APIRouter, site: Site) -> None:
    _add_list(router, site)
    _add_revoke(router, site)
    _add_rotate(router, site)


def _add_list(router: APIRouter, site: Site) -> None:
    @router.get(KEYS)
    async def show_keys(
        request: Request, revoked: Annotated[str, Query(max_length=20)] = ""
    ) -> Response:
        member = await site.visitors.member(request)
        return site.page(
            member,
            "keys.html",
            faults={},
            typed=_NEW,
            told=REVOKED if revoked else None,
            scopes=SCOPES,
            keys=await site.gateway.api_keys.list(member.account.account_id),
            today=site.gateway.clock.now().date(),
        )

    @router.post(KEYS)
    async def create_key(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, *_FIELDS)
        try:
            wanted = _wanted(form)
            issued = await site.gateway.api_keys.create(member.account.account_id, wanted)
        except (
            WrongFields,
            InvalidAccount,
            InvalidKeyTerms,
            AccountSuspended,
            TooManyKeys,
        ) as error:
            return site.again(
                member,
                "keys.html",
                error,
                _ABOUT,
                typed=form,
                told=None,
                scopes=SCOPES,
                keys=await site.gateway.api_keys.list(member.account.account_id),
                today=site.gateway.clock.now().date(),
            )
        return site.page(member, "key_issued.html", name=wanted.name, issued=issued, old=None)


def _add_revoke(router: APIRouter, site: Site) -> None:
    @router.get(KEYS + "/{key_id}/revoke")
    async def ask_to_revoke(request: Request, key_id: KeyId) -> Response:
        member = await site.visitors.member(request)
        key = await site.gateway.api_keys.find(member.account.account_id, key_id)
        return site.page(member, "key_revoke.html", key=key)

    @router.post(KEYS + "/{key_id}/revoke")
    async def revoke_key(request: Request, key_id: KeyId) -> Response:
        member = await site.visitors.member(request)
        await site.form(request, member)
        await site.gateway.api_keys.revoke(member.account.account_id, key_id)
        return see_other(f"{KEYS}?revoked=one")


def _add_rotate(router: APIRouter, site: Site) -> None:
    @router.get(KEYS + "/{key_id}/rotate")
    async def ask_to_rotate(request: Request, key_id: KeyId) -> Response:
        member = await site.visitors.member(request)
        key = await site.gateway.api_keys.find(member.account.account_id, key_id)
        overlap = timedelta(seconds=ROTATION_OVERLAP_SECONDS)
        hours = overlap // timedelta(hours=1)
        return site.page(member, "key_rotate.html", key=key, hours=hours)

    @router.post(KEYS + "/{key_id}/rotate")
    async def rotate_key(request: Request, key_id: KeyId) -> Response:
        member = await site.visitors.member(request)
        await site.form(request, member)
        rotated = await site.gateway.api_keys.rotate(member.account.account_id, key_id)
        return site.page(
            member,
            "key_issued.html",
            name=rotated.old.name,
            issued=rotated.issued,
            old=rotated.old,
        )


def _wanted(form: Form) -> NewKey:
    """The key that a form asks for. Raises WrongFields."""
    scopes = frozenset(scope for scope, (field, _) in SCOPES.items() if form[field] == ON)
    if not scopes:
        raise WrongFields({"scopes": "Choose at least one thing that the key may do."})
    return NewKey(
        name=form["name"],
        environment=_environment(form["environment"]),
        terms=KeyTerms(
            scopes=scopes,
            expires_at=day_end(form, "expires_on"),
            requests_per_minute_max=whole_number(
                form, "requests_per_minute_max", highest=REQUESTS_PER_MINUTE_MAX
            ),
            credits_per_month_max=whole_number(
                form, "credits_per_month_max", highest=CREDITS_PER_MONTH_MAX
            ),
        ),
    )


def _environment(text: str) -> Environment:
    for environment in get_args(Environment):
        if text == environment:
            found: Environment = environment
            return found
    raise WrongFields({"environment": "Choose live or test."})

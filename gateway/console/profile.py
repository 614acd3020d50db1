"""The profile: what the account is called, its password, its sessions, its notice."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.forms import WrongFields, whole_number
from gateway.console.names import PROFILE, SIGN_IN
from gateway.console.site import Site, see_other
from gateway.console.visitors import Member
from gateway.limits import TooManyAttempts
from gateway.services.people import Profile
from studio.accounts.errors import InvalidAccount
from studio.accounts.standing import LOW_BALANCE_CREDITS_MAX
from studio.contracts.errors import StudioError
from studio.identity.errors import InvalidPassword, WrongCredentials

PASSWORD: Final = f"{PROFILE}/password"
SESSIONS: Final = f"{PROFILE}/sessions"
NOTICE: Final = f"{PROFILE}/notice"
SAVED: Final = {
    "name": "The name is saved.",
    "notice": "The notice is saved.",
    "password": "The new password is set, and every other browser is signed out.",
}
NOT_YOURS: Final = "This is not your password."
_NOTHING: Final[Mapping[str, str]] = {}
_FIELDS: Final[dict[type[StudioError], str]] = {
    InvalidAccount: "name",
    InvalidPassword: "new_password",
}


def add_profile(router: APIRouter, site: Site) -> None:
    _add_profile(router, site)
    _add_password(router, site)

    @router.post(NOTICE)
    async def save_notice(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, "low_balance_credits")
        try:
            credits = whole_number(form, "low_balance_credits", highest=LOW_BALANCE_CREDITS_MAX)
        except WrongFields as error:
            return await _again(site, member, error, form)
        await site.gateway.preferences.save_low_balance(member.account.account_id, credits)
        return _saved("notice")

    @router.post(SESSIONS)
    async def sign_out_everywhere(request: Request) -> Response:
        member = await site.visitors.member(request)
        await site.form(request, member)
        await site.gateway.sessions.sign_out_everywhere(member.account.account_id)
        response = see_other(SIGN_IN)
        site.cookies.end_session(response)
        return response


def _add_profile(router: APIRouter, site: Site) -> None:
    @router.get(PROFILE)
    async def show_profile(
        request: Request, saved: Annotated[str, Query(max_length=20)] = ""
    ) -> Response:
        member = await site.visitors.member(request)
        profile = await site.gateway.people.profile(member.account.account_id)
        return site.page(
            member,
            "profile.html",
            faults={},
            saved=SAVED.get(saved),
            typed=_kept(profile),
            email=profile.email,
        )

    @router.post(PROFILE)
    async def save_profile(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, "name")
        try:
            await site.gateway.people.rename(member.account.account_id, form["name"])
        except InvalidAccount as error:
            return await _again(site, member, error, form)
        return _saved("name")


def _add_password(router: APIRouter, site: Site) -> None:
    @router.post(PASSWORD)
    async def change_password(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, "old_password", "new_password")
        try:
            opened = await site.gateway.people.change_password(
                member.account.account_id,
                old_password=form["old_password"],
                new_password=form["new_password"],
            )
        except WrongCredentials:
            error = WrongFields({"old_password": NOT_YOURS})
            return await _again(site, member, error)
        except (InvalidPassword, TooManyAttempts) as error:
            return await _again(site, member, error)
        return site.entered(opened, f"{PROFILE}?saved=password")


def _saved(what: str) -> Response:
    return see_other(f"{PROFILE}?saved={what}")


async def _again(
    site: Site, member: Member, error: StudioError, typed: Mapping[str, str] = _NOTHING
) -> Response:
    """The page as it is kept, but for what was just typed and not taken."""
    profile = await site.gateway.people.profile(member.account.account_id)
    return site.again(
        member,
        "profile.html",
        error,
        _FIELDS,
        saved=None,
        typed=_kept(profile) | dict(typed),
        email=profile.email,
    )


def _kept(profile: Profile) -> dict[str, str]:
    threshold = profile.account.low_balance_credits
    return {"name": profile.account.name, "low_balance_credits": str(threshold or "")}

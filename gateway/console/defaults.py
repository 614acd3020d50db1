"""The saved defaults: what a request takes for every field that it leaves out."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.console.default_choices import Choice, DefaultChoices
from gateway.console.names import DEFAULTS
from gateway.console.site import Site, see_other
from studio.catalog.saved_defaults import InvalidDefaults
from studio.contracts.defaults import AccountDefaults

SWITCH: Final = "stage_voice_briefs_enabled"
ON: Final = "on"
"""What browsers send of a box that is ticked; of another they send nothing."""
SAVED: Final = "The defaults are saved. They count from the next request on."


def add_defaults(router: APIRouter, site: Site) -> None:
    @router.get(DEFAULTS)
    async def show_defaults(
        request: Request, saved: Annotated[str, Query(max_length=20)] = ""
    ) -> Response:
        member = await site.visitors.member(request)
        kept = member.account.defaults.model_dump(mode="json")
        return site.page(
            member,
            "defaults.html",
            faults={},
            saved=SAVED if saved else None,
            choices=_choices(site, kept),
            switch=SWITCH,
            is_on=kept[SWITCH],
            voice_credits=site.gateway.pricing.catalogue.prices.voice_briefs,
        )

    @router.post(DEFAULTS)
    async def save_defaults(request: Request) -> Response:
        member = await site.visitors.member(request)
        form = await site.form(request, member, *AccountDefaults.model_fields)
        is_on = form[SWITCH] == ON
        fields = {field: form[field] for field in AccountDefaults.model_fields} | {SWITCH: is_on}
        try:
            await site.gateway.preferences.save_defaults(member.account.account_id, fields)
        except InvalidDefaults as error:
            return site.again(
                member,
                "defaults.html",
                error,
                {},
                saved=None,
                choices=_choices(site, form),
                switch=SWITCH,
                is_on=is_on,
                voice_credits=site.gateway.pricing.catalogue.prices.voice_briefs,
            )
        return see_other(f"{DEFAULTS}?saved=all")


def _choices(site: Site, chosen: Mapping[str, str]) -> tuple[Choice, ...]:
    pricing = site.gateway.pricing
    document = pricing.describe(site.gateway.clock.now().date())
    return DefaultChoices(pricing.catalogue, document).choices(chosen)

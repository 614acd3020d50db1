"""What everything costs, for everybody who thinks about spending."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.names import PRICES
from gateway.console.site import Site
from studio.catalog.document import CatalogueDocument, ModelDocument
from studio.catalog.models import LOCAL_PROVIDER, Role

_TABLES: Final = (
    (Role.IMAGE, "Keyframe, a shot"),
    (Role.VIDEO, "Video, a second filmed"),
    (Role.MUSIC, "Music, a track"),
)
"""The prices that differ from model to model."""
_EACH: Final = "each"


@dataclass(frozen=True)
class PriceRow:
    """A model, and its price in each column; None where it has none."""

    model: ModelDocument
    credits: tuple[int | None, ...]


@dataclass(frozen=True)
class PriceList:
    """`columns` are resolutions; a single price has none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[PriceRow, ...]


def add_prices(router: APIRouter, site: Site) -> None:
    @router.get(PRICES)
    async def show_prices(request: Request) -> Response:
        visitor = await site.visitors.anybody(request)
        document = site.gateway.pricing.describe(site.gateway.clock.now().date())
        return site.page(
            visitor,
            "prices.html",
            prices=document.prices,
            lists=[_price_list(document, role, title) for role, title in _TABLES],
        )


def _price_list(document: CatalogueDocument, role: Role, title: str) -> PriceList:
    priced = [
        (model, price.credits)
        for model in document.models
        for price in model.prices
        if price.role is role and model.provider != LOCAL_PROVIDER and not model.ended
    ]
    columns = tuple(dict.fromkeys(_columns(credits for _, credits in priced)))
    rows = tuple(
        PriceRow(model, tuple(credits.get(column) for column in columns))
        for model, credits in priced
    )
    return PriceList(title, tuple("" if name == _EACH else name for name in columns), rows)


def _columns(priced: Iterable[dict[str, int]]) -> Iterable[str]:
    return (column for credits in priced for column in credits)

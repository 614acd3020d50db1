"""Writes the public catalogue as it holds on one server."""

from studio.catalog.catalogue import Catalogue
from studio.catalog.document import (
    CatalogueDocument,
    ModelDocument,
    OfferDocument,
    RequestLimits,
    ServedBy,
)
from studio.catalog.errors import CatalogueError
from studio.catalog.installation import Installation
from studio.catalog.models import ModelEntry, Offer, Role
from studio.catalog.quotations import model_prices


def describe(catalogue: Catalogue, installation: Installation) -> CatalogueDocument:
    """The public document. It holds names of settings, never their values."""
    return CatalogueDocument(
        models=tuple(_model(catalogue, model, installation) for model in catalogue.models()),
        styles=catalogue.styles(),
        defaults=catalogue.defaults,
        price_version=catalogue.prices.version,
        prices=catalogue.prices,
        limits=RequestLimits(),
    )


def _model(catalogue: Catalogue, model: ModelEntry, installation: Installation) -> ModelDocument:
    offer = next(installation.live_offers(model), None)
    return ModelDocument(
        id=model.id,
        title=model.title,
        roles=model.roles,
        aliases=model.aliases,
        provider=(offer or model.offers[0]).provider,
        offers=tuple(_offer(each, installation) for each in model.offers),
        capabilities=model.capabilities,
        prices=model_prices(model, catalogue.prices),
        lifecycle=model.lifecycle,
        ended=model.has_ended(installation.today),
        configured=offer is not None,
        missing_settings=() if offer else installation.missing_settings(model.offers[0]),
        served_by=tuple(
            ServedBy(role=role, model=_served_by(catalogue, role, model.id, installation))
            for role in model.roles
        ),
        source=model.source,
    )


def _offer(offer: Offer, installation: Installation) -> OfferDocument:
    return OfferDocument(
        provider=offer.provider,
        provider_model=offer.provider_model,
        settings=offer.needed_settings,
        configured=installation.can_call(offer),
        jobs_max=offer.jobs_max,
        released=offer.released,
        ends=offer.ends,
        source=offer.source,
    )


def _served_by(
    catalogue: Catalogue, role: Role, model_id: str, installation: Installation
) -> str | None:
    try:
        return catalogue.resolve(role, model_id, installation=installation).used
    except CatalogueError:
        return None

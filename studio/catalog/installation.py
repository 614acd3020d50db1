"""What one server can call, and which of a model's offers that makes real."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from studio.catalog.models import LOCAL_PROVIDER, ModelEntry, Offer

Unconfigured = Literal["refuse", "local"]
"""What becomes of a request for a model without a key (`FVS_UNCONFIGURED_MODELS`)."""


@dataclass(frozen=True)
class Installation:
    """One server on one day.

    `configured` holds the names of the settings that are set, `adapters` the names of the
    providers that can be called; `local` is always one of them. `model_ids` has the values of the
    settings that carry a provider's model id. `today` decides which models have ended.
    """

    configured: frozenset[str]
    adapters: frozenset[str]
    unconfigured: Unconfigured
    today: date
    model_ids: Mapping[str, str] = field(default_factory=dict)

    def live_offers(self, model: ModelEntry) -> Iterator[Offer]:
        """The offers that can be called, best first."""
        return (offer for offer in model.offers if self.can_call(offer))

    def can_call(self, offer: Offer) -> bool:
        if offer.provider == LOCAL_PROVIDER:
            return True
        if offer.ends is not None and offer.ends <= self.today:
            return False
        return offer.provider in self.adapters and not self.missing_settings(offer)

    def missing_settings(self, offer: Offer) -> tuple[str, ...]:
        """The settings that keep an offer from being called."""
        missing = [name for name in offer.settings if name not in self.configured]
        if offer.model_setting is not None and not self.model_ids.get(offer.model_setting):
            missing.append(offer.model_setting)
        return tuple(missing)

    def provider_model(self, offer: Offer, resolution: str | None) -> str:
        """The provider's own id of the model at a resolution."""
        if offer.model_setting is not None:
            return self.model_ids[offer.model_setting]
        return offer.provider_models.get(resolution or "", offer.provider_model or "")

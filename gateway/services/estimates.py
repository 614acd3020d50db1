"""What a render would cost and look like: the freezing of a submission, without the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from studio.accounts.records import Principal
from studio.catalog.catalogue import Catalogue
from studio.catalog.description import describe
from studio.catalog.document import CatalogueDocument
from studio.catalog.installation import Installation, Unconfigured
from studio.catalog.models import LOCAL_PROVIDER
from studio.contracts.defaults import AccountDefaults
from studio.contracts.request import RenderRequest
from studio.pricing.freeze import FrozenRender, freeze_plan
from studio.pricing.uploads import UploadFacts


@dataclass(frozen=True)
class Pricing:
    """Freezes plans as things stand on this server.

    `configured` holds the names of the settings that are set, `model_ids` the values of those that
    carry a model's id, `adapters` the providers that this installation can call.
    """

    catalogue: Catalogue
    configured: frozenset[str]
    adapters: frozenset[str]
    unconfigured: Unconfigured
    model_ids: Mapping[str, str] = field(default_factory=dict)

    def freeze(
        self,
        request: RenderRequest,
        defaults: AccountDefaults,
        uploads: UploadFacts,
        *,
        today: date,
        principal: Principal | None = None,
    ) -> FrozenRender:
        """The frozen plan. RequestInfeasible with every problem that was found.

        A test key's renders are always made by the local models, whatever is configured.
        """
        is_test = principal is not None and principal.is_test
        installation = self._installation(today, self.unconfigured)
        if is_test:
            local = frozenset({LOCAL_PROVIDER})
            installation = replace(installation, adapters=local, unconfigured="local")
        return freeze_plan(
            request,
            defaults,
            uploads,
            catalogue=self.catalogue,
            installation=installation,
        )

    def estimate(
        self,
        request: RenderRequest,
        defaults: AccountDefaults,
        *,
        today: date,
        principal: Principal | None = None,
    ) -> FrozenRender:
        """As `freeze`, before there are any uploads. Nothing is stored."""
        unknown = UploadFacts.unknown()
        return self.freeze(request, defaults, unknown, today=today, principal=principal)

    def describe(self, today: date) -> CatalogueDocument:
        """The public catalogue."""
        return describe(self.catalogue, self._installation(today, self.unconfigured))

    def _installation(self, today: date, unconfigured: Unconfigured) -> Installation:
        return Installation(
            configured=self.configured,
            adapters=self.adapters,
            unconfigured=unconfigured,
            today=today,
            model_ids=self.model_ids,
        )

"""What a render would cost and look like: the freezing of a submission, without the rest."""

from dataclasses import dataclass

from studio.accounts.records import Principal
from studio.catalog.catalogue import Catalogue, Unconfigured
from studio.catalog.document import CatalogueDocument
from studio.contracts.defaults import AccountDefaults
from studio.contracts.request import RenderRequest
from studio.pricing.freeze import FrozenRender, freeze_plan
from studio.pricing.uploads import UploadFacts


@dataclass(frozen=True)
class Pricing:
    """Freezes plans as things stand on this server.

    `configured` holds the names of the settings that are set, `adapters` the providers that this
    installation can call.
    """

    catalogue: Catalogue
    configured: frozenset[str]
    adapters: frozenset[str]
    unconfigured: Unconfigured

    def freeze(
        self,
        request: RenderRequest,
        defaults: AccountDefaults,
        uploads: UploadFacts,
        *,
        principal: Principal | None = None,
    ) -> FrozenRender:
        """The frozen plan. RequestInfeasible with every problem that was found.

        A test key's renders may always be made by local stand-ins.
        """
        is_test = principal is not None and principal.is_test
        return freeze_plan(
            request,
            defaults,
            uploads,
            catalogue=self.catalogue,
            configured=self.configured,
            adapters=self.adapters,
            unconfigured="local" if is_test else self.unconfigured,
        )

    def estimate(
        self,
        request: RenderRequest,
        defaults: AccountDefaults,
        *,
        principal: Principal | None = None,
    ) -> FrozenRender:
        """As `freeze`, before there are any uploads. Nothing is stored."""
        return self.freeze(request, defaults, UploadFacts.unknown(), principal=principal)

    def describe(self) -> CatalogueDocument:
        """The public catalogue."""
        return self.catalogue.describe(
            configured=self.configured, adapters=self.adapters, unconfigured=self.unconfigured
        )

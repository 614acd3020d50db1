"""The catalogue: which models, styles and prices there are, and which model does the work."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from studio.catalog.document import CatalogueDocument, ModelDocument, RequestLimits, ServedBy
from studio.catalog.errors import ModelNotConfigured, UnknownModel, UnknownStyle
from studio.catalog.models import Alias, ModelEntry, ModelsFile, Role, StylePreset, StylesFile
from studio.catalog.prices import PriceTable
from studio.catalog.quotations import model_prices, refuse_missing_rows
from studio.contracts.plan import ModelChoice

Unconfigured = Literal["refuse", "local"]
"""What becomes of a request for a model without a key (`FVS_UNCONFIGURED_MODELS`)."""

LOCAL_PROVIDER = "local"


class Catalogue:
    """Immutable. `configured` holds the names of the settings that are set, `adapters` the names
    of the providers that this installation can call; `local` is always one of them.
    """

    def __init__(
        self, models: Iterable[ModelEntry], styles: Iterable[StylePreset], prices: PriceTable
    ) -> None:
        self._models = {model.id: model for model in models}
        self._styles = {style.id: style for style in styles}
        self.prices = prices
        self._aliases = _index_aliases(self._models)
        _refuse_unknown_stand_ins(self._models)
        refuse_missing_rows(self._models.values(), prices)

    def models(self) -> tuple[ModelEntry, ...]:
        return tuple(self._models.values())

    def styles(self) -> tuple[StylePreset, ...]:
        return tuple(self._styles.values())

    def style(self, style_id: str) -> StylePreset:
        """The preset of this id; UnknownStyle lists those that exist."""
        if style_id not in self._styles:
            raise UnknownStyle(style_id, known=tuple(self._styles))
        return self._styles[style_id]

    def entry(self, role: Role, model_id: str) -> ModelEntry:
        """The model that an id or alias names, if it has the role; else UnknownModel."""
        model = self._find(model_id)
        if model is None or role not in model.roles:
            hint = f" {model.id} is a {'/'.join(model.roles)} model." if model else ""
            raise UnknownModel(model_id, role=role.value, known=self.known_ids(role), hint=hint)
        return model

    def known_ids(self, role: Role) -> tuple[str, ...]:
        """Every id and alias that a request may use for a role."""
        return tuple(
            known
            for model in self._models.values()
            if role in model.roles
            for known in (model.id, *(alias.id for alias in model.aliases))
        )

    def legacy_successor(self, model_id: str) -> str | None:
        """The id that a legacy id is normalised to; None for every other id."""
        alias = self._aliases.get(model_id)
        return alias[1].id if alias is not None and alias[0].legacy else None

    def resolve(
        self,
        role: Role,
        model_id: str,
        *,
        configured: frozenset[str],
        adapters: frozenset[str],
        unconfigured: Unconfigured,
    ) -> ModelChoice:
        """Which model does the work of the one that was asked for.

        `requested` is the id as it came, `used` a model of this catalogue (the id itself, what
        its alias stands for, or a local stand-in). Raises UnknownModel and ModelNotConfigured.
        """
        model = self.entry(role, model_id)
        if self._is_served(model, configured, adapters):
            return ModelChoice(requested=model_id, used=model.id, provider=model.provider)
        stand_in = model.stand_ins.get(role)
        if stand_in is None or unconfigured == "refuse":
            raise ModelNotConfigured(
                model_id,
                missing_settings=[name for name in model.settings if name not in configured],
                missing_adapter=None if model.provider in adapters else model.provider,
                stand_in=stand_in,
            )
        return ModelChoice(requested=model_id, used=stand_in, provider=LOCAL_PROVIDER)

    def describe(
        self, *, configured: frozenset[str], adapters: frozenset[str], unconfigured: Unconfigured
    ) -> CatalogueDocument:
        """The public document, as things stand on this server."""
        return CatalogueDocument(
            models=tuple(
                self._describe(model, configured, adapters, unconfigured)
                for model in self._models.values()
            ),
            styles=self.styles(),
            price_version=self.prices.version,
            prices=self.prices,
            limits=RequestLimits(),
        )

    def _describe(
        self,
        model: ModelEntry,
        configured: frozenset[str],
        adapters: frozenset[str],
        unconfigured: Unconfigured,
    ) -> ModelDocument:
        served = self._is_served(model, configured, adapters)
        stand_ins: Mapping[Role, str] = model.stand_ins if unconfigured == "local" else {}
        return ModelDocument(
            id=model.id,
            title=model.title,
            roles=model.roles,
            aliases=model.aliases,
            provider=model.provider,
            capabilities=model.capabilities,
            prices=model_prices(model, self.prices),
            lifecycle=model.lifecycle,
            configured=served,
            missing_settings=tuple(name for name in model.settings if name not in configured),
            served_by=tuple(
                ServedBy(role=role, model=model.id if served else stand_ins.get(role))
                for role in model.roles
            ),
        )

    def _find(self, model_id: str) -> ModelEntry | None:
        if model_id in self._models:
            return self._models[model_id]
        alias = self._aliases.get(model_id)
        return None if alias is None else alias[1]

    def _is_served(
        self, model: ModelEntry, configured: frozenset[str], adapters: frozenset[str]
    ) -> bool:
        if model.provider == LOCAL_PROVIDER:
            return True
        return model.provider in adapters and configured.issuperset(model.settings)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that ships with the package, read and checked once a process."""
    return Catalogue(
        models=ModelsFile.model_validate(_read("models.yaml")).models,
        styles=StylesFile.model_validate(_read("styles.yaml")).styles,
        prices=PriceTable.model_validate(_read("prices.yaml")),
    )


def _read(name: str) -> object:
    text = files("studio.catalog").joinpath(name).read_text(encoding="utf-8")
    document: object = yaml.safe_load(text)
    return document


def _index_aliases(models: Mapping[str, ModelEntry]) -> dict[str, tuple[Alias, ModelEntry]]:
    aliases: dict[str, tuple[Alias, ModelEntry]] = {}
    for model in models.values():
        for alias in model.aliases:
            if alias.id in models or alias.id in aliases:
                raise ValueError(f"the alias {alias.id} is taken")
            aliases[alias.id] = (alias, model)
    return aliases


def _refuse_unknown_stand_ins(models: Mapping[str, ModelEntry]) -> None:
    for model in models.values():
        for role, stand_in in model.stand_ins.items():
            local = models.get(stand_in)
            if local is None or local.provider != LOCAL_PROVIDER or role not in local.roles:
                raise ValueError(f"{model.id}: {stand_in} cannot stand in as {role}")

"""The catalogue: which models, styles and prices there are, and which model does the work."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import yaml

from studio.catalog.errors import Cause, ModelNotConfigured, UnknownModel, UnknownStyle
from studio.catalog.installation import Installation, Unconfigured
from studio.catalog.models import (
    LOCAL_PROVIDER,
    MODEL_DEFAULTS,
    Alias,
    ModelEntry,
    ModelsFile,
    Offer,
    Role,
    StartingPoint,
    StylePreset,
    StylesFile,
)
from studio.catalog.prices import PriceTable
from studio.catalog.quotations import refuse_missing_rows
from studio.catalog.succession import does_the_work_of, heirs, living, refuse_broken_lines
from studio.contracts.plan import ModelChoice

__all__ = ["LOCAL_PROVIDER", "Catalogue", "Installation", "Unconfigured", "load_catalogue"]


@dataclass(frozen=True)
class Ended:
    """An id that its provider has ended, when, and the model of the catalogue that serves it.

    `renamed`: only the id has ended, it is the same model.
    """

    ends: date
    served_by: str
    renamed: bool


class Catalogue:
    """Immutable. What a server can call comes with each question."""

    def __init__(
        self,
        models: Iterable[ModelEntry],
        styles: Iterable[StylePreset],
        prices: PriceTable,
        defaults: StartingPoint,
    ) -> None:
        self._models = {model.id: model for model in models}
        self._styles = {style.id: style for style in styles}
        self.prices = prices
        self.defaults = defaults
        self._aliases = _index_aliases(self._models)
        _refuse_unknown_stand_ins(self._models)
        refuse_broken_lines(self._models)
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

    def living(self, role: Role, model_id: str, today: date) -> ModelEntry:
        """As `entry`, but a model that has ended is its successor, which then fixes what a request
        can have and what it costs.
        """
        return living(self.entry(role, model_id), self._models, today)

    def ended(self, role: Role, model_id: str, today: date) -> Ended | None:
        """What became of an id that has ended; None for a living one."""
        model = self.entry(role, model_id)
        heir = living(model, self._models, today)
        if heir is not model and model.ends is not None:
            return Ended(model.ends, heir.id, renamed=False)
        alias = self._aliases.get(model_id)
        if alias is None or alias[0].lifecycle.ends is None:
            return None
        ends = alias[0].lifecycle.ends
        return Ended(ends, heir.id, renamed=True) if ends <= today else None

    def resolve(
        self,
        role: Role,
        model_id: str,
        *,
        installation: Installation,
        resolution: str | None = None,
    ) -> ModelChoice:
        """Which model does the work of the one that was asked for, and who offers it.

        `requested` is the id as it came, `used` a model of this catalogue (the id itself, what
        its alias stands for, the successor of one that has ended, or a local stand-in).
        Raises UnknownModel and ModelNotConfigured.
        """
        model = self.living(role, model_id, installation.today)
        call = _Call(role, model_id, installation, resolution)
        choice = call.first(self._candidates(call, model))
        if choice is not None and choice.used == model.id:
            return choice
        stand_in = model.stand_ins.get(role)
        if stand_in is None or installation.unconfigured == "refuse":
            raise ModelNotConfigured(
                model_id,
                served_by=model.id if self.entry(role, model_id) is not model else None,
                causes=_causes(model, installation),
                stand_in=stand_in,
            )
        local = self._models[stand_in]
        return call.choice(local, local.offers[0], None)

    def _candidates(self, call: "_Call", model: ModelEntry) -> list["_Candidate"]:
        """Who can do the work, best first: the model's offers, then those of its heirs.

        A provider's model is tried once: a setting may name one that is an heir too.
        """
        able = [
            heir
            for heir in heirs(model, self._models)
            if not heir.has_ended(call.installation.today)
            and does_the_work_of(heir, model, call.role, call.resolution)
        ]
        candidates: dict[tuple[str, str], _Candidate] = {}
        for one in (model, *able):
            for offer in call.installation.live_offers(one):
                provider_model = call.installation.provider_model(offer, call.resolution)
                candidates.setdefault((offer.provider, provider_model), _Candidate(one, offer))
        return list(candidates.values())

    def _find(self, model_id: str) -> ModelEntry | None:
        if model_id in self._models:
            return self._models[model_id]
        alias = self._aliases.get(model_id)
        return None if alias is None else alias[1]


@dataclass(frozen=True)
class _Candidate:
    model: ModelEntry
    offer: Offer


@dataclass(frozen=True)
class _Call:
    """One stage's question: which model works for this id, at this resolution, on this server."""

    role: Role
    requested: str
    installation: Installation
    resolution: str | None

    def first(self, candidates: list[_Candidate]) -> ModelChoice | None:
        """The first candidate, with those behind it as its successors."""
        choice: ModelChoice | None = None
        for candidate in reversed(candidates):
            choice = self.choice(candidate.model, candidate.offer, choice)
        return choice

    def choice(self, model: ModelEntry, offer: Offer, successor: ModelChoice | None) -> ModelChoice:
        video = model.capabilities.video if self.role is Role.VIDEO else None
        return ModelChoice(
            requested=self.requested,
            used=model.id,
            provider=offer.provider,
            provider_model=self.installation.provider_model(offer, self.resolution),
            references=_references(model, offer, self.role),
            last_frame=video is not None and video.last_frame,
            jobs_max=offer.jobs_max,
            successor=successor,
        )


def _references(model: ModelEntry, offer: Offer, role: Role) -> int:
    able = {Role.IMAGE: model.capabilities.image, Role.VIDEO: model.capabilities.video}.get(role)
    if able is None:
        return 0
    return able.references if offer.references is None else min(offer.references, able.references)


def _causes(model: ModelEntry, installation: Installation) -> Iterator[Cause]:
    """What keeps each offer of a model from being called."""
    for offer in model.offers:
        installed = offer.provider in installation.adapters
        yield Cause(
            missing_settings=installation.missing_settings(offer),
            missing_adapter=None if installed else offer.provider,
        )


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that ships with the package, read and checked once a process."""
    models = ModelsFile.model_validate(_read("models.yaml"))
    catalogue = Catalogue(
        models=models.models,
        styles=StylesFile.model_validate(_read("styles.yaml")).styles,
        prices=PriceTable.model_validate(_read("prices.yaml")),
        defaults=models.defaults,
    )
    refuse_unknown_defaults(catalogue)
    return catalogue


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
            if local is None or not local.is_local or role not in local.roles:
                raise ValueError(f"{model.id}: {stand_in} cannot stand in as {role}")


def refuse_unknown_defaults(catalogue: Catalogue) -> None:
    """UnknownModel or UnknownStyle where nobody could render with what nobody chose."""
    account = catalogue.defaults.account
    catalogue.style(account.visual_style_preset)
    for field, role in MODEL_DEFAULTS.items():
        catalogue.entry(role, getattr(account, field))
    catalogue.entry(Role.VOICE, catalogue.defaults.voice_model)

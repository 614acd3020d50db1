"""Which model does the work of each stage of a render, or why it cannot be done."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.catalog.catalogue import Catalogue
from studio.catalog.errors import CatalogueError, ModelNotConfigured
from studio.catalog.installation import Installation
from studio.catalog.models import ModelEntry, Role
from studio.contracts.plan import ModelChoice
from studio.contracts.problems import Problem


@dataclass(frozen=True)
class Part:
    """One stage's model: `field` is the request's field that a problem points at.

    `resolution` is the one that is rendered, for models that have any.
    """

    role: Role
    model_id: str
    field: str
    defaulted: bool
    resolution: str | None = None


@dataclass(frozen=True)
class Casting:
    """Looks models up on one server, as its settings and adapters are."""

    catalogue: Catalogue
    installation: Installation
    problems: list[Problem] = field(default_factory=list)
    choices: list[tuple[Part, ModelChoice]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def entry(self, part: Part) -> ModelEntry | None:
        """The catalogue's entry of the model asked for; None (and a problem) if unknown.

        Of a model that has ended it is its successor's.
        """
        try:
            return self.catalogue.living(part.role, part.model_id, self.installation.today)
        except CatalogueError as error:
            self._note(part, error)
            return None

    def choose(self, part: Part) -> ModelChoice | None:
        """The model that does the work; None (and a problem) where there is none."""
        try:
            return self._resolve(part)
        except CatalogueError as error:
            self._note(part, error)
            return None

    def spare(self, part: Part, loss: str) -> ModelChoice | None:
        """As `choose`, for a part that can be left out: without a model `loss` is a warning."""
        try:
            return self._resolve(part)
        except ModelNotConfigured as error:
            self.losses.append(f"{loss}: {error.reason}")
            return None

    def _resolve(self, part: Part) -> ModelChoice:
        choice = self.catalogue.resolve(
            part.role,
            part.model_id,
            installation=self.installation,
            resolution=part.resolution,
        )
        self.choices.append((part, choice))
        return choice

    def warnings(self) -> tuple[str, ...]:
        """One sentence for each model that another one stands in for or took the place of."""
        return (*self._normalised(), *self._ended(), *self._stand_ins(), *self.losses)

    def _note(self, part: Part, error: CatalogueError) -> None:
        """A model is looked up more than once; what is wrong with it is said once."""
        detail = error.detail
        if part.role is Role.VOICE and isinstance(error, ModelNotConfigured):
            detail = f"{error.reason} Voice briefs can be left out: {part.field} false."
        elif part.defaulted:
            detail += " (It is the account's default.)"
        problem = Problem(pointer=f"/{part.field}", detail=detail)
        if problem not in self.problems:
            self.problems.append(problem)

    def _normalised(self) -> list[str]:
        requested = dict.fromkeys(choice.requested for _, choice in self.choices)
        successors = {old: self.catalogue.legacy_successor(old) for old in requested}
        return [
            f"{old} is a legacy id; the request was normalised to {new}."
            for old, new in successors.items()
            if new is not None
        ]

    def _ended(self) -> list[str]:
        """A model's new name is news only to who used the old one; another model is to everyone."""
        today, found = self.installation.today, {}
        for part, choice in self.choices:
            ended = self.catalogue.ended(part.role, choice.requested, today)
            if ended is not None and not (ended.renamed and part.defaulted):
                found[choice.requested] = ended
        return [
            f"{model_id} ended on {ended.ends}; {ended.served_by} takes its place."
            for model_id, ended in found.items()
        ]

    def _stand_ins(self) -> list[str]:
        stand_ins: dict[str, dict[str, None]] = {}
        for _, choice in self.choices:
            if choice.provider == "local" and choice.used != choice.requested:
                name = self.catalogue.legacy_successor(choice.requested) or choice.requested
                stand_ins.setdefault(name, {})[choice.used] = None
        return [
            f"{model} is not configured here; {_names(list(used))} stood in for it."
            for model, used in stand_ins.items()
        ]


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""Which model does the work of each stage of a render, or why it cannot be done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from studio.catalog.catalogue import Catalogue, Unconfigured
from studio.catalog.errors import CatalogueError, ModelNotConfigured
from studio.catalog.models import ModelEntry, Role
from studio.contracts.plan import ModelChoice
from studio.contracts.problems import Problem

VOICE_MODEL: Final = "gemini-3.8-flash-tts"
"""What speaks the stage briefs. A request has no field for it."""


@dataclass(frozen=True)
class Part:
    """One stage's model: `field` is the request's field that a problem points at."""

    role: Role
    model_id: str
    field: str
    defaulted: bool


@dataclass(frozen=True)
class Casting:
    """Looks models up on one server, as its settings and adapters are."""

    catalogue: Catalogue
    configured: frozenset[str]
    adapters: frozenset[str]
    unconfigured: Unconfigured
    problems: list[Problem] = field(default_factory=list)
    choices: list[ModelChoice] = field(default_factory=list)

    def entry(self, part: Part) -> ModelEntry | None:
        """The catalogue's entry of the model asked for; None (and a problem) if unknown."""
        try:
            return self.catalogue.entry(part.role, part.model_id)
        except CatalogueError as error:
            self._note(part, error)
            return None

    def choose(self, part: Part) -> ModelChoice | None:
        """The model that does the work; None (and a problem) where there is none."""
        try:
            choice = self.catalogue.resolve(
                part.role,
                part.model_id,
                configured=self.configured,
                adapters=self.adapters,
                unconfigured=self.unconfigured,
            )
        except CatalogueError as error:
            self._note(part, error)
            return None
        self.choices.append(choice)
        return choice

    def warnings(self) -> tuple[str, ...]:
        """One sentence for each model that another one stands in for or took the place of."""
        return (*self._normalised(), *self._stand_ins())

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
        requested = dict.fromkeys(choice.requested for choice in self.choices)
        successors = {old: self.catalogue.legacy_successor(old) for old in requested}
        return [
            f"{old} is a legacy id; the request was normalised to {new}."
            for old, new in successors.items()
            if new is not None
        ]

    def _stand_ins(self) -> list[str]:
        stand_ins: dict[str, dict[str, None]] = {}
        for choice in self.choices:
            if choice.provider == "local" and choice.used != choice.requested:
                name = self.catalogue.legacy_successor(choice.requested) or choice.requested
                stand_ins.setdefault(name, {})[choice.used] = None
        return [
            f"{model} is not configured here; {_names(list(used))} stood in for it."
            for model, used in stand_ins.items()
        ]


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

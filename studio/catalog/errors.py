"""Why a model id of a request cannot be served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import ClassVar

from studio.contracts.errors import StudioError


class CatalogueError(StudioError):
    """The catalogue cannot serve what was asked for."""

    code: ClassVar[str] = "catalogue_error"


class UnknownModel(CatalogueError):
    """No model of this role has this id or alias. `known` lists those that exist, closest first."""

    code: ClassVar[str] = "unknown_model"

    def __init__(self, model_id: str, *, role: str, known: Sequence[str], hint: str = "") -> None:
        self.model_id = model_id
        self.role = role
        self.known = closest_first(model_id, known)
        super().__init__(_unknown(f"{role} model", model_id, self.known, hint))


class UnknownStyle(CatalogueError):
    """No style preset has this id. `known` lists those that exist, closest first."""

    code: ClassVar[str] = "unknown_style"

    def __init__(self, style_id: str, *, known: Sequence[str]) -> None:
        self.style_id = style_id
        self.known = closest_first(style_id, known)
        super().__init__(_unknown("style preset", style_id, self.known, ""))


@dataclass(frozen=True)
class Cause:
    """What keeps one offer of a model from being called."""

    missing_settings: tuple[str, ...]
    missing_adapter: str | None

    def __str__(self) -> str:
        causes = [f"{name} must be set" for name in self.missing_settings]
        if self.missing_adapter:
            provider = self.missing_adapter
            causes.append(f"this installation has no adapter for its provider ({provider})")
        return " and ".join(causes) or "its provider does not offer it any more"


class ModelNotConfigured(CatalogueError):
    """The model is known, but nothing here can call it. `causes` has one entry an offer.

    `missing_settings` are those of the first offer; where it is empty, only the provider's adapter
    is not part of this installation. `reason` is the detail without the advice to take the
    stand-in.
    """

    code: ClassVar[str] = "model_not_configured"

    def __init__(
        self,
        model_id: str,
        *,
        causes: Iterable[Cause],
        stand_in: str | None,
        served_by: str | None = None,
    ) -> None:
        offers = tuple(causes)
        ways = ", or ".join(dict.fromkeys(str(cause) for cause in offers))
        name = f"{model_id} has ended, and {served_by} that serves it" if served_by else model_id
        self.reason = f"{name} is not configured on this server: {ways}."
        advice = f" Ask for {stand_in} to use the local stand-in." if stand_in else ""
        super().__init__(self.reason + advice)
        self.model_id = model_id
        self.missing_settings = offers[0].missing_settings


def closest_first(given: str, known: Sequence[str]) -> tuple[str, ...]:
    """The known ids, those most like the given one first."""

    def likeness(candidate: str) -> float:
        return SequenceMatcher(None, given.lower(), candidate.lower()).ratio()

    return tuple(sorted(known, key=likeness, reverse=True))


def _unknown(noun: str, given: str, known: Sequence[str], hint: str) -> str:
    close = get_close_matches(given, known, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    return f"There is no {noun} {given!r}.{hint}{guess} Known: {', '.join(known)}."

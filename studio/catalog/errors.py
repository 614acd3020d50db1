"""Why a model id of a request cannot be served."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar

from studio.contracts.errors import StudioError


class CatalogueError(StudioError):
    """The catalogue cannot serve what was asked for."""

    code: ClassVar[str] = "catalogue_error"


class UnknownModel(CatalogueError):
    """No model of this role has this id or alias. `known` lists those that exist."""

    code: ClassVar[str] = "unknown_model"

    def __init__(self, model_id: str, *, role: str, known: Sequence[str], hint: str = "") -> None:
        super().__init__(_unknown(f"{role} model", model_id, known, hint))
        self.model_id = model_id
        self.role = role
        self.known = tuple(known)


class UnknownStyle(CatalogueError):
    """No style preset has this id. `known` lists those that exist."""

    code: ClassVar[str] = "unknown_style"

    def __init__(self, style_id: str, *, known: Sequence[str]) -> None:
        super().__init__(_unknown("style preset", style_id, known, ""))
        self.style_id = style_id
        self.known = tuple(known)


class ModelNotConfigured(CatalogueError):
    """The model is known, but nothing here can call it.

    `missing_settings` must be set first; where it is empty, only the provider's adapter is not
    part of this installation. `reason` is the detail without the advice to take the stand-in.
    """

    code: ClassVar[str] = "model_not_configured"

    def __init__(
        self,
        model_id: str,
        *,
        missing_settings: Sequence[str],
        missing_adapter: str | None,
        stand_in: str | None,
    ) -> None:
        causes = [f"{name} must be set" for name in missing_settings]
        if missing_adapter:
            causes.append(f"this installation has no adapter for its provider ({missing_adapter})")
        self.reason = f"{model_id} is not configured on this server: {' and '.join(causes)}."
        advice = f" Ask for {stand_in} to use the local stand-in." if stand_in else ""
        super().__init__(self.reason + advice)
        self.model_id = model_id
        self.missing_settings = tuple(missing_settings)


def _unknown(noun: str, given: str, known: Sequence[str], hint: str) -> str:
    close = get_close_matches(given, known, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    return f"There is no {noun} {given!r}.{hint}{guess} Known: {', '.join(known)}."

"""Which adapter does the work of a model choice."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from studio.contracts.errors import StudioError
from studio.contracts.plan import ModelChoice

Adapter = TypeVar("Adapter")


class UnknownProvider(StudioError):
    """The render needs an adapter that this worker does not have: a deployment mistake."""

    code: ClassVar[str] = "unknown_provider"


def adapter(adapters: Mapping[str, Adapter], model: ModelChoice) -> Adapter:
    """The adapter of a model's provider. UnknownProvider if this worker has none."""
    try:
        return adapters[model.provider]
    except KeyError:
        raise UnknownProvider(
            f"No adapter for provider {model.provider!r} ({model.used}) runs on this worker."
        ) from None

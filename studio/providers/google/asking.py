"""Around calls of google-genai for a clip: orders, and questions that cost nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from studio.providers.errors import (
    ModelGone,
    ModerationRefused,
    ProviderBusy,
    ProviderDenied,
    ProviderError,
    ProviderRejected,
    RefusedInput,
)
from studio.providers.google.client import GoogleClient
from studio.providers.moderation import refused_input


@contextmanager
def ordered(client: GoogleClient) -> Iterator[None]:
    """Around one order. A refused picture is the keyframe here, unless references are named."""
    try:
        with client.translated():
            yield
    except ModerationRefused as error:
        refused = refused_input(error.detail, otherwise=RefusedInput.PROMPT)
        raise ModerationRefused(error.detail, refused=refused) from None


class JobUnknown(ProviderError):
    """Google has no record of the job: it keeps those of finished ones for a time only."""


@contextmanager
def asked(client: GoogleClient) -> Iterator[None]:
    """Around one free call. Raises ProviderBusy, ProviderDenied, JobUnknown or ProviderError only.

    A refusal of the question is no refusal of the job that it is about: that may well be running.
    """
    try:
        with refusable(client):
            yield
    except ProviderRejected as error:
        raise ProviderError(error.detail) from None


@contextmanager
def refusable(client: GoogleClient) -> Iterator[None]:
    """As `asked`, for a call that Google may refuse for good: ProviderRejected, too."""
    try:
        with client.translated():
            yield
    except (ProviderBusy, ProviderDenied, ProviderRejected):
        raise
    except ModelGone as error:
        raise JobUnknown(error.detail) from None
    except ProviderError as error:
        raise ProviderError(error.detail) from None

"""What a status URL names. It is read, never fetched: only addresses of our own mean anything."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.clock import PROJECT_ID_DIGITS, PROJECT_ID_PREFIX, QUOTE_ID_DIGITS
from gateway.services.links import API_PREFIX
from studio.contracts.names import QUOTE_ID_PREFIX
from studio.ingest.errors import InvalidRequest, Problem
from studio.quotes.claim_tokens import CLAIM_TOKEN_PREFIX

STATUS_URL_LENGTH_MAX: Final = 600
STATUS_URL_POINTER: Final = "/status_url"
NOT_OURS: Final = (
    "status_url must be the status_url of a render or a quote of this server, unchanged."
)
PROJECT_ID_PATTERN: Final = rf"{PROJECT_ID_PREFIX}[0-9a-f]{{{PROJECT_ID_DIGITS}}}"
QUOTE_ID_PATTERN: Final = rf"{QUOTE_ID_PREFIX}[0-9a-f]{{{QUOTE_ID_DIGITS}}}"

_ORIGIN: Final = re.compile(r"(?i:https?)://[A-Za-z0-9.\-:\[\]]{1,270}")
_CANCEL: Final = "(?:/cancel)?"
"""The cancel_url of results names the same thing, and models give either."""
_RENDER: Final = re.compile(rf"{API_PREFIX}/renders/(?P<project>{PROJECT_ID_PATTERN}){_CANCEL}")
_PAID: Final = re.compile(
    rf"{API_PREFIX}/paid-renders/(?P<quote>{QUOTE_ID_PATTERN}){_CANCEL}"
    rf"\?claim_token=(?P<token>{CLAIM_TOKEN_PREFIX}[0-9A-Za-z]{{1,80}})"
)


@dataclass(frozen=True)
class RenderAddress:
    """An account's render."""

    project_id: str


@dataclass(frozen=True)
class PaidAddress:
    """A quote and the proof that it is the caller's."""

    quote_id: str
    claim_token: str = field(repr=False)


def read_status_url(url: str, own_base_urls: Iterable[str]) -> RenderAddress | PaidAddress:
    """What a status_url or cancel_url names. InvalidRequest unless this server gives out just that.

    Compared, not parsed: what some parser might take for another host is no address of ours.
    """
    origin = _ORIGIN.match(url) if len(url) <= STATUS_URL_LENGTH_MAX else None
    bases = {base.rstrip("/").lower() for base in own_base_urls}
    if origin is None or origin.group().lower() not in bases:
        raise _not_ours()
    rest = url[origin.end() :]
    if found := _RENDER.fullmatch(rest):
        return RenderAddress(found["project"])
    if found := _PAID.fullmatch(rest):
        return PaidAddress(found["quote"], found["token"])
    raise _not_ours()


def _not_ours() -> InvalidRequest:
    return InvalidRequest((Problem(STATUS_URL_POINTER, NOT_OURS),))

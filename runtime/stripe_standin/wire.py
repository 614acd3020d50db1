"""A request as it was understood, and an answer before it leaves."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.versions import DEFAULT_VERSION

Json = dict[str, object]

JSON_HEADERS: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Call:
    """`name` is the route's, such as `intents.create`; `parts` are the ids in its path."""

    name: str
    method: str
    path: str
    form: Form
    request_id: str
    parts: Mapping[str, str] = field(default_factory=dict)
    version: str = DEFAULT_VERSION
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """What makes two requests the same: the parameters, in whatever order."""
        return hashlib.sha256(json.dumps(sorted(self.form.pairs)).encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(
    document: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer in Stripe's own layout: indented by two spaces."""
    return Answer(status, json.dumps(document, indent=2).encode(), headers or {})

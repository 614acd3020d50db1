"""Schemathesis at a gateway on a real port: requests made of the gateway's own OpenAPI document.

Its engine tries every operation with the document's examples, with the edges of each schema one
after the other, and with values drawn from a fixed seed; what fits the document is sent, and what
breaks it. Its checks hold every answer against the document, and one of ours against RFC 9457.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.core.transport import Response
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from gateway.problem import PROBLEM_MEDIA_TYPE, ProblemDocument
from tests.api.kit import KEY_HEADER

SEED = 7
FIRST_ERROR = 400
KNOWN_PROBABILITY = 0.8
"""Of a value that there is, where one is known: half of the pairs of two then fit together."""

TAKEN: list[int | str] = ["2xx", 401, 402, 403, 404, 409, 410, 429]
"""What a request that fits the document may be answered with. A 402 is how quotes are given, a 401
a key that was drawn.
"""
READ_FURTHER = ["submit_render", "estimate_render", "create_quote", "list_renders", "get_statement"]
"""Operations whose schema cannot say all: which models there are, what is feasible, cursors."""
REFUSED = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429]
"""What one that breaks it must be answered with."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Aim:
    """Where to send requests and with what. `known` are values by parameter that there are.

    `examples_max` is how many are drawn for an operation; `edges` says whether to walk those too.
    """

    base_url: str
    paths: Sequence[str]
    key: str | None
    known: Mapping[str, Sequence[str]]
    examples_max: int
    edges: bool


@dataclass
class Fuzzed:
    """`faults` are sentences; `statuses` what each operation was answered with, by its label."""

    faults: list[str] = field(default_factory=list)
    statuses: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def fuzz(document: Document, aim: Aim) -> Fuzzed:
    """Send it all to the operations of the aim's paths. Not from the thread that serves."""
    schema = schemathesis.openapi.from_dict(document, config=_config(aim))
    found = Fuzzed()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            _note_answers(event, found)
            _note_checks(event, found)
        elif isinstance(event, NonFatalError):
            found.faults.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, FatalError):
            raise event.exception
    return found


def _note_answers(event: ScenarioFinished, found: Fuzzed) -> None:
    label = str(event.recorder.label)
    method = label.partition(" ")[0]
    for number, interaction in event.recorder.interactions.items():
        response = interaction.response
        if response is None:
            found.faults.append(f"{label}: there was no answer")
            continue
        if event.recorder.cases[number].value.method == method:
            found.statuses[label].add(response.status_code)
        found.faults += [f"{label}: {fault}" for fault in _faults_of_error(response)]


def _note_checks(event: ScenarioFinished, found: Fuzzed) -> None:
    for checks in event.recorder.checks.values():
        for failed in (check.failure_info for check in checks if check.failure_info is not None):
            failure = failed.failure
            found.faults.append(
                f"{failure.operation}: {failure.title}: {failure.message}\n{failed.code_sample}"
            )


def _faults_of_error(response: Response) -> Iterator[str]:
    """What is wrong with the answer if it tells of an error; ValidationError if it is no problem
    document at all.
    """
    if response.status_code < FIRST_ERROR:
        return
    if response.headers["content-type"] != [PROBLEM_MEDIA_TYPE]:
        yield f"{response.status_code} came as {response.headers['content-type']}"
        return
    document = ProblemDocument.model_validate_json(response.content)
    if document.status != response.status_code or not (document.detail and document.code):
        yield f"{response.status_code} came with {document}"


def _config(aim: Aim) -> schemathesis.Config:
    dictionaries = {name: {"values": list(values)} for name, values in aim.known.items()}
    return schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "base-url": aim.base_url,
            "headers": {KEY_HEADER: aim.key} if aim.key else {},
            "generation": {
                "max-examples": aim.examples_max,
                "deterministic": True,
                "database": "none",
            },
            "phases": {"coverage": {"enabled": aim.edges}, "stateful": {"enabled": False}},
            "dictionaries": dictionaries,
            "parameters": {
                name: {"dictionary": name, "probability": KNOWN_PROBABILITY}
                for name in dictionaries
            },
            "checks": _checks(TAKEN),
            "operations": [
                {"exclude-path": list(aim.paths), "enabled": False},
                {"include-operation-id": READ_FURTHER, "checks": _checks([*TAKEN, 415, 422])},
            ],
            "continue-on-failure": True,
        }
    )


def _checks(taken: Sequence[int | str]) -> Document:
    return {
        "positive_data_acceptance": {"expected-statuses": list(taken)},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    }

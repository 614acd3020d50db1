"""Secrets that a test hands out, and the search for them wherever anything is kept or answered."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcp.types import CallToolResult, TextContent

from runtime.ports import free_port
from tests.kit.collector import Collector
from tests.kit.metrics import scrape
from tests.kit.operator import history
from tests.kit.stack import Stack

KEY: Final = "key"
CLAIM_TOKEN: Final = "claim token"
SIGNATURE: Final = "signature"
CHALLENGE: Final = "challenge"

CARRIERS: Final[Mapping[str, frozenset[str]]] = {
    CLAIM_TOKEN: frozenset({"claim_token", "payment_url", "status_url", "cancel_url"}),
    SIGNATURE: frozenset({"final_video_url", "video_url", "thumbnail_url", "keyframe_url"}),
    CHALLENGE: frozenset({"www_authenticate"}),
}
"""The only fields of a tool's result that carry a secret, by the kind of it. None carries a key, a
payment token or a credential."""

_PORTS: Final = {name: f"FVS_{name.upper()}_METRICS_PORT" for name in ("gateway", "worker")}


@dataclass
class Secrets:
    """What nobody may keep, by its text; the value is what kind of secret it is."""

    kinds: dict[str, str] = field(default_factory=dict)

    def remember(self, kind: str, *texts: str) -> None:
        self.kinds |= dict.fromkeys(texts, kind)

    def of(self, kind: str) -> set[str]:
        return {text for text, each in self.kinds.items() if each == kind}

    def found_in(self, kept: Mapping[str, bytes]) -> list[str]:
        """A sentence for each secret in each place, which must be none."""
        return [
            f"a {kind} is in the {place}"
            for place, content in kept.items()
            for text, kind in self.kinds.items()
            if text.encode() in content
        ]

    def carried_by(self, result: CallToolResult) -> set[tuple[str, str]]:
        """Kind and field of each secret in a result; the same field may be said in several ways."""
        return {
            (kind, name)
            for name, said in _fields_of(result)
            for text, kind in self.kinds.items()
            if text in said
        }


def strays(carried: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """What is carried by a field that is not documented to."""
    return {(kind, name) for kind, name in carried if name not in CARRIERS.get(kind, ())}


def tell_all(stack: Stack, collector: Collector) -> None:
    """Have processes that are started from now on tell everything they can."""
    stack.variables |= {
        "FVS_OTEL_ENDPOINT": collector.url,
        "FVS_LOG_LEVEL": "debug",
        **{variable: str(free_port()) for variable in _PORTS.values()},
    }


def metrics_of(stack: Stack) -> dict[str, bytes]:
    """Of the processes that `tell_all`, while they run."""
    return {
        f"{name} metrics": scrape(int(stack.variables[variable])).text.encode()
        for name, variable in _PORTS.items()
    }


def kept_of(stack: Stack, collector: Collector, runs: Iterable[str]) -> dict[str, bytes]:
    """All that a deployment keeps, once its processes have ended and written their last."""
    return {
        "worker log": (stack.directory / "worker.log").read_bytes(),
        "gateway log": (stack.directory / "gateway.log").read_bytes(),
        "traces": b"".join(collector.bodies),
        "histories": b"".join(history(stack, run) for run in runs),
        "database": b"".join(path.read_bytes() for path in stack.directory.glob("fvs.db*")),
    }


def _fields_of(result: CallToolResult) -> Iterator[tuple[str, str]]:
    """Every text in a result, with the name of the field that it is in."""
    for document in (result.structured_content, result.meta):
        yield from _texts("", document)
    for block in result.content:
        assert isinstance(block, TextContent)
        yield from _texts("", json.loads(block.text))


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield "the name of a field", str(key)
            yield from _texts(str(key), each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(name, each)

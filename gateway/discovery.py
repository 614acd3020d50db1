"""What an agent without an account finds first: a small OpenAPI document.

The document is cut out of the full one, so that both have the same schemas. Its extensions are
those of draft-payment-discovery-00 (https://paymentauth.org), whose crawlers stop at 64 KB.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.openapi import OPENAPI_PATH, Fragment
from gateway.services.links import API_PREFIX
from studio.contracts.limits import (
    PAYMENT_CENTS_MAX,
    PAYMENT_CENTS_MIN,
    PAYMENT_CURRENCY,
)

DISCOVERY_PATH: Final = "/openapi.json"
LLMS_PATH: Final = "/llms.txt"
HEALTH_PATH: Final = "/health"
"""Asked every few seconds by machines that look for nothing else."""
QUOTES_PATH: Final = f"{API_PREFIX}/render-quotes"
PAID_RENDERS_PATH: Final = f"{API_PREFIX}/paid-renders"
PAYING_PATHS: Final = (
    QUOTES_PATH,
    f"{QUOTES_PATH}/{{quote_id}}/pay",
    f"{PAID_RENDERS_PATH}/{{quote_id}}",
    f"{PAID_RENDERS_PATH}/{{quote_id}}/cancel",
)
OPEN_PATHS: Final = (QUOTES_PATH, PAID_RENDERS_PATH, DISCOVERY_PATH, LLMS_PATH)
"""What pages of every origin may call."""
DISCOVERY_BYTES_MAX: Final = 64 * 1024
"""Where crawlers stop reading (draft-payment-discovery-00)."""
DISCOVERY_MAX_AGE_SECONDS: Final = 300
"""What the draft recommends."""
_SCHEMAS: Final = "#/components/schemas/"
_PAYMENT_REQUIRED: Final = "402"
_FIRST_ERROR_STATUS: Final = 400
_VALUES: Final = frozenset({"example", "examples", "default", "enum", "const", "required"})
"""What is under these is no schema."""
_OFFER: Final = {
    "intent": "charge",
    "method": "stripe",
    "amount": None,  # it depends on the request: the challenge says it
    "currency": PAYMENT_CURRENCY,
    "description": (
        f"One film, priced by its request: {PAYMENT_CENTS_MIN} to {PAYMENT_CENTS_MAX} US cents."
    ),
}


def paying_document(full: Fragment, *, missing_settings: Sequence[str] = ()) -> Fragment:
    """The routes for paying agents, with what they refer to; the same wherever it is found.

    Where `missing_settings` names what keeps this server from taking payments, nothing is offered.
    Only the first route has the offer: the others need a quote, which no crawler has.
    """
    paths = _paying_paths(full)
    if not missing_settings:
        paths[QUOTES_PATH]["post"]["x-payment-info"] = {"offers": [_OFFER]}
    components = {"schemas": _schemas_of(paths, full)}
    return {
        "openapi": full["openapi"],
        "info": part(full["info"]) | {"description": in_a_sentence(missing_settings)},
        "paths": _untitled(paths),
        "components": _untitled(components),
    }


def located(document: Fragment, base_url: str) -> Fragment:
    """The small document as found at `base_url`: with that of the server and of its texts."""
    docs = {
        "homepage": base_url + LLMS_PATH,
        "apiReference": base_url + OPENAPI_PATH,
        "llms": base_url + LLMS_PATH,
    }
    return {
        **document,
        "servers": [{"url": base_url}],
        "x-service-info": {"categories": ["media"], "docs": docs},
    }


def in_a_sentence(missing_settings: Sequence[str]) -> str:
    """What is to be done here, or why nothing can."""
    if missing_settings:
        names = ", ".join(missing_settings)
        return f"This server takes no payments now, so quotes answer 503: {names} not set."
    return (
        "Post a brief, pay the 402, poll `status_url` until `final_video_url` is there. No account "
        "and no key. Every refusal is a problem document (RFC 9457) whose `detail` is a sentence. "
        f"All routes, with those of accounts: `{OPENAPI_PATH}`."
    )


def _paying_paths(full: Fragment) -> dict[str, dict[str, Fragment]]:
    found: dict[str, dict[str, Fragment]] = {}
    for path, item in part(full["paths"]).items():
        if path in PAYING_PATHS:
            found[path] = {method: _shortened(part(each)) for method, each in part(item).items()}
    return found


def _shortened(operation: Fragment) -> Fragment:
    """Without the bodies of refusals, which are all the same, but for the one with the offer."""
    responses = {}
    for status, response in part(operation["responses"]).items():
        told = part(response)
        is_whole = _has_own_body(status)
        responses[status] = told if is_whole else {"description": told["description"]}
    return {**operation, "responses": responses}


def _has_own_body(status: str) -> bool:
    return status == _PAYMENT_REQUIRED or int(status) < _FIRST_ERROR_STATUS


def _schemas_of(paths: object, full: Fragment) -> Fragment:
    """Every schema that the paths refer to, and those that these refer to."""
    known = part(part(full["components"])["schemas"])
    found: Fragment = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = known[name]
            waiting += _references(known[name])
    return dict(sorted(found.items()))


def _untitled(node: object) -> object:
    """A schema without the titles that repeat each name in other letters."""
    if isinstance(node, list):
        return [_untitled(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value if key in _VALUES else _untitled(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
    }


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_SCHEMAS)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def part(node: object) -> Fragment:
    """A part of the document that is an object by OpenAPI's own rules."""
    assert isinstance(node, dict)  # noqa: S101 - made by the framework and by us
    return node

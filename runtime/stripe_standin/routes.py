"""Which request is which call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.stripe_standin import (
    disputes,
    events,
    intents,
    refunds,
    searching,
    sessions,
    tokens,
)
from runtime.stripe_standin.documents import profile_document
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work

Handler = Callable[[Work, Call], Json]
NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class ApiRoute:
    """`parameters` are the names that the call takes; others are refused as unknown."""

    name: str
    method: str
    path: str
    handler: Handler
    parameters: frozenset[str] = NOTHING


def _show_profile(work: Work, _call: Call) -> Json:
    return profile_document(work.settings.network_id)


_EXPAND: Final = frozenset({"expand"})
_TOKENS: Final = "/v1/shared_payment/granted_tokens"
_TEST_TOKENS: Final = f"/v1/test_helpers{_TOKENS.removeprefix('/v1')}"
_INTENTS: Final = "/v1/payment_intents"
_SESSIONS: Final = "/v1/checkout/sessions"
_DISPUTES: Final = "/v1/disputes"

ROUTES: Final = (
    ApiRoute("tokens.create", "POST", _TEST_TOKENS, tokens.mint, tokens.PARAMETERS),
    ApiRoute("tokens.revoke", "POST", f"{_TEST_TOKENS}/{{id}}/revoke", tokens.revoke, _EXPAND),
    ApiRoute("tokens.get", "GET", f"{_TOKENS}/{{id}}", tokens.show, _EXPAND),
    ApiRoute("tokens.revoke", "POST", f"{_TOKENS}/{{id}}/revoke", tokens.revoke, _EXPAND),
    ApiRoute("intents.create", "POST", _INTENTS, intents.create, intents.PARAMETERS),
    ApiRoute("intents.list", "GET", _INTENTS, searching.list_intents, searching.LIST_PARAMETERS),
    ApiRoute(
        "intents.search",
        "GET",
        f"{_INTENTS}/search",
        searching.search_intents,
        searching.SEARCH_PARAMETERS,
    ),
    ApiRoute("intents.get", "GET", f"{_INTENTS}/{{id}}", intents.show, _EXPAND | {"client_secret"}),
    ApiRoute(
        "intents.cancel",
        "POST",
        f"{_INTENTS}/{{id}}/cancel",
        intents.cancel,
        frozenset({"cancellation_reason"}),
    ),
    ApiRoute("sessions.create", "POST", _SESSIONS, sessions.create, sessions.PARAMETERS),
    ApiRoute("sessions.list", "GET", _SESSIONS, sessions.list_sessions, sessions.LIST_PARAMETERS),
    ApiRoute("sessions.get", "GET", f"{_SESSIONS}/{{id}}", sessions.show, _EXPAND),
    ApiRoute("sessions.expire", "POST", f"{_SESSIONS}/{{id}}/expire", sessions.expire),
    ApiRoute("disputes.list", "GET", _DISPUTES, disputes.list_disputes, disputes.LIST_PARAMETERS),
    ApiRoute("disputes.get", "GET", f"{_DISPUTES}/{{id}}", disputes.show),
    ApiRoute(
        "disputes.answer", "POST", f"{_DISPUTES}/{{id}}", disputes.answer, disputes.PARAMETERS
    ),
    ApiRoute("disputes.close", "POST", f"{_DISPUTES}/{{id}}/close", disputes.close),
    ApiRoute("charges.get", "GET", "/v1/charges/{id}", intents.show_charge),
    ApiRoute("refunds.create", "POST", "/v1/refunds", refunds.create, refunds.PARAMETERS),
    ApiRoute("refunds.list", "GET", "/v1/refunds", refunds.list_refunds, refunds.LIST_PARAMETERS),
    ApiRoute("refunds.get", "GET", "/v1/refunds/{id}", refunds.show),
    ApiRoute("events.list", "GET", "/v1/events", events.list_events, events.LIST_PARAMETERS),
    ApiRoute("events.get", "GET", "/v1/events/{id}", events.show),
    ApiRoute("profile.get", "GET", "/v2/network/business_profiles/me", _show_profile),
)
METHODS: Final = {route.name: route.method for route in ROUTES}

"""Stripe's HTTP around the stand-in: keys, versions, idempotency, faults."""

import base64
import binascii
import hmac
import logging
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from runtime.stripe_standin.books import SeenRequest, without_tokens
from runtime.stripe_standin.connection import EndedResponse, Ending
from runtime.stripe_standin.control import control_routes
from runtime.stripe_standin.engine import TEST_KEY_PREFIXES, Standin
from runtime.stripe_standin.faults import Fault, Injection
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.hosted_page import hosted_routes
from runtime.stripe_standin.idempotency import REPLAYED
from runtime.stripe_standin.refusals import (
    StripeRefusal,
    broken,
    invalid,
    key_in_use,
    no_route,
    not_authenticated,
    rate_limited,
)
from runtime.stripe_standin.routes import ROUTES, ApiRoute
from runtime.stripe_standin.versions import DEFAULT_VERSION, checked_version
from runtime.stripe_standin.wire import JSON_HEADERS, Answer, Call, json_answer
from runtime.stripe_standin.work import new_id

BODY_BYTES_MAX: Final = 256 * 1024
"""A call of ours is a few kilobytes."""

FORM: Final = "application/x-www-form-urlencoded"
_BEFORE: Final = {
    Fault.RESET_BEFORE: Ending.RESET,
    Fault.CLOSED_BEFORE: Ending.CLOSED,
    Fault.HANG_BEFORE: Ending.HANG,
}
_AFTER: Final = {
    Fault.RESET_AFTER: Ending.RESET,
    Fault.CLOSED_AFTER: Ending.CLOSED,
    Fault.HANG_AFTER: Ending.HANG,
    Fault.CUT_REPLY: Ending.CUT,
}
logger = logging.getLogger(__name__)


def create_app(standin: Standin) -> Starlette:
    routes: list[BaseRoute] = [
        Route(route.path, Endpoint(standin, route).answer, methods=[route.method])
        for route in ROUTES
    ]
    routes.extend(hosted_routes(standin))
    if standin.settings.control:
        routes.extend(control_routes(standin))
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


class Endpoint:
    """One call of the API."""

    def __init__(self, standin: Standin, route: ApiRoute) -> None:
        self._standin = standin
        self._route = route

    async def answer(self, request: Request) -> Response:
        request_id = new_id("req")
        injection: Injection | None = None
        call: Call | None = None
        try:
            _authenticate(request, self._standin.settings.secret_key)
            call = await self._read(request, request_id)
            injection = self._standin.faults.take(call.name, f"{call.path}\n{call.form.pairs}")
            answer = await self._outcome(call, injection)
        except StripeRefusal as refusal:
            answer = json_answer(refusal.document(), refusal.status, refusal.headers)
        response = self._leaving(answer, injection, request, request_id)
        self._note(call, answer, injection, response)
        return response

    async def _read(self, request: Request, request_id: str) -> Call:
        version = checked_version(request.headers.get("stripe-version"))
        encoded = str(request.url.query)
        if request.method == "POST":
            body = await _body(request)
            if body and not request.headers.get("content-type", "").startswith(FORM):
                raise invalid("Send parameters form-encoded.", param=None)
            encoded = "&".join(part for part in (encoded, body.decode("utf-8", "replace")) if part)
        key = request.headers.get("idempotency-key") or None
        return Call(
            name=self._route.name,
            method=request.method,
            path=request.url.path,
            form=Form.parse(encoded),
            request_id=request_id,
            parts={name: str(part) for name, part in request.path_params.items()},
            version=version,
            idempotency_key=key if request.method == "POST" else None,
        )

    async def _outcome(self, call: Call, injection: Injection | None) -> Answer:
        """The answer, before anything happens to it on its way."""
        if injection is not None:
            _refuse(call, injection)
            if injection.fault in _BEFORE:
                return Answer(0, b"")
        key = call.idempotency_key
        if key is None:
            return await self._perform(call, injection)
        replayed = self._standin.idempotency.begin(key, call)
        if replayed is not None:
            return replayed
        try:
            return await self._perform(call, injection)
        finally:
            self._standin.idempotency.end(key)

    async def _perform(self, call: Call, injection: Injection | None) -> Answer:
        if injection is not None and injection.fault is Fault.DELAY:
            await self._standin.delay(injection.seconds)
        status = None
        if injection is not None and injection.fault is Fault.BROKEN_AFTER:
            status = injection.status or HTTPStatus.INTERNAL_SERVER_ERROR
        return self._standin.perform(self._route, call, broken_status=status)

    def _leaving(
        self, answer: Answer, injection: Injection | None, request: Request, request_id: str
    ) -> Response:
        """The answer as it leaves, or what happens instead."""
        fault = injection.fault if injection else None
        if fault in _BEFORE or fault in _AFTER:
            ending = _BEFORE.get(fault) or _AFTER[fault]
            return EndedResponse(ending, self._standin.stopping, answer.body, answer.status)
        if injection and fault is Fault.UNAVAILABLE_AFTER:
            status = injection.status or HTTPStatus.SERVICE_UNAVAILABLE
            answer = json_answer(broken(status).document(), status)
        body = b'{"half": [1, 2' if fault is Fault.MALFORMED_REPLY else answer.body
        headers = {
            **JSON_HEADERS,
            "Request-Id": request_id,
            "Stripe-Version": request.headers.get("stripe-version", DEFAULT_VERSION),
            "Cache-Control": "no-cache, no-store",
            **answer.headers,
        }
        if key := request.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        return Response(body, answer.status, headers)

    def _note(
        self, call: Call | None, answer: Answer, injection: Injection | None, response: Response
    ) -> None:
        """Write down what was asked, without anything that is worth money."""
        status = 0 if isinstance(response, EndedResponse) else response.status_code
        fault = injection.fault.value if injection else ""
        replayed = REPLAYED in answer.headers
        logger.info(
            "answered",
            extra={"call": self._route.name, "status": status, "fault": fault, "replay": replayed},
        )
        if call is None or not self._standin.settings.control:
            return
        self._standin.books.see(
            SeenRequest(
                call=call.name,
                method=call.method,
                path=without_tokens(call.path),
                form={key: without_tokens(value) for key, value in call.form.pairs},
                idempotency_key=without_tokens(call.idempotency_key or ""),
                version=call.version,
                fault=fault,
                status=status,
                replayed=replayed,
            )
        )


def _authenticate(request: Request, secret_key: str | None) -> None:
    """Basic with the key as the user's name, or Bearer. A live key has no business here."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        raise not_authenticated("You did not provide an API key.")
    if not key.startswith(TEST_KEY_PREFIXES):
        raise not_authenticated("This is a local stand-in, which takes test keys only.")
    if secret_key is not None and not hmac.compare_digest(key.encode(), secret_key.encode()):
        raise not_authenticated("Invalid API Key provided.")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise invalid("The request is too large.", param=None)
    return bytes(body)


def _refuse(call: Call, injection: Injection) -> None:
    """The refusals of faults that come before anything is done."""
    match injection.fault:
        case Fault.BUSY:
            raise rate_limited(injection.retry_after_seconds)
        case Fault.KEY_IN_USE:
            raise key_in_use(call.idempotency_key or "")
        case Fault.UNAVAILABLE_BEFORE:
            raise broken(injection.status or HTTPStatus.SERVICE_UNAVAILABLE)
        case Fault.DENIED if injection.status in {None, HTTPStatus.UNAUTHORIZED}:
            raise not_authenticated("Invalid API Key provided.")
        case Fault.DENIED:
            raise StripeRefusal(
                injection.status or HTTPStatus.FORBIDDEN,
                "invalid_request_error",
                "This key does not have the permissions that the request needs.",
            )
        case _:
            return


async def _not_found(request: Request, _error: Exception) -> Response:
    refusal = no_route(request.method, without_tokens(request.url.path))
    answer = json_answer(refusal.document(), refusal.status)
    return Response(answer.body, answer.status, JSON_HEADERS)

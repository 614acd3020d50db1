"""Inspection and control over HTTP, for tests of a stand-in that is a process of its own.

Only with `control` on: whoever can reach it can make payments fail.

GET  /_control/books[?metadata_key=quote_id]   all but tokens, see Books.as_json
GET  /_control/faults, POST /_control/faults   {"call", "fault", …as Faults.add}
GET  /_control/deliveries                      every attempt at a webhook
POST /_control/clear                           no more faults
POST /_control/webhooks   {"hold": true} | {"hold": false, "reverse": false, "times": 1}
POST /_control/events     {"type", "id": "pi_…"} | {"type", "object": {…}}: an event now
POST /_control/hurry                           requests that a fault delays go on now
POST /_control/later                           what would happen by itself later happens now
POST /_control/disputes   {"payment_intent": "pi_…"}
POST /_control/settings   {"search_delay_seconds", "later_seconds"}
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.stripe_standin.books import QUOTE_KEY
from runtime.stripe_standin.engine import Standin
from runtime.stripe_standin.faults import Fault

TIMES_MAX: Final = 1000
PREFIX: Final = "/_control"


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultOrder(_Order):
    call: str
    fault: Fault
    times: int = Field(default=1, ge=1, le=TIMES_MAX)
    skip: int = Field(default=0, ge=0)
    status: int | None = Field(default=None, ge=400, le=599)
    retry_after_seconds: float | None = Field(default=None, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    matching: str = ""


class WebhookOrder(_Order):
    hold: bool
    reverse: bool = False
    times: int = Field(default=1, ge=1, le=TIMES_MAX)


class EventOrder(_Order):
    type: str
    id: str | None = None
    object: dict[str, object] | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.id is None) == (self.object is None):
            raise ValueError("Give either an id or an object.")
        return self


class DisputeOrder(_Order):
    payment_intent: str


class SettingsOrder(_Order):
    search_delay_seconds: float | None = Field(default=None, ge=0)
    later_seconds: float | None = Field(default=None, ge=0)


class ControlDoors:
    """What each door does, on the server's loop. Raises ValueError for orders without sense."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    async def books(self, request: Request) -> object:
        return self._standin.books.as_json(request.query_params.get("metadata_key", QUOTE_KEY))

    async def faults(self, _request: Request) -> object:
        happened = self._standin.faults.happened
        return [{"call": call, "fault": fault} for call, fault in happened]

    async def deliveries(self, _request: Request) -> object:
        return [asdict(delivery) for delivery in self._standin.webhooks.deliveries]

    async def add_fault(self, request: Request) -> object:
        order = FaultOrder.model_validate_json(await request.body())
        self._standin.faults.add(**order.model_dump())
        return {}

    async def clear(self, _request: Request) -> object:
        self._standin.faults.clear()
        return {}

    async def webhooks(self, request: Request) -> object:
        order = WebhookOrder.model_validate_json(await request.body())
        if order.hold:
            self._standin.webhooks.hold()
        else:
            self._standin.webhooks.release(reverse=order.reverse, times=order.times)
        return {}

    async def tell(self, request: Request) -> object:
        order = EventOrder.model_validate_json(await request.body())
        subject = order.object or self._standin.document_of(order.id or "")
        return {"id": self._standin.tell(order.type, subject).id}

    async def hurry(self, _request: Request) -> object:
        self._standin.hurry()
        return {}

    async def later(self, _request: Request) -> object:
        self._standin.let_turns_happen()
        return {}

    async def dispute(self, request: Request) -> object:
        order = DisputeOrder.model_validate_json(await request.body())
        self._standin.dispute(order.payment_intent)
        return {}

    async def change(self, request: Request) -> object:
        order = SettingsOrder.model_validate_json(await request.body())
        self._standin.change(**order.model_dump(exclude_none=True))
        return {}


Door = Callable[[Request], Awaitable[object]]


def control_routes(standin: Standin) -> list[Route]:
    doors = ControlDoors(standin)
    table: tuple[tuple[str, str, Door], ...] = (
        ("GET", "books", doors.books),
        ("GET", "faults", doors.faults),
        ("GET", "deliveries", doors.deliveries),
        ("POST", "faults", doors.add_fault),
        ("POST", "clear", doors.clear),
        ("POST", "webhooks", doors.webhooks),
        ("POST", "events", doors.tell),
        ("POST", "hurry", doors.hurry),
        ("POST", "later", doors.later),
        ("POST", "disputes", doors.dispute),
        ("POST", "settings", doors.change),
    )
    return [
        Route(f"{PREFIX}/{name}", _opened(door), methods=[method]) for method, name, door in table
    ]


def _opened(door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await door(request))
        except ValidationError as error:
            wrong = [".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors()]
            return JSONResponse({"detail": "; ".join(wrong)}, HTTPStatus.BAD_REQUEST)
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, HTTPStatus.BAD_REQUEST)

    return answer

"""Inspection and control over HTTP, for when the server is a process of its own.

GET /_vendor/books, /_vendor/faults; POST /_vendor/faults {"call", "fault", …as Faults.add},
/_vendor/plan {"seed", "rates"}, /_vendor/latencies {"seconds", "polls"}, /_vendor/clear.
"""

from collections.abc import Callable
from http import HTTPStatus

from tests.kit.vendors.documents import Json, dig, number_at, text_at
from tests.kit.vendors.wire import Reply, Request, json_reply
from tests.kit.vendors.works import TextAsk, Works


class Control:
    def __init__(self, works: Works) -> None:
        self._works = works
        self._doors: dict[str, Callable[[Json], object]] = {
            "GET /_vendor/books": lambda _: works.books.as_json(),
            "GET /_vendor/faults": lambda _: [
                {"call": call, "fault": fault} for call, fault in works.faults.happened
            ],
            "POST /_vendor/faults": self.add_fault,
            "POST /_vendor/plan": self.plan,
            "POST /_vendor/latencies": self.set_latencies,
            "POST /_vendor/clear": lambda _: works.faults.clear(),
        }

    def handle(self, request: Request) -> Reply:
        door = self._doors.get(f"{request.method} {request.path}")
        if door is None:
            return json_reply({"doors": list(self._doors)}, HTTPStatus.NOT_FOUND)
        try:
            return json_reply(door(request.document))
        except ValueError as error:
            return json_reply({"detail": str(error)}, HTTPStatus.BAD_REQUEST)

    def apply(self, script: Json) -> None:
        """A script: {"faults": [...], "plan": {...}, "latencies": {...}, "answers": [...]}."""
        for door, name in ((self.plan, "plan"), (self.set_latencies, "latencies")):
            part = script.get(name)
            if isinstance(part, dict):
                door(part)
        for fault in _objects(script.get("faults")):
            self.add_fault(fault)
        answers = _objects(script.get("answers"))

        def respond(ask: TextAsk) -> object:
            fitting = (one for one in answers if text_at(one, "matching") in ask.text)
            return next((one.get("answer") for one in fitting), None)

        if answers:
            self._works.responder = respond

    def add_fault(self, order: Json) -> None:
        status = number_at(order, "status")
        self._works.faults.add(
            text_at(order, "call"),
            text_at(order, "fault"),
            int(number_at(order, "times") or 1),
            skip=int(number_at(order, "skip") or 0),
            status=None if status is None else int(status),
            retry_after_seconds=number_at(order, "retry_after_seconds"),
            detail=text_at(order, "detail"),
            matching=text_at(order, "matching"),
        )

    def plan(self, order: Json) -> None:
        rates = {
            call: {name: number_at(likely, name) or 0.0 for name in likely}
            for call, likely in _named(dig(order, "rates")).items()
            if isinstance(likely, dict)
        }
        self._works.faults.plan(int(number_at(order, "seed") or 0), rates)

    def set_latencies(self, order: Json) -> None:
        seconds = dig(order, "seconds")
        for kind in _named(seconds):
            self._works.latencies.seconds[kind] = number_at(seconds, kind) or 0.0
        polls = number_at(order, "polls")
        if polls is not None:
            self._works.latencies.polls = int(polls)


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _named(value: object) -> Json:
    return value if isinstance(value, dict) else {}

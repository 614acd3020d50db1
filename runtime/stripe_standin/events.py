"""Events, for who missed a webhook."""

from http import HTTPStatus
from typing import Final

from runtime.stripe_standin.documents import list_document
from runtime.stripe_standin.records import Event
from runtime.stripe_standin.refund_documents import event_document
from runtime.stripe_standin.refusals import no_such
from runtime.stripe_standin.searching import page_of
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work

LIST_PARAMETERS: Final = frozenset(
    {"created", "ending_before", "limit", "starting_after", "type", "types"}
)


def show(work: Work, call: Call) -> Json:
    event = work.store.get(Event, call.parts["id"])
    if event is None:
        raise no_such("event", call.parts["id"], "id", status=HTTPStatus.NOT_FOUND)
    return event_document(event)


def list_events(work: Work, call: Call) -> Json:
    wished = set(call.form.listed("types")) | {call.form.text("type")} - {None}
    fitting = [event for event in work.store.all(Event) if not wished or event.type in wished]
    events, has_more = page_of(fitting, call.form)
    documents = [event_document(event) for event in events]
    return list_document(documents, url="/v1/events", has_more=has_more)

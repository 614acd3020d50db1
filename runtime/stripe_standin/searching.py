"""Lists and the search of PaymentIntents.

The query language is docs.stripe.com/search as far as payments of ours need it:
`metadata['key']:'value'`, `status:'…'`, `currency:'…'`, `amount` and `created` with `:`, `>`, `>=`,
`<`, `<=`, joined with AND.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

from runtime.stripe_standin.documents import list_document
from runtime.stripe_standin.forms import Form
from runtime.stripe_standin.intents import with_charge
from runtime.stripe_standin.records import Intent, Record
from runtime.stripe_standin.refusals import StripeRefusal, invalid, no_such
from runtime.stripe_standin.wire import Call, Json
from runtime.stripe_standin.work import Work

LIMIT_DEFAULT: Final = 10
LIMIT_MAX: Final = 100
CLAUSES_MAX: Final = 10
"""docs.stripe.com/api/pagination and /search."""

SEARCH_PARAMETERS: Final = frozenset({"query", "limit", "page", "expand"})
LIST_PARAMETERS: Final = frozenset({"created", "limit", "starting_after", "ending_before"})

R = TypeVar("R", bound=Record)
Compare = Callable[[int, int], bool]

_COMPARISONS: Final[dict[str, Compare]] = {
    ":": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_CLAUSE: Final = re.compile(
    r"(?:metadata\[(?P<q>['\"])(?P<key>[^'\"]+)(?P=q)\]|(?P<field>[a-z_]+))\s*"
    r"(?P<sign>:|>=|<=|>|<)\s*(?:(?P<v>['\"])(?P<text>(?:\\.|(?!(?P=v))[^\\])*)(?P=v)|(?P<number>\d{1,15}))"
)
_TEXTS: Final = frozenset({"status", "currency"})
_NUMBERS: Final = frozenset({"amount", "created"})
_CREATED: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True)
class _Clause:
    key: str | None
    field: str | None
    sign: str
    text: str | None
    number: int | None

    def fits(self, intent: Intent) -> bool:
        if self.key is not None:
            return intent.metadata.get(self.key) == self.text
        actual = getattr(intent, self.field or "")
        if self.number is not None:
            return _COMPARISONS[self.sign](actual, self.number)
        return str(actual) == self.text


def search_intents(work: Work, call: Call) -> Json:
    """Newest first. What is younger than the delay of search is not found yet."""
    clauses = _parse(call.form.required("query"))
    limit = _limit(call.form)
    first = (
        int(page) if (page := call.form.text("page")) and page.isascii() and page.isdigit() else 0
    )
    indexed_until = work.now - work.settings.search_delay_seconds
    found = [
        intent
        for intent in reversed(work.store.all(Intent))
        if intent.created <= indexed_until and all(clause.fits(intent) for clause in clauses)
    ]
    shown = found[first : first + limit]
    has_more = len(found) > first + limit
    return {
        "object": "search_result",
        "data": [with_charge(work, intent) for intent in shown],
        "has_more": has_more,
        "next_page": str(first + limit) if has_more else None,
        "url": "/v1/payment_intents/search",
    }


def list_intents(work: Work, call: Call) -> Json:
    intents, has_more = page_of(work.store.all(Intent), call.form)
    documents = [with_charge(work, intent) for intent in intents]
    return list_document(documents, url="/v1/payment_intents", has_more=has_more)


def page_of(records: list[R], form: Form) -> tuple[list[R], bool]:
    """One page, newest first, and whether there are older ones (newer, with `ending_before`)."""
    limit = _limit(form)
    conditions = [
        (_COMPARISONS[sign], number)
        for name, sign in _CREATED.items()
        if (number := form.integer(f"created[{name}]")) is not None
    ]
    fitting = [
        record
        for record in reversed(records)
        if all(compare(record.created, number) for compare, number in conditions)
    ]
    after, before = form.text("starting_after"), form.text("ending_before")
    if after:
        fitting = fitting[_position(fitting, after, "starting_after") + 1 :]
    elif before:
        newer = fitting[: _position(fitting, before, "ending_before")]
        return newer[-limit:], len(newer) > limit
    return fitting[:limit], len(fitting) > limit


def _position(records: list[R], record_id: str, param: str) -> int:
    for index, record in enumerate(records):
        if record.id == record_id:
            return index
    raise no_such("object", record_id, param, status=HTTPStatus.BAD_REQUEST)


def _limit(form: Form) -> int:
    limit = form.integer("limit")
    if limit is None:
        return LIMIT_DEFAULT
    if not 1 <= limit <= LIMIT_MAX:
        raise invalid(f"limit must be between 1 and {LIMIT_MAX}", param="limit")
    return limit


def _parse(query: str) -> list[_Clause]:
    clauses: list[_Clause] = []
    rest = query.strip()
    while True:
        match = _CLAUSE.match(rest)
        if match is None:
            raise _not_understood()
        clauses.append(_clause(match))
        rest = rest[match.end() :].lstrip()
        if not rest:
            return clauses
        joined = re.match(r"AND\s+", rest)
        if joined is None or len(clauses) == CLAUSES_MAX:
            raise _not_understood()
        rest = rest[joined.end() :]


def _clause(match: re.Match[str]) -> _Clause:
    number = int(match["number"]) if match["number"] else None
    quoted: str | None = match["text"]
    text = None if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    clause = _Clause(match["key"], match["field"], match["sign"], text, number)
    is_text = clause.text is not None and clause.sign == ":"
    if clause.key is not None or clause.field in _TEXTS:
        if not is_text:
            raise _not_understood()
    elif clause.field not in _NUMBERS or clause.number is None:
        raise _not_understood()
    return clause


def _not_understood() -> StripeRefusal:
    return invalid("We were unable to parse your search query.", param="query")

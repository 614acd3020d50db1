"""Forms of pages: small, of known fields only, each at most once."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.requests import Request

from gateway.limits import BodyPatience
from gateway.routes.body import read_form_body
from studio.catalog.saved_defaults import InvalidDefaults
from studio.contracts.errors import StudioError

FORM_BYTES_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 128
CSRF_FIELD: Final = "csrf"
FORM_ID_FIELD: Final = "form_id"
_FORM_ID: Final = re.compile(r"[0-9a-f]{32}")


class InvalidForm(StudioError):
    """What was sent is not what the page's form sends."""

    code: ClassVar[str] = "invalid_form"


class WrongFields(InvalidForm):
    """What cannot be taken of a form. `problems` has a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class Form(Mapping[str, str]):
    """The fields of a form as they were typed, trimmed; those that were left out are empty."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


async def read_page_form(
    request: Request,
    patience: BodyPatience,
    *fields: str,
    passed_over: frozenset[str] = frozenset(),
    bytes_max: int = FORM_BYTES_MAX,
) -> Form:
    """The form's `fields`, and no others but the guard's own and those that are `passed_over`.

    Raises InvalidForm, BodyTooLarge, BodyTooSlow, UnsupportedUpload.
    """
    body = await read_form_body(request, patience, bytes_max=bytes_max)
    return parse_form(body, fields, passed_over)


def parse_form(
    body: bytes, fields: tuple[str, ...], passed_over: frozenset[str] = frozenset()
) -> Form:
    """Raises InvalidForm for what is no form, a field twice, or one that the page has not."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError as error:
        raise InvalidForm("The form could not be read; load the page again.") from error
    pairs = [(name, text) for name, text in pairs if name not in passed_over]
    given = dict(pairs)
    known = {*fields, CSRF_FIELD}
    if len(given) != len(pairs) or not given.keys() <= known:
        raise InvalidForm("The form has fields that its page has not; load the page again.")
    if any("\0" in text for text in given.values()):
        raise InvalidForm("The form has a character that no text has.")
    return Form({name: given.get(name, "").strip() for name in known})


def new_form_id() -> str:
    """What a form is known by, so that what it does is done once."""
    return uuid4().hex


def form_id_of(form: Form) -> str:
    """The id that the form was given with its page, in its field `form_id`. Raises InvalidForm."""
    if not _FORM_ID.fullmatch(form[FORM_ID_FIELD]):
        raise InvalidForm("The form has no id; load the page again.")
    return form[FORM_ID_FIELD]


def whole_number(form: Form, field: str, *, highest: int) -> int | None:
    """A number from 1 that was typed; None where the field was left empty. Raises WrongFields."""
    text = form[field]
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not is_number or not 1 <= int(text) <= highest:
        raise WrongFields({field: f"Give a whole number from 1 to {highest:,}, or nothing."})
    return int(text)


def day_end(form: Form, field: str) -> datetime | None:
    """The end of a day (UTC), written as browsers write it; None where none was chosen.

    Raises WrongFields.
    """
    if not form[field]:
        return None
    try:
        day = date.fromisoformat(form[field]) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise WrongFields({field: "Give a day as YYYY-MM-DD, or nothing."}) from None
    return datetime.combine(day, time(), UTC)


def faults_of(error: StudioError, fields: Mapping[type[StudioError], str]) -> dict[str, str]:
    """What is wrong, by the field that each class of errors is about; `` is the whole form."""
    if isinstance(error, WrongFields | InvalidDefaults):
        return error.problems
    return {fields.get(type(error), ""): error.detail}

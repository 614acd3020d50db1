"""JSON as RFC 8259 means it: no NaN, no repeated names, nothing without bounds."""

import json
import re
from typing import Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from studio.contracts.limits import REQUEST_JSON_BYTES_MAX, REQUEST_JSON_DEPTH_MAX
from studio.contracts.quote_request import QuoteRequest
from studio.contracts.request import RenderRequest
from studio.ingest.errors import InvalidJson, InvalidRequest, Problem
from studio.ingest.problems import pointer_to, problems_of, shown_text

Model = TypeVar("Model", bound=BaseModel)

INTEGER_DIGITS_MAX: Final = 20
"""As many as a 64-bit number has with its sign; Python's own parser would take 4,300."""

VALUES_MAX: Final = 2_000
"""A request has about 30 fields, and three in each of 32 assets. A MiB can hold half a million
values, and checking each of them for what it should have been takes ten seconds and 700 MB."""

REQUEST_MISPLACED: Final = (
    'Put the fields of the render under "request", beside "upload_urls": '
    '{"request": {"name": …}, "upload_urls": []}.'
)

_REQUEST_FIELDS: Final = frozenset(RenderRequest.model_fields)

_BOM: Final = b"\xef\xbb\xbf"

_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
"""Strings (as a whole, so that what is inside does not count), brackets and commas.

Possessive, and content with an open string at its end: no input makes it look twice at a byte.
"""


def parse_strict_json(data: bytes, *, size_bytes_max: int, depth_max: int) -> object:
    """Parse a JSON text of at most `size_bytes_max` bytes and `depth_max` nested containers.

    A byte order mark is passed over, as RFC 8259 (section 8.1) allows. Raises InvalidJson for
    anything that strict JSON does not know, for more than VALUES_MAX values, for numbers out of
    range and for half surrogates.
    """
    text = decode_json_text(data, size_bytes_max=size_bytes_max)
    _check_shape(text, depth_max)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise InvalidJson(
            f"The JSON cannot be read at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    _check_text(value, "")
    return value


def decode_json_text(data: bytes, *, size_bytes_max: int) -> str:
    """The text without its byte order mark. Raises InvalidJson if too large or not UTF-8."""
    if len(data) > size_bytes_max:
        raise InvalidJson(f"The JSON is larger than {size_bytes_max:,} bytes.")
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The JSON is not UTF-8 text (at byte {error.start}).") from error


def _check_shape(text: str, depth_max: int) -> None:
    """Before parsing, as the parser recurses. Each value but the first follows a `[{,`."""
    depth = 0
    values = 1
    for match in _TOKENS.finditer(text):
        mark = match.group()
        if mark in "[{,":
            values += 1
            if values > VALUES_MAX:
                raise InvalidJson(f"The JSON has more than {VALUES_MAX:,} values.")
        if mark in "[{":
            depth += 1
            if depth > depth_max:
                raise InvalidJson(f"The JSON is nested deeper than {depth_max} levels.")
        elif mark in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for name, value in pairs:
        if name in result:
            raise InvalidJson(f"The JSON has the name {shown_text(name)} twice in one object.")
        result[name] = value
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > INTEGER_DIGITS_MAX:
        raise InvalidJson(f"The number {shown_text(digits)} is too large.")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise InvalidJson(f"The number {shown_text(text)} is too large.")
    return value


def _check_text(value: object, pointer: str) -> None:
    """Refuse half surrogates, which `json` lets through and no encoder takes."""
    if isinstance(value, str):
        if not _is_encodable(value):
            raise InvalidJson("The text has half of a surrogate pair (\\ud800-\\udfff).", pointer)
    elif isinstance(value, dict):
        for name, member in value.items():
            if not _is_encodable(name):
                raise InvalidJson("A name has half of a surrogate pair.", pointer)
            _check_text(member, pointer + pointer_to([name]))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _check_text(member, f"{pointer}/{index}")


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_request(data: bytes) -> RenderRequest:
    """Read a `request_json`. Raises InvalidRequest with every problem that was found."""
    _parse(data)
    return _validated(data, RenderRequest)


def parse_quote_request(body: bytes) -> QuoteRequest:
    """Read what is posted to `/render-quotes`. Raises InvalidRequest, as parse_request does.

    A body that is a render's request itself is told where it belongs.
    """
    value = _parse(body)
    if isinstance(value, dict) and "request" not in value and value.keys() & _REQUEST_FIELDS:
        raise InvalidRequest((Problem("/request", REQUEST_MISPLACED),))
    return _validated(body, QuoteRequest)


def _parse(data: bytes) -> object:
    try:
        return parse_strict_json(
            data, size_bytes_max=REQUEST_JSON_BYTES_MAX, depth_max=REQUEST_JSON_DEPTH_MAX
        )
    except InvalidJson as error:
        raise InvalidRequest((Problem(error.pointer, error.detail),)) from error


def _validated(data: bytes, model: type[Model]) -> Model:
    try:
        # From the text again: in JSON mode the model's strict types take JSON's strings and arrays.
        return model.model_validate_json(data.removeprefix(_BOM))
    except ValidationError as error:
        raise InvalidRequest(problems_of(error, model)) from error

"""JSON schemas that every client takes: nothing referred to, nothing that may be null, no titles.

Several clients drop `$defs`, or refuse `anyOf` with null, and with it the whole list of tools.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, JsonValue

Schema = dict[str, JsonValue]

_DEFINITIONS: Final = "#/$defs/"
_ALTERNATIVES: Final = ("anyOf", "oneOf")
_NULL: Final = {"type": "null"}
_NAMED: Final = frozenset({"properties"})
"""What is under these has names of the model's own: a field may well be called `title`."""
_VALUES: Final = frozenset({"default", "enum", "const", "examples"})
_DROPPED: Final = frozenset({"$defs", "title"})


def portable_schema(model: type[BaseModel], *, without: frozenset[str] = frozenset()) -> Schema:
    """A model's schema, whole in itself, without the fields `without`.

    What may be null is a field that may be left out: arguments that are null count as left out,
    and results have no nulls.
    """
    schema = model.model_json_schema()
    known = schema.get("$defs", {})
    made = _object(_portable(schema, known))
    properties = _object(made["properties"])
    for name in without:
        properties.pop(name, None)
    return made


def closed(schema: Schema) -> Schema:
    """The schema of an object that takes nothing else."""
    return schema | {"additionalProperties": False}


def _portable(node: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(node, list):
        return [_portable(each, known) for each in node]
    if not isinstance(node, dict):
        return node
    node = _resolved(node, known)
    made: Schema = {}
    for key, value in node.items():
        if key in _DROPPED or (key == "default" and value is None):
            continue
        if key in _VALUES:
            made[key] = value
        elif key in _NAMED:
            made[key] = {name: _portable(each, known) for name, each in _object(value).items()}
        else:
            made[key] = _portable(value, known)
    if made.get("additionalProperties") == {}:
        del made["additionalProperties"]  # takes anything, which an object does without it too
    return made


def _resolved(node: Schema, known: Mapping[str, JsonValue]) -> Schema:
    """The node with what it refers to in its place, and the one alternative that is not null."""
    reference = node.get("$ref")
    if isinstance(reference, str):
        rest = {key: value for key, value in node.items() if key != "$ref"}
        target = _object(known[reference.removeprefix(_DEFINITIONS)])
        return _resolved({**target, **rest}, known)
    for keyword in _ALTERNATIVES:
        given = node.get(keyword)
        if isinstance(given, list):
            real = [each for each in given if each != _NULL]
            if len(real) == 1:
                rest = {key: value for key, value in node.items() if key != keyword}
                return _resolved({**_object(real[0]), **rest}, known)
    return node


def _object(node: JsonValue) -> Schema:
    assert isinstance(node, dict)  # noqa: S101 - by JSON Schema's own rules
    return node

"""Google's discovery document of Vertex, as a strict judge of requests and answers.

It comes with google-api-python-client, so nobody here wrote it. A name that the document does not
know is an error, as are a value of another type and an unknown word of an enum.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import googleapiclient  # type: ignore[import-untyped]  # it has no types

from tests.kit.vendors.documents import Json

DOCUMENT = (
    Path(googleapiclient.__file__).parent / "discovery_cache/documents/aiplatform.v1beta1.json"
)
INTEGERS_AS_TEXT = frozenset({"int64", "uint64"})
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


@cache
def vertex() -> "Discovery":
    document: Json = json.loads(DOCUMENT.read_text())
    return Discovery(document)


class Discovery:
    def __init__(self, document: Json) -> None:
        schemas = document["schemas"]
        assert isinstance(schemas, dict)
        self.schemas: dict[str, Json] = schemas
        self._document = document

    def errors(self, value: object, schema: str, *, lenient_case: bool = False) -> list[str]:
        """What is wrong with the value, a line each; empty if it is valid.

        `lenient_case` takes `mime_type` for `mimeType`, as proto JSON does for what comes in.
        """
        return list(self._check(value, {"$ref": schema}, "", lenient_case=lenient_case))

    def method_of(self, http_method: str, path: str) -> tuple[str, str] | None:
        """The names of the schemas that a method of this path takes and gives."""
        for method in _methods(self._document):
            pattern = re.sub(r"\{[^}]+\}", "[^/:]+", str(method.get("flatPath", "")))
            if method.get("httpMethod") == http_method and re.fullmatch(f"/{pattern}", path):
                return _reference(method.get("request")), _reference(method.get("response"))
        return None

    def _check(
        self, value: object, schema: Json, where: str, *, lenient_case: bool
    ) -> Iterator[str]:
        if isinstance(reference := schema.get("$ref"), str):
            schema = self.schemas[reference]
        kind = str(schema.get("type", "any"))
        if kind == "any":
            return
        if not _is(value, kind, str(schema.get("format", ""))):
            yield f"{where or '/'} is not {kind}: {value!r}"
            return
        words = schema.get("enum")
        if isinstance(words, list) and value not in words:
            yield f"{where} is none of the enum's words: {value!r}"
        if isinstance(value, list):
            items = schema.get("items")
            assert isinstance(items, dict)
            for index, item in enumerate(value):
                yield from self._check(item, items, f"{where}/{index}", lenient_case=lenient_case)
        if isinstance(value, dict):
            yield from self._check_names(value, schema, where, lenient_case=lenient_case)

    def _check_names(
        self, value: Json, schema: Json, where: str, *, lenient_case: bool
    ) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        assert isinstance(known, dict)
        for name, inner in value.items():
            found = known.get(_camel(name) if lenient_case else name, others)
            if isinstance(found, dict):
                yield from self._check(inner, found, f"{where}/{name}", lenient_case=lenient_case)
            else:
                yield f"{where}/{name} is not in the document"


def _is(value: object, kind: str, form: str) -> bool:
    if form in INTEGERS_AS_TEXT:
        return isinstance(value, int) or (isinstance(value, str) and value.isdigit())
    if form == "byte":
        return isinstance(value, str) and _is_base64(value)
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, PYTHON_TYPES[kind])


def _is_base64(text: str) -> bool:
    """Proto JSON takes both alphabets, with or without padding."""
    try:
        base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    except binascii.Error:
        return False
    return True


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _reference(value: object) -> str:
    return str(value.get("$ref", "")) if isinstance(value, dict) else ""


def _methods(resource: Json) -> Iterator[Json]:
    methods, resources = resource.get("methods"), resource.get("resources")
    if isinstance(methods, dict):
        yield from methods.values()
    if isinstance(resources, dict):
        for inner in resources.values():
            yield from _methods(inner)

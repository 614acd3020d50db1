"""A valid instance of a schema: of JSON Schema, or of the subset of OpenAPI that Google takes."""

from tests.kit.vendors.documents import Json, dig, items_at, number_at, text_at

DEPTH_MAX = 12
"""A schema that refers to itself ends here."""


def sample(schema: object, definitions: Json | None = None, depth: int = 0) -> object:
    """The smallest plain instance with every property. Raises ValueError if it has no end."""
    if depth > DEPTH_MAX:
        raise ValueError("The schema refers to itself without an end.")
    if not isinstance(schema, dict):
        return "text"
    found = dig(schema, "$defs")
    known = definitions or (found if isinstance(found, dict) else {})
    if (meant := _meant(schema, known)) is not None:
        return sample(meant, known, depth + 1)
    settled = [schema[name] for name in ("const", "default") if name in schema]
    settled += items_at(schema, "enum")
    return settled[0] if settled else _plain(schema, known, depth)


def _meant(schema: Json, known: Json) -> object:
    """The schema that this one stands for, or None if it stands for itself."""
    if reference := text_at(schema, "$ref"):
        return known.get(reference.rpartition("/")[2])
    alternatives = items_at(schema, "anyOf") or items_at(schema, "oneOf")
    if alternatives:
        real = (option for option in alternatives if text_at(option, "type").lower() != "null")
        return next(real, {"type": "null"})
    return next(iter(items_at(schema, "allOf")), None)


def _plain(schema: Json, known: Json, depth: int) -> object:
    match _type_of(schema):
        case "object":
            properties = dig(schema, "properties")
            named = properties if isinstance(properties, dict) else {}
            return {name: sample(inner, known, depth + 1) for name, inner in named.items()}
        case "array":
            count = int(number_at(schema, "minItems") or 1)
            count = min(count, int(number_at(schema, "maxItems") or count))
            return [sample(dig(schema, "items"), known, depth + 1) for _ in range(count)]
        case "integer":
            return int(_number(schema))
        case "number":
            return _number(schema)
        case "boolean" | "null" as name:
            return True if name == "boolean" else None
        case _:
            return _text(schema)


def _text(schema: Json) -> str:
    shortest = int(number_at(schema, "minLength") or 0)
    longest = int(number_at(schema, "maxLength") or max(shortest, 4))
    return "text".ljust(shortest, ".")[:longest]


def _type_of(schema: Json) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((name for name in named if name != "null"), "null")
    if isinstance(named, str):
        return named.lower()
    return "object" if "properties" in schema else "string"


def _number(schema: Json) -> float:
    least = number_at(schema, "minimum")
    if least is None and (above := number_at(schema, "exclusiveMinimum")) is not None:
        least = above + 1
    most = number_at(schema, "maximum")
    if least is None:
        return 1.0 if most is None else min(1.0, most)
    return least

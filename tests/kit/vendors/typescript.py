"""Object types of a TypeScript declaration file, as far as fal's generated ones go.

Only what they use is read: `export type A = {…}` and `interface A extends B {…}` with named fields,
unions of texts, `Array<…>`, `A | B`, and one name for another. Anything else is an error.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PLAIN = {"string": (str,), "number": (int, float), "boolean": (bool,)}


@dataclass(frozen=True)
class Field:
    type: str
    required: bool


class Declarations:
    def __init__(self, path: Path) -> None:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        self._text = text

    def endpoint(self, name: str) -> tuple[str, str]:
        """The names of the types that an endpoint takes and gives."""
        found = re.search(
            rf'"{re.escape(name)}": \{{\s*input: (\w+);\s*output: (\w+);\s*\}}', self._text
        )
        assert found is not None, f"{name} is not published"
        return found[1], found[2]

    def fields(self, name: str) -> dict[str, Field]:
        """The fields of an object type, its base's among them."""
        if alias := re.search(rf"export type {name} = (\w+);", self._text):
            return self.fields(alias[1])
        head = rf"(?:type {name} =|interface {name}(?: extends (?P<base>\w+))?)"
        found = re.search(rf"{head} \{{(?P<body>[^{{}}]*)\}}", self._text)
        assert found is not None, f"{name} is not an object type"
        base = self.fields(found["base"]) if found["base"] else {}
        own = re.findall(r"(\w+)(\??): ([^;]+);", found["body"])
        return base | {field: Field(kind.strip(), not mark) for field, mark, kind in own}

    def errors(self, value: object, kind: str, where: str = "") -> list[str]:
        """What is wrong with a JSON value for a type, a line each. Unknown names are wrong."""
        options = [option.strip() for option in kind.split(" | ")]
        # A browser's file and bytes do not travel as JSON.
        options = [option for option in options if option not in {"Blob", "File"}] or options
        complaints = [self._errors(value, option, where) for option in options]
        return [] if [] in complaints else complaints[0]

    def _errors(self, value: object, kind: str, where: str) -> list[str]:
        if kind.startswith('"'):
            return (
                [] if f'"{value}"' == kind and isinstance(value, str) else [f"{where}: {value!r}"]
            )
        if kind in PLAIN:
            # In Python a truth value is a number too, in TypeScript it is not.
            right = isinstance(value, PLAIN[kind]) and isinstance(value, bool) == (
                kind == "boolean"
            )
            return [] if right else [f"{where} is not {kind}: {value!r}"]
        if kind == "null":
            return [] if value is None else [f"{where} is not null"]
        if items := re.fullmatch(r"Array<(.+)>", kind) or re.fullmatch(r"(\w+)\[\]", kind):
            if not isinstance(value, list):
                return [f"{where} is not a list: {value!r}"]
            return [
                line
                for index, item in enumerate(value)
                for line in self.errors(item, items[1], f"{where}/{index}")
            ]
        return self._object_errors(value, kind, where)

    def _object_errors(self, value: object, kind: str, where: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where} is not {kind}: {value!r}"]
        fields = self.fields(kind)
        missing = [
            f"{where}/{name} is missing"
            for name, field in fields.items()
            if field.required and name not in value
        ]
        unknown = [f"{where}/{name} is unknown" for name in value if name not in fields]
        return (
            missing
            + unknown
            + [
                line
                for name, inner in value.items()
                if name in fields
                for line in self.errors(inner, fields[name].type, f"{where}/{name}")
            ]
        )

"""Form-encoded parameters in bracket notation, as Stripe's libraries send them.

`usage_limits[currency]=usd&metadata[quote_id]=q1&expand[]=latest_charge`
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl

from runtime.stripe_standin.refusals import invalid, missing

FIELDS_MAX: Final = 1000
"""Far more than any call of ours sends."""

METADATA_KEYS_MAX: Final = 50
METADATA_KEY_CHARACTERS_MAX: Final = 40
METADATA_VALUE_CHARACTERS_MAX: Final = 500
"""docs.stripe.com/api/metadata."""

INTEGER_DIGITS_MAX: Final = 15
_BOOLEANS: Final = {"true": True, "false": False}
_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


@dataclass(frozen=True)
class Form:
    """The parameters of one request. Every reader refuses what does not fit."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, encoded: bytes | str) -> "Form":
        text = encoded if isinstance(encoded, str) else encoded.decode("utf-8", "replace")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except ValueError:
            raise invalid("Too many parameters.", param=None) from None
        for key, _ in pairs:
            if not _KEY.fullmatch(key):
                raise invalid("Invalid parameter name.", param=None)
        return cls(tuple(pairs))

    @cached_property
    def _values(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def names(self) -> set[str]:
        """The names of the top level."""
        return {key.partition("[")[0] for key, _ in self.pairs}

    def text(self, name: str) -> str | None:
        """The value of `name` or `name[inner]`; empty is none, for so a value is unset."""
        return self._values.get(name) or None

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise missing(name)
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(rf"-?\d{{1,{INTEGER_DIGITS_MAX}}}", value, re.ASCII):
            raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
        return int(value)

    def required_integer(self, name: str) -> int:
        self.required(name)
        return self.integer(name) or 0

    def flag(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            raise invalid(f"Invalid boolean: {value}", param=name)
        return _BOOLEANS[value.lower()]

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in choices:
            raise invalid(f"Invalid {name}: must be one of {', '.join(choices)}", param=name)
        return value

    def listed(self, name: str) -> list[str]:
        """The values of `name[]` or `name[0]`, `name[1]`, …"""
        own = re.compile(rf"{re.escape(name)}\[\d*\]")
        return [value for key, value in self.pairs if own.fullmatch(key)]

    def metadata(self, name: str = "metadata") -> dict[str, str]:
        """The pairs `name[key]`, within Stripe's limits. Empty values are left out."""
        own = re.compile(rf"{re.escape(name)}\[([^\[\]]+)\]")
        found = {match[1]: value for key, value in self.pairs if (match := own.fullmatch(key))}
        if len(found) > METADATA_KEYS_MAX:
            raise invalid(f"Metadata can have up to {METADATA_KEYS_MAX} keys.", param=name)
        for key, value in found.items():
            if len(key) > METADATA_KEY_CHARACTERS_MAX or len(value) > METADATA_VALUE_CHARACTERS_MAX:
                raise invalid(
                    f"Metadata keys can have up to {METADATA_KEY_CHARACTERS_MAX} characters, and "
                    f"values up to {METADATA_VALUE_CHARACTERS_MAX}.",
                    param=name,
                )
        return {key: value for key, value in found.items() if value}

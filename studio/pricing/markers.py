"""How many shots a text itself speaks of."""

import re
from typing import Final

SHOT_MARKER: Final = re.compile(
    r"(?:\bshot[ \t]+(?P<inline>\d{1,3})[ \t]*:)"
    r"|(?:^[ \t]*shot[ \t]+(?P<heading>\d{1,3})[ \t]*(?:[.)\u2013\u2014-]|$))",
    re.IGNORECASE | re.MULTILINE,
)
"""`Shot 3:` anywhere, as the API reference writes it; at the start of a line also `Shot 3.`,
`Shot 3)`, `Shot 3 -` and `Shot 3` alone."""

_SENTENCE_END: Final = re.compile(r"[.!?\u2026](?=\s|$)|[\u3002\uff01\uff1f]|\n")
"""One character at a time: a run of stops must not make the search quadratic."""


def count_marked_shots(text: str) -> int:
    """The number of different shot numbers that the text marks; 0 if it marks none."""
    return len({int(match["inline"] or match["heading"]) for match in SHOT_MARKER.finditer(text)})


def count_sentences(text: str) -> int:
    """The number of sentences or lines with a letter or digit in them."""
    return sum(any(c.isalnum() for c in part) for part in _SENTENCE_END.split(text))

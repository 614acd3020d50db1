"""Whether a brief asks for a narrator, whose words are then spoken over the film."""

import re
from typing import Final

from studio.pricing.wishes import wishes

NARRATION: Final = re.compile(
    r"(?<![\w])(?:narrat(?:ors?|ions?|e|es|ed|ing)|voice[- ]?overs?(?!\w)"
    r"(?!\s+(?:the|a|an|his|her|their|its|my|our|loud\w*|radio|phone|intercom|tannoy)\b)"
    r"|\(?v\.\s?o\.\)?)(?![\w])",
    re.IGNORECASE,
)
"""A narrator in any form, a voice-over, and the (V.O.) of screenplays; a `voice over the radio`
is none, and a `narrative` neither."""


def wants_narration(screenplay: str, instructions: str) -> bool:
    """Whether the film is to have a narrator.

    The instructions decide where they speak of it, wanted anywhere counts as wanted; else the
    screenplay does. A text that asks for a film without one asks for none.
    """
    for text in (instructions, screenplay):
        found = tuple(wishes(text, NARRATION))
        if found:
            return any(found)
    return False

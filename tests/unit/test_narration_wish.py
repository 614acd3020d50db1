"""Which briefs ask for a narrator."""

import pytest

from studio.pricing.narration import wants_narration

WANTED = [
    "A narrator tells the story.",
    "Add narration.",
    "With a calm voice-over.",
    "voiceover by an old man",
    "Voice over: warm and slow.",
    "Narrated by a child.",
    "The film is narrated.",
    "Let someone narrate the events.",
    "MARTA (V.O.) I was born here.",
    "No subtitles. A narrator tells the story.",
    "No dialogue, but a narrator tells the story.",
    "No dialogue, a narrator tells the story.",
    "No captions, use a voice-over.",
    "No music, only narration.",
    "Without dialogue, with narration throughout.",
    "Not only narration but also music.",
    "Do not forget the narration.",
    "No shot without narration.",
    "No text; narration instead of titles.",
    "The narrator should not whisper.",
    "Narration must not be too fast.",
    "Use no more than one narrator.",
    "A NARRATOR SPEAKS.",
    "Keep it silent but for a narrator.",
    "No narration over the first shot, but a narrator speaks over the second.",
]
UNWANTED = [
    "",
    "A strong narrative arc.",
    "No narration.",
    "Without voice-over.",
    "No music, narration or text overlays.",
    "No text overlays, music, or voiceover.",
    "Do not use a narrator.",
    "Don't add narration.",
    "Please avoid any voice-over.",
    "Avoid captions and narration.",
    "Narration: none",
    "Voice-over: off.",
    "Narration is not needed.",
    "A narrator is not wanted.",
    "Voice-overs are not allowed.",
    "narration-free",
    "Use music instead of narration.",
    "Images rather than a narrator.",
    "Skip the narration.",
    "Leave out the voice-over.",
    "It must never be narrated.",
    "Neither dialogue nor narration.",
    "Non-narrated.",
    "She hears his voice over the radio.",
    "A film without dialogue, subtitles, or a narrator.",
    "No one narrates.",
    "Dialogue and a narrator are unnecessary. No narration, no voice-over!",
]


@pytest.mark.parametrize("text", WANTED)
def test_a_brief_that_asks_for_a_narrator_gets_one(text: str) -> None:
    assert wants_narration("", text)
    assert wants_narration(text, "Create three shots.")


@pytest.mark.parametrize("text", UNWANTED)
def test_a_brief_that_asks_for_none_gets_none(text: str) -> None:
    assert not wants_narration("", text)
    assert not wants_narration(text, "Create three shots.")


def test_the_instructions_outweigh_the_screenplay() -> None:
    assert not wants_narration("A narrator tells the story.", "No narration.")
    assert wants_narration("There is no narrator.", "A narrator tells the story.")


def test_a_very_long_text_is_read_to_its_end() -> None:
    assert wants_narration("no " * 50_000 + ". A narrator speaks.", "")
    assert not wants_narration("a, " * 50_000 + "without narration", "")

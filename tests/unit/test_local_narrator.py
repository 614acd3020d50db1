"""What the local planner has a narrator say: the brief's words, and no others."""

import re

import pytest

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, AssetReport
from studio.contracts.plan import ShotTiming
from studio.providers.local.narrator import WORDS_PER_SECOND, narration_of
from tests.local_scenes import REFERENCE_INSTRUCTIONS, REFERENCE_SCREENPLAY, planned

EIGHT_SECONDS = tuple(ShotTiming(index=i, frames=192, filmed_seconds=8) for i in (1, 2, 3))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_a_narrator_tells_each_shots_own_sentence() -> None:
    document = planned(
        REFERENCE_SCREENPLAY,
        instructions=f"{REFERENCE_INSTRUCTIONS} A narrator tells the story.",
        shots=EIGHT_SECONDS,
        narration=True,
    )
    assert [s.narration for s in document.shots] == [s.description for s in document.shots]


def test_nobody_speaks_unless_the_brief_asks_for_it() -> None:
    document = planned(REFERENCE_SCREENPLAY, shots=EIGHT_SECONDS)
    assert [s.narration for s in document.shots] == ["", "", ""]


@pytest.mark.parametrize("seconds", [1, 2, 3, 4, 6, 8, 12])
@pytest.mark.parametrize("text", REFERENCE_SCREENPLAY.split("Shot ")[1:])
def test_the_words_fit_the_shot_and_are_the_briefs(text: str, seconds: float) -> None:
    said = narration_of(text[3:], seconds)
    assert len(said.split()) <= seconds * WORDS_PER_SECOND
    assert " ".join(words(said)) in " ".join(words(text))


def test_what_is_too_long_ends_at_a_clause() -> None:
    text = "A young woman enters a glowing archive corridor lined with suspended photographs."
    assert narration_of(text, 4) == "A young woman enters a glowing archive corridor."
    assert narration_of(text, 1) == ""
    assert narration_of("It rains. " + text, 2) == "It rains."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The camera pans left. A dog runs.", "A dog runs."),
        ("Wide shot of a harbour at dawn.", "A harbour at dawn."),
        ("Close-up: her hand.", "Her hand."),
        ("Slow push in. She waits (4 seconds).", "She waits."),
        ("Cut to black. The end comes.", "The end comes."),
        ("INT. ARCHIVE - NIGHT She enters.", "She enters."),
        ("Pan across the bay.", ""),
        ("A narrator tells it. A dog runs.", "A dog runs."),
        ("She pulls the door open.", "She pulls the door open."),
        ("...", ""),
        ("", ""),
    ],
)
def test_directions_are_not_read_aloud(text: str, said: str) -> None:
    assert narration_of(text, 8) == said


@pytest.mark.parametrize(
    "text",
    [
        'Waves break. NARRATOR: "It began at sea." A gull cries.',
        "Waves break. Narrator (V.O.): It began at sea.",
        "Waves break. Voice-over: It began at sea.",
        "Waves break. MARTA (V.O.): It began at sea.",
    ],
)
def test_words_that_the_brief_gives_the_narrator_are_spoken_instead(text: str) -> None:
    assert narration_of(text, 8) == "It began at sea."


def test_a_moment_that_is_seen_again_is_not_told_again() -> None:
    shots = planned("A dog.", shots=EIGHT_SECONDS, narration=True).shots
    assert [s.narration for s in shots] == ["A dog.", "", ""]


def test_a_narrator_who_is_ordered_is_no_part_of_the_story() -> None:
    shots = planned(
        instructions="A narrator tells it. A fox runs. Snow falls. It sleeps.",
        shots=EIGHT_SECONDS,
        narration=True,
    ).shots
    assert [s.narration for s in shots] == ["A fox runs.", "Snow falls.", "It sleeps."]


def test_an_upload_alone_gives_a_narrator_nothing_to_say() -> None:
    note = AssetNote(index=0, kind=AssetKind.IMAGE, filename="a.png", description="A wide picture.")
    document = planned(
        shots=EIGHT_SECONDS, narration=True, assets=AssetReport(notes=(note,)), name="Film"
    )
    assert [s.narration for s in document.shots] == ["", "", ""]

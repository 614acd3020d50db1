import pytest

from studio.providers.google.image_prompt import NO_LETTERING, aspect_of, image_prompt
from studio.providers.softening import (
    SOFTENED_MAX,
    softened_description,
    softened_prompt,
    without_loaded_words,
)
from tests.google_scenes import image_request, shot

DENSE = "A soldier with a rifle kills a child; blood sprays over the naked statue. " * 12


def test_the_first_order_says_everything() -> None:
    assert softened_description(shot(description="Blood\non snow."), 0) == "Blood on snow."


def test_the_second_is_short_and_without_loaded_words() -> None:
    text = softened_description(shot(description=DENSE), 1)
    assert len(text) <= 280
    assert "soldier" in text
    for loaded in ("rifle", "kills", "child", "blood", "naked"):
        assert loaded not in text


@pytest.mark.parametrize("level", [SOFTENED_MAX, SOFTENED_MAX + 3])
def test_the_last_says_the_place_and_nothing_else(level: int) -> None:
    assert softened_description(shot(description=DENSE), level) == (
        "A calm, tasteful cinematic moment in Harbour."
    )
    assert softened_description(shot(place="Blood Alley"), level) == (
        "A calm, tasteful cinematic moment."
    )


def test_motion_prompts_are_toned_down_too() -> None:
    motion = "The bomb explodes and the crowd screams while the camera pushes in. " * 5
    assert softened_prompt(motion, 0).count("bomb") == 5
    assert "bomb" not in softened_prompt(motion, 1)
    assert len(softened_prompt(motion, 1)) <= 120
    assert softened_prompt(motion, 2) == softened_prompt("", 2)


@pytest.mark.parametrize(
    "text",
    ["A kiln glows.", "Warm light on a scored table.", "Skill and will.", "A shotput lands."],
)
def test_harmless_words_that_hold_loaded_ones_stay(text: str) -> None:
    assert without_loaded_words(text) == text


def test_softening_twice_changes_nothing_more() -> None:
    once = without_loaded_words(DENSE)
    assert without_loaded_words(once) == once


@pytest.mark.parametrize(
    ("description", "lettering"),
    [
        ("A neon sign reads OPEN above the bar.", True),
        ("A poster that says 'Gone'.", True),
        ("A banner with the words “Welcome home” hangs there.", True),
        ("A letter lies on the table.", False),
        ("She reads a book by the window.", False),
        ("A street sign. No text or captions.", False),
    ],
)
def test_lettering_is_drawn_only_where_the_shot_asks(description: str, *, lettering: bool) -> None:
    prompt = image_prompt(image_request(shot=shot(title="", description=description)))
    assert (NO_LETTERING not in prompt) is lettering


def test_only_who_is_in_the_shot_is_described() -> None:
    prompt = image_prompt(image_request(shot=shot(characters=())))
    assert "silver hair" not in prompt
    assert "silver hair" in image_prompt(image_request())


def test_a_critic_s_remarks_are_passed_on() -> None:
    assert "change this and keep the rest: Two hands only." in image_prompt(
        image_request(remarks="Two\nhands only.")
    )


@pytest.mark.parametrize(
    ("size", "aspect"),
    [((1920, 1080), "16:9"), ((3840, 2160), "16:9"), ((1000, 1000), "1:1"), ((720, 1280), "9:16")],
)
def test_the_nearest_aspect_ratio_is_asked_for(size: tuple[int, int], aspect: str) -> None:
    assert aspect_of(*size) == aspect

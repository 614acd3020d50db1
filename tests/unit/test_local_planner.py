import pytest

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetNote, AssetReport
from studio.providers.local.planner import LocalPlanner
from studio.providers.local.words import CAMERA_MOVES
from studio.providers.screenplay_rules import DESCRIPTION_LENGTH_MAX, TITLE_LENGTH_MAX
from tests.local_scenes import (
    REFERENCE_INSTRUCTIONS,
    REFERENCE_SCREENPLAY,
    image_note,
    plan_request,
    planned,
)


@pytest.mark.requirement("BRIEF-1")
def test_the_reference_payload_becomes_its_three_shots() -> None:
    document = planned(REFERENCE_SCREENPLAY, instructions=REFERENCE_INSTRUCTIONS)
    assert [s.index for s in document.shots] == [1, 2, 3]
    assert document.shots[0].description.startswith("A young woman enters a glowing archive")
    assert document.shots[1].description.startswith("She reaches toward one moving photograph")
    assert document.shots[2].description.endswith("the photographs orbit overhead.")
    assert [s.camera_move for s in document.shots] == ["push_in", "push_in", "orbit"]


@pytest.mark.parametrize(
    "screenplay",
    [
        "Shot 1: A dog runs.\nShot 2: A cat sleeps.",
        "SHOT 1 - A dog runs. SHOT 2 - A cat sleeps.",
        "Scene one: A dog runs. Scene two: A cat sleeps.",
        "**Shot 1:** A dog runs.\n\n**Shot 2:** A cat sleeps.",
        "[Shot 1] A dog runs. [Shot 2] A cat sleeps.",
        "Shot 1 (4s): A dog runs. Shot 2 (wide, slow): A cat sleeps.",
        "# Shot 1\nA dog runs.\n# Shot 2\nA cat sleeps.",
        "1. A dog runs.\n2. A cat sleeps.",
        "- A dog runs.\n- A cat sleeps.",
        "A dog runs.\n\nA cat sleeps.",
        "A dog runs. A cat sleeps.",
    ],
)
def test_shots_are_found_however_they_are_marked(screenplay: str) -> None:
    document = planned(screenplay, shots=2)
    assert [s.description for s in document.shots] == ["A dog runs.", "A cat sleeps."]


def test_a_slugline_opens_a_shot_and_stays_in_it() -> None:
    document = planned(
        "INT. ARCHIVE - NIGHT\nShe enters.\n\nEXT. STREET - DAY\nShe leaves.", shots=2
    )
    assert document.shots[0].description == "INT. ARCHIVE - NIGHT She enters."
    assert document.shots[1].description == "EXT. STREET - DAY She leaves."


def test_a_shot_that_is_merely_mentioned_is_no_marker() -> None:
    document = planned("She remembers shot 2 of the old film. Then she smiles.", shots=2)
    assert document.shots[0].description == "She remembers shot 2 of the old film."


def test_text_before_the_first_marker_is_a_shot_only_where_one_is_missing() -> None:
    text = "Fog over the bay. Shot 1: A dog runs. Shot 2: A cat sleeps."
    assert planned(text, shots=2).shots[0].description == "A dog runs."
    assert planned(text, shots=3).shots[0].description == "Fog over the bay."


@pytest.mark.requirement("BRIEF-4")
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 24, 64])
def test_there_are_exactly_as_many_shots_as_the_plan_fixed(count: int) -> None:
    document = planned(REFERENCE_SCREENPLAY, shots=count)
    assert [s.index for s in document.shots] == list(range(1, count + 1))
    assert all(s.description and s.title and s.palette for s in document.shots)


def test_merged_shots_keep_the_order_and_lose_nothing() -> None:
    document = planned("One falls. Two rises. Three waits. Four ends.", shots=2)
    assert [s.description for s in document.shots] == [
        "One falls. Two rises.",
        "Three waits. Four ends.",
    ]


def test_a_moment_seen_again_is_seen_differently() -> None:
    shots = planned("A dog.", shots=4).shots
    assert len({(s.description, s.camera_move) for s in shots}) == len(shots)


def test_an_abbreviation_ends_no_sentence() -> None:
    shots = planned("Dr. Reyes opens the door. Mr. Lee waits.", shots=2).shots
    assert shots[0].description == "Dr. Reyes opens the door."


@pytest.mark.requirement("INPUT-5")
def test_without_a_screenplay_the_instructions_story_is_told_not_its_directives() -> None:
    document = planned(
        instructions="Create exactly two shots. A fox crosses a frozen river. Snow falls. "
        "No text overlays.",
        shots=2,
    )
    assert [s.description for s in document.shots] == [
        "A fox crosses a frozen river.",
        "Snow falls.",
    ]


def test_without_any_text_of_its_own_the_lore_is_told() -> None:
    document = planned(instructions="Create two shots.", additional_lore="The moon is a lamp.")
    assert all("moon" in s.description.lower() for s in document.shots)


@pytest.mark.requirement("INPUT-8")
def test_without_a_brief_an_uploaded_documents_text_is_told() -> None:
    note = AssetNote(
        index=0, kind=AssetKind.DOCUMENT, filename="story.pdf", text="A lighthouse burns."
    )
    document = planned(assets=AssetReport(notes=(note,)), shots=1)
    assert document.shots[0].description == "A lighthouse burns."


def test_a_brief_that_is_only_a_name_still_becomes_a_film() -> None:
    assert planned(name="The Lighthouse", shots=2).shots[0].description.startswith("The Lighthouse")


@pytest.mark.parametrize(
    "text", ["🎬🎬🎬", "一人の女性が入る。彼女は微笑む。", "...", "\n\n\t", "a" * 9000]
)
def test_any_text_is_planned(text: str) -> None:
    document = planned(text, shots=3)
    assert len(document.shots) == 3
    for script in document.shots:
        assert 0 < len(script.description) <= DESCRIPTION_LENGTH_MAX
        assert 0 < len(script.title) <= TITLE_LENGTH_MAX


def test_cjk_sentences_are_sentences() -> None:
    shots = planned("一人の女性が入る。彼女は微笑む。", shots=2).shots
    assert [s.description for s in shots] == ["一人の女性が入る。", "彼女は微笑む。"]


@pytest.mark.requirement("INPUT-6")
def test_an_upload_is_shown_where_it_is_named_and_a_character_everywhere() -> None:
    notes = (
        image_note(0, "IMG_1.png", label="Moving photograph", purpose="prop"),
        image_note(1, "lena.jpg", label="Lena", purpose="main character"),
    )
    document = planned(REFERENCE_SCREENPLAY, assets=AssetReport(notes=notes))
    cast = [s.reference_indices for s in document.shots]
    assert all(1 in shown for shown in cast)
    assert 0 in cast[1]


def test_an_upload_is_found_by_the_words_of_its_file_name() -> None:
    notes = (image_note(0, "old_lighthouse-v2.png"), image_note(1, "IMG_0001.png"))
    document = planned(
        "Shot 1: A bay. Shot 2: The lighthouse burns.", shots=2, assets=AssetReport(notes=notes)
    )
    assert [s.reference_indices for s in document.shots] == [(1,), (0,)]


@pytest.mark.parametrize(("pictures", "shots"), [(1, 3), (2, 3), (5, 2), (32, 1), (32, 64)])
def test_every_picture_is_shown_and_every_shot_shows_one(pictures: int, shots: int) -> None:
    notes = tuple(image_note(i, f"IMG_{i}.png") for i in range(pictures))
    document = planned("Fog. Rain. Sun.", shots=shots, assets=AssetReport(notes=notes))
    cast = [s.reference_indices for s in document.shots]
    assert {i for shown in cast for i in shown} == set(range(pictures))
    assert all(cast)


def test_a_sound_is_no_picture() -> None:
    note = AssetNote(index=0, kind=AssetKind.AUDIO, filename="rain.wav", label="Rain")
    document = planned("Rain falls.", shots=1, assets=AssetReport(notes=(note,)))
    assert document.shots[0].reference_indices == ()


def test_words_and_uploads_colour_a_shot() -> None:
    icy, golden = planned("A frozen city. A golden desert.", shots=2).shots
    assert icy.palette != golden.palette
    note = image_note(0, "a.png").model_copy(update={"palette": ("#ff0000",)})
    red = planned("A frozen city.", shots=1, assets=AssetReport(notes=(note,))).shots[0]
    assert red.palette != icy.palette


@pytest.mark.requirement("BRIEF-2")
async def test_a_style_preset_colours_every_shot() -> None:
    request = plan_request("A bay.", shots=1, style="film_noir. Rainy")
    plain = await LocalPlanner().plan(request)
    styled = await LocalPlanner({"film_noir": ("#000000", "#222222", "#555555", "#aaaaaa")}).plan(
        request
    )
    assert plain.shots[0].palette != styled.shots[0].palette


def test_a_wish_for_or_against_lettering_reaches_the_painter() -> None:
    assert "No text overlays" in planned("A bay.", instructions=REFERENCE_INSTRUCTIONS).style
    assert "With text overlays" in planned("A bay.", instructions="Show captions.").style
    assert planned("A bay.").style == "realistic_cinematic"


def test_moves_that_no_word_asks_for_take_turns() -> None:
    shots = planned("Fog. Rain. Stone.").shots
    assert [s.camera_move for s in shots] == list(CAMERA_MOVES[:3])


def test_the_same_brief_gives_the_same_plan() -> None:
    assert planned(REFERENCE_SCREENPLAY) == planned(REFERENCE_SCREENPLAY)

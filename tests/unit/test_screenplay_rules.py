import pytest

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetReport, ScreenplayDocument
from studio.providers.marked_shots import marked_shots
from studio.providers.ports import PlanRequest
from studio.providers.screenplay_rules import (
    DEFAULT_CAMERA_MOVE,
    DESCRIPTION_LENGTH_MAX,
    MOTION_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    narration_words_max,
    problems_of,
    repaired,
    settled,
    spoken_words,
)
from tests.google_scenes import plan_request, planned_film, planned_shot, upload
from tests.kit.vendors.documents import Json


def film(*shots: Json, **fields: object) -> ScreenplayDocument:
    answer = planned_film(*shots, **fields)
    return ScreenplayDocument.model_validate({"title": "Snow", "style": "Ink.", **answer})


def problems(document: ScreenplayDocument, request: PlanRequest) -> list[str]:
    return [problem.text for problem in problems_of(repaired(document, request), request)]


def test_a_film_that_keeps_to_the_rules_is_left_as_it_is() -> None:
    request = plan_request()
    document = film()
    assert repaired(document, request) == document
    assert problems_of(document, request) == []


def test_texts_are_cleaned_and_cut_and_gaps_filled() -> None:
    shot = planned_shot(
        1,
        title="",
        description="Snow\x00 falls.\u202e\n" + "Very cold. " * 400,
        camera_move=" ",
        motion="drifting " * 90,
    )
    mended = repaired(film(shot, planned_shot(2), planned_shot(3)), plan_request()).shots[0]
    assert mended.description.startswith("Snow falls. Very cold.")
    assert len(mended.description) <= DESCRIPTION_LENGTH_MAX
    assert mended.title.startswith("Snow falls.")
    assert len(mended.title) <= TITLE_LENGTH_MAX
    assert mended.camera_move == DEFAULT_CAMERA_MOVE
    assert len(mended.motion) <= MOTION_LENGTH_MAX


def test_shots_are_put_in_order_and_numbered_as_planned() -> None:
    mended = repaired(film(planned_shot(2), planned_shot(0), planned_shot(1)), plan_request())
    assert [(s.index, s.title) for s in mended.shots] == [
        (1, "Moment 0"),
        (2, "Moment 1"),
        (3, "Moment 2"),
    ]


def test_parts_of_one_shot_are_joined() -> None:
    parts = (planned_shot(1), planned_shot(1, characters=["Olaf"]), planned_shot(2))
    mended = repaired(film(*parts, planned_shot(3)), plan_request())
    assert len(mended.shots) == 3
    assert mended.shots[0].description.count("number 1") == 2
    assert mended.shots[0].characters == ("Mara", "Olaf")


def test_shots_that_were_never_numbered_keep_their_order() -> None:
    shots = [planned_shot(0, title=title) for title in ("a", "b", "c")]
    mended = repaired(film(*shots), plan_request())
    assert [(s.index, s.title) for s in mended.shots] == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("count", [2, 4])
def test_a_wrong_number_of_shots_is_vital(count: int) -> None:
    document = film(*(planned_shot(number + 1) for number in range(count)))
    found = problems_of(repaired(document, plan_request()), plan_request())
    assert [problem.vital for problem in found] == [True]
    assert found[0].text == f"there must be exactly 3 shots, numbered 1 to 3, but there are {count}"


def test_references_to_what_shows_nothing_are_dropped() -> None:
    notes = (
        upload(0),
        upload(1, kind=AssetKind.AUDIO),
        upload(2, kind=AssetKind.DOCUMENT),
        upload(3, kind=AssetKind.DOCUMENT, picture_keys=("a",)),
    )
    shot = planned_shot(1, reference_indices=[3, 0, 0, 1, 2, 9, -1])
    request = plan_request(assets=AssetReport(notes=notes))
    sheets = [{"name": "Mara", "description": "Sixty.", "reference_indices": [1, 0, 7]}]
    document = film(shot, planned_shot(2), planned_shot(3), characters=sheets)
    mended = repaired(document, request)
    assert mended.shots[0].reference_indices == (3, 0)
    assert mended.characters[0].reference_indices == (0,)


def test_names_are_spelt_as_on_their_sheets_and_strangers_named() -> None:
    shots = (planned_shot(1, characters=["MARA ", "Olaf"]), planned_shot(2, place="harbour"))
    document = film(*shots, planned_shot(3, place="Mars"))
    mended = repaired(document, plan_request())
    assert mended.shots[0].characters == ("Mara", "Olaf")
    assert mended.shots[1].place == "Harbour"
    assert problems(document, plan_request()) == [
        "shot 1 names 'Olaf', who has no character sheet",
        "shot 3 is at 'Mars', which has no place sheet",
    ]
    best = settled(mended, plan_request())
    assert best.shots[0].characters == ("Mara",)
    assert best.shots[2].place == ""
    assert problems_of(best, plan_request()) == []


def test_of_two_sheets_with_one_name_the_first_stays() -> None:
    sheets = [{"name": "Mara", "description": "A."}, {"name": "mara", "description": "B."}]
    mended = repaired(film(characters=sheets), plan_request())
    assert [sheet.description for sheet in mended.characters] == ["A."]


def test_a_sheet_without_a_description_is_asked_about_and_goes_in_the_end() -> None:
    document = film(characters=[{"name": "Mara", "description": " "}])
    assert "the sheet of 'Mara' has no description" in problems(document, plan_request())
    best = settled(repaired(document, plan_request()), plan_request())
    assert best.characters == ()
    assert best.shots[0].characters == ()


def test_narration_nobody_asked_for_is_taken_out() -> None:
    document = film(planned_shot(1, narration="Once."), planned_shot(2), planned_shot(3))
    assert repaired(document, plan_request()).shots[0].narration == ""


def test_narration_is_cut_to_the_sentences_that_fit() -> None:
    request = plan_request(narration=True)
    text = "The harbour waits. Nothing moves but the snow on the black water tonight."
    mended = repaired(
        film(planned_shot(1, narration=text), planned_shot(2), planned_shot(3)), request
    )
    assert narration_words_max(request, 0) == 10
    assert [problem.vital for problem in problems_of(mended, request)] == [False]
    assert settled(mended, request).shots[0].narration == "The harbour waits."


def test_narration_in_a_script_without_spaces_counts_by_characters() -> None:
    assert spoken_words("雪が静かに降る") == 4
    assert spoken_words("snow 雪") == 2


@pytest.mark.parametrize(
    ("instructions", "dissolves"),
    [
        ("Crossfade between shots.", True),
        ("Let it dissolve.", True),
        ("Cut hard.", False),
        ("Hard cuts only, no dissolves.", False),
    ],
)
def test_shots_dissolve_only_where_the_brief_asks(instructions: str, *, dissolves: bool) -> None:
    shots = [planned_shot(n, dissolves=True, continues=True) for n in (1, 2, 3)]
    mended = repaired(film(*shots), plan_request(instructions=instructions))
    assert [s.dissolves for s in mended.shots] == [dissolves, dissolves, False]
    assert [s.continues for s in mended.shots] == [True, True, False]


def test_an_empty_shot_is_vital_unless_the_brief_spells_it_out() -> None:
    document = film(planned_shot(1, description=""), planned_shot(2), planned_shot(3))
    plainly = plan_request()
    assert any(p.vital for p in problems_of(repaired(document, plainly), plainly))
    marked = plan_request(screenplay="Shot 1: An old lighthouse blinks.")
    best = settled(repaired(document, marked), marked)
    assert best.shots[0].description == "An old lighthouse blinks."


MARKED = (
    "Shot 1: An orange lighthouse blinks above frozen cliffs.\n"
    "Shot 2: Silver herring swirl beneath dark ice.\n"
    "Shot 3: Go."
)


def shots_showing(*descriptions: str) -> ScreenplayDocument:
    return film(*(planned_shot(n, description=d) for n, d in enumerate(descriptions, start=1)))


def test_marked_shots_are_read_with_their_numbers() -> None:
    assert marked_shots(MARKED)[2] == "Silver herring swirl beneath dark ice."
    assert marked_shots("No marks at all.") == {}
    assert marked_shots("Shot 2:\nShot 3: Go.") == {3: "Go."}


def test_swapped_marked_shots_are_noticed() -> None:
    swapped = shots_showing(
        "Herring of silver swirling beneath the dark ice.",
        "A lighthouse, orange, blinking above the frozen cliffs.",
        "Somebody goes.",
    )
    found = problems(swapped, plan_request(screenplay=MARKED))
    assert [text.split(" must")[0] for text in found] == ["shot 1", "shot 2"]


@pytest.mark.parametrize(
    "descriptions",
    [
        ("An orange lighthouse blinking over icy cliffs.", "Herring swirl below ice.", "She goes."),
        ("Ein Leuchtturm blinkt.", "Heringe unter dem Eis.", "Sie geht."),
        ("A beacon turns over the coast.", "A shoal of fish moves in the deep.", "Feet walk."),
    ],
)
def test_a_plan_that_retells_or_translates_is_left_alone(descriptions: tuple[str, ...]) -> None:
    assert problems(shots_showing(*descriptions), plan_request(screenplay=MARKED)) == []

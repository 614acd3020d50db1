"""Strict JSON, and requests refused in sentences that name the place."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.contracts.request import MusicWorkflow, RenderRequest
from studio.ingest.errors import InvalidJson, InvalidRequest, Problem
from studio.ingest.strict_json import parse_request, parse_strict_json

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=20,
)


def parse(data: bytes) -> object:
    return parse_strict_json(data, size_bytes_max=1_048_576, depth_max=32)


def problems_of(request: object) -> tuple[Problem, ...]:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(json.dumps(request).encode())
    return caught.value.problems


def only_problem_of(request: object) -> tuple[str, str]:
    (problem,) = problems_of(request)
    return problem.pointer, problem.detail


@unhurried
@given(JSON_VALUES)
def test_what_json_can_say_is_read_as_it_was_meant(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@unhurried
@given(
    st.binary(max_size=200)
    | st.text(alphabet='[]{}",:\\ 0e1-.nulturefasNaI\ud800').map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
def test_anything_else_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        value = parse(data)
    except InvalidJson:
        return
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "cannot be read at line 1, column 1"),
        (b"brief", "cannot be read"),
        (b"{'a': 1}", "cannot be read"),
        (b'{"a": 1,}', "cannot be read"),
        (b'{"a": 1} {}', "Extra data"),
        (b'"\x01"', "control character"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"1e999", "too large"),
        (b"1" * 100_000, "too large"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'the name "c" twice'),
        (b'{"a": 1, "\\u0061": 2}', 'the name "a" twice'),
        (b"[" * 33 + b"]" * 33, "deeper than 32"),
        (b"[" * 1_000_000, "deeper than 32"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deeper than 32"),
        (b"[" + b"1," * 500_000 + b"1]", "more than 2,000 values"),
        (b'{"assets": [' + b"{}," * 300_000 + b"{}]}", "more than 2,000 values"),
        (b" " * 1_048_577, "larger than 1,048,576 bytes"),
        (b'"\\ud83c"', "surrogate"),
        (b'{"\\udfac": 1}', "surrogate"),
    ],
)
def test_what_strict_json_does_not_know_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        parse(data)
    assert sentence in caught.value.detail
    assert len(caught.value.detail) < 250


def test_the_deepest_and_the_largest_that_is_allowed_is_read() -> None:
    value = parse(b"[" * 32 + b"]" * 32)
    for _ in range(31):
        assert isinstance(value, list)
        (value,) = value
    assert parse(b"9223372036854775807") == 2**63 - 1
    assert parse(b" " * 1_048_575 + b"1") == 1
    assert math.isclose(float(str(parse(b"1.5e308"))), 1.5e308)


def test_brackets_and_commas_inside_of_text_do_not_count() -> None:
    text = "[{," * 100 + '"\\' + "[," * 5_000
    assert parse(json.dumps([text]).encode()) == [text]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}
    assert parse_request(b'\xef\xbb\xbf{"name": "x"}').name == "x"


def test_a_surrogate_pair_is_one_character_and_half_of_one_is_pointed_at() -> None:
    assert parse(b'"\\ud83c\\udfac"') == "🎬"
    with pytest.raises(InvalidJson) as caught:
        parse(b'{"a/b": [1, "\\ud83c"]}')
    assert caught.value.pointer == "/a~1b/1"


@pytest.mark.requirement("INPUT-5")
def test_a_request_is_read_with_its_text_trimmed() -> None:
    request = parse_request(
        b'{"name": " Film ", "shot_count": 3, "music_workflow": "lyria3",'
        b' "assets": [{"filename": "a.png", "label": "Hero"}]}'
    )
    assert isinstance(request, RenderRequest)
    assert request.name == "Film"
    assert request.music_workflow is MusicWorkflow.GENERATED
    assert request.assets[0].label == "Hero"


@pytest.mark.parametrize(
    ("fields", "pointer", "sentence"),
    [
        ({"name": None}, "/name", "name must be text."),
        ({"name": "  "}, "/name", "name must not be empty."),
        ({"name": "x" * 201}, "/name", "name must have at most 200 characters."),
        ({"shot_count": True}, "/shot_count", "shot_count must be a whole number."),
        ({"shot_count": 2.5}, "/shot_count", "shot_count must be a whole number."),
        ({"shot_count": "3"}, "/shot_count", "shot_count must be a whole number."),
        ({"shot_count": 0}, "/shot_count", "shot_count must be at least 1."),
        ({"shot_count": 65}, "/shot_count", "shot_count must be at most 64."),
        (
            {"scene_target_duration_seconds": "24"},
            "/scene_target_duration_seconds",
            "scene_target_duration_seconds must be a number.",
        ),
        (
            {"image_resolution": "8K"},
            "/image_resolution",
            "image_resolution must be one of '1K', '2K' or '4K'.",
        ),
        (
            {"use_first_audio_asset_as_music": "yes"},
            "/use_first_audio_asset_as_music",
            "use_first_audio_asset_as_music must be true or false.",
        ),
        ({"assets": {}}, "/assets", "assets must be a list."),
        ({"assets": ["a"]}, "/assets/0", "assets[0] must be an object."),
        (
            {"assets": [{"filename": "a"}] * 33},
            "/assets",
            "assets must have at most 32 entries.",
        ),
        ({"assets": [{}]}, "/assets/0/filename", "assets[0].filename is required."),
        (
            {"assets": [{"filename": "a", "purpos": "x"}]},
            "/assets/0/purpos",
            'There is no field "purpos" in assets[0]; did you mean "purpose"?',
        ),
        (
            {"shot_cout": 3},
            "/shot_cout",
            'There is no field "shot_cout"; did you mean "shot_count"?',
        ),
        ({"zebra": 3}, "/zebra", 'There is no field "zebra"; remove it.'),
        (
            {"screenplay": "a\x00"},
            "/screenplay",
            (
                "screenplay contains the control character U+0000 at position 1; "
                "only tab and newline are allowed."
            ),
        ),
        (
            {"music_min_duration_seconds": 9, "music_max_duration_seconds": 2},
            "",
            (
                "music_min_duration_seconds (9) is above music_max_duration_seconds (2); "
                "swap them or leave one out."
            ),
        ),
    ],
)
def test_each_problem_is_a_sentence_with_a_pointer(
    fields: dict[str, object], pointer: str, sentence: str
) -> None:
    assert only_problem_of({"name": "x", **fields}) == (pointer, sentence)


@pytest.mark.parametrize("request_value", [[], "brief", 1, None, True])
def test_a_request_that_is_no_object_is_refused(request_value: object) -> None:
    assert only_problem_of(request_value) == ("", "The request must be an object.")


def test_every_problem_is_listed_and_the_summary_counts_them() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(b'{"shot_count": 0, "zebra": 1}')
    assert [problem.pointer for problem in caught.value.problems] == [
        "/name",
        "/shot_count",
        "/zebra",
    ]
    assert caught.value.detail == "name is required. (2 more problems in `errors`.)"


def test_a_request_of_unknown_fields_only_gets_a_bounded_answer() -> None:
    problems = problems_of({"name": "x", **{f"{n}" + "y" * 900: 1 for n in range(1000)}})
    assert len(problems) == 21
    assert problems[-1].detail == "There are 980 more problems."
    assert sum(len(problem.pointer) + len(problem.detail) for problem in problems) < 8000


def test_the_input_is_not_sent_back() -> None:
    for problem in problems_of({"name": ["SECRET"], "shot_count": "SECRET", "screenplay": 7}):
        assert "SECRET" not in problem.detail
        assert "pydantic" not in problem.detail


def test_a_name_that_could_deceive_is_shown_without_its_tricks() -> None:
    (_, sentence) = only_problem_of({"name": "x", "a\u202eb\n~/": 1})
    assert sentence == 'There is no field "a\ufffdb\ufffd~/"; remove it.'


def test_text_that_is_not_json_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(b'{"name": NaN}')
    assert caught.value.problems == (Problem("", "NaN is not a JSON number."),)

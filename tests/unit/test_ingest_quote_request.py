"""What is posted to `/render-quotes`: as strict as a render's request, and helped as kindly."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.contracts.quote_request import QuoteRequest, UploadUrl
from studio.contracts.request import VideoResolution
from studio.ingest.errors import InvalidRequest, Problem
from studio.ingest.strict_json import parse_quote_request
from tests.pricing_scenes import REFERENCE_QUOTE

REFERENCE_BODY = {
    "request": REFERENCE_QUOTE,
    "upload_urls": [{"url": "https://example.com/reference.jpg", "filename": "reference.jpg"}],
}
BRIEF = {"name": "x", "screenplay": "A glass airship drifts."}


def read(value: object) -> QuoteRequest:
    return parse_quote_request(json.dumps(value).encode())


def problems_of(body: bytes) -> tuple[Problem, ...]:
    with pytest.raises(InvalidRequest) as caught:
        parse_quote_request(body)
    return caught.value.problems


def only_problem_of(value: object) -> tuple[str, str]:
    (problem,) = problems_of(json.dumps(value).encode())
    return problem.pointer, problem.detail


def test_the_references_body_is_read() -> None:
    quote = read(REFERENCE_BODY)
    assert quote.request.shot_count == 1
    assert quote.request.video_resolution is VideoResolution("720p")
    assert quote.upload_urls == (
        UploadUrl(url="https://example.com/reference.jpg", filename="reference.jpg"),
    )


def test_an_upload_may_be_a_bare_address_and_may_be_missing() -> None:
    assert read({"request": BRIEF}).upload_urls == ()
    quote = read({"request": BRIEF, "upload_urls": [" https://example.com/a.png "]})
    assert quote.upload_urls == (UploadUrl(url="https://example.com/a.png"),)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_quote_request(b'\xef\xbb\xbf{"request": {"name": "x"}}').request.name == "x"


@pytest.mark.parametrize(
    ("changes", "pointer", "sentence"),
    [
        ({"request": None}, "/request", "request must be an object."),
        ({"request": []}, "/request", "request must be an object."),
        ({"request": {}}, "/request/name", "request.name is required."),
        (
            {"request": BRIEF | {"shot_count": 0}},
            "/request/shot_count",
            "request.shot_count must be at least 1.",
        ),
        (
            {"request": BRIEF | {"shot_cout": 1}},
            "/request/shot_cout",
            'There is no field "shot_cout" in request; did you mean "shot_count"?',
        ),
        (
            {"request": BRIEF | {"assets": [{"filename": "a", "purpos": "x"}]}},
            "/request/assets/0/purpos",
            'There is no field "purpos" in request.assets[0]; did you mean "purpose"?',
        ),
        (
            {"request": BRIEF | {"music_min_duration_seconds": 9, "music_max_duration_seconds": 2}},
            "/request/music_min_duration_seconds",
            (
                "request.music_min_duration_seconds (9) is above music_max_duration_seconds (2); "
                "swap them or leave one out."
            ),
        ),
        (
            {"upload_url": []},
            "/upload_url",
            'There is no field "upload_url"; did you mean "upload_urls"?',
        ),
        ({"upload_urls": None}, "/upload_urls", "upload_urls must be a list."),
        ({"upload_urls": {}}, "/upload_urls", "upload_urls must be a list."),
        ({"upload_urls": [7]}, "/upload_urls/0", "upload_urls[0] must be an object."),
        ({"upload_urls": [{}]}, "/upload_urls/0/url", "upload_urls[0].url is required."),
        ({"upload_urls": [""]}, "/upload_urls/0/url", "upload_urls[0].url must not be empty."),
        (
            {"upload_urls": [{"url": "https://a.example/a", "file_name": "a"}]},
            "/upload_urls/0/file_name",
            'There is no field "file_name" in upload_urls[0]; did you mean "filename"?',
        ),
        (
            {"upload_urls": ["https://a.example/a", "http://a.example/b"]},
            "/upload_urls/1/url",
            "upload_urls[1].url must be a public https:// address.",
        ),
        (
            {"upload_urls": ["https://user:pass@a.example/b"]},
            "/upload_urls/0/url",
            "upload_urls[0].url must not carry a user name or a password.",
        ),
        (
            {"upload_urls": ["https://a.example:8443/b"]},
            "/upload_urls/0/url",
            "upload_urls[0].url must use the standard port 443.",
        ),
        (
            {"upload_urls": ["https://a.example:port/b"]},
            "/upload_urls/0/url",
            "upload_urls[0].url is not a web address.",
        ),
        (
            {"upload_urls": ["https://a.example/" + "x" * 4096]},
            "/upload_urls/0/url",
            "upload_urls[0].url must have at most 4,096 characters.",
        ),
        (
            {"upload_urls": ["https://a.example/a\0"]},
            "/upload_urls/0/url",
            (
                "upload_urls[0].url contains the control character U+0000 at position 19; "
                "only tab and newline are allowed."
            ),
        ),
        (
            {"upload_urls": ["https://a.example/a"] * 33},
            "/upload_urls",
            "upload_urls must have at most 32 entries.",
        ),
    ],
)
def test_each_problem_is_a_sentence_with_a_pointer(
    changes: dict[str, object], pointer: str, sentence: str
) -> None:
    assert only_problem_of({"request": BRIEF} | changes) == (pointer, sentence)


@pytest.mark.parametrize("body", [BRIEF, BRIEF | {"upload_urls": []}, {"screenplay": "x"}])
def test_a_renders_request_alone_is_told_where_it_belongs(body: object) -> None:
    pointer, sentence = only_problem_of(body)
    assert pointer == "/request"
    assert sentence.startswith('Put the fields of the render under "request"')


def test_a_field_beside_the_request_is_refused_by_name() -> None:
    pointer, _ = only_problem_of({"request": BRIEF, "name": "y"})
    assert pointer == "/name"


@pytest.mark.parametrize("value", [[], "brief", 1, None])
def test_a_body_that_is_no_object_is_refused(value: object) -> None:
    assert only_problem_of(value) == ("", "The request must be an object.")


def test_an_empty_body_lacks_its_request() -> None:
    assert only_problem_of({}) == ("/request", "request is required.")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "cannot be read"),
        (b'{"request": NaN}', "NaN is not a JSON number"),
        (b'{"request": {"name": "x"}, "request": {"name": "y"}}', 'the name "request" twice'),
        (b'{"request":' * 33, "deeper than 32"),
        (b" " * 1_048_577, "larger than 1,048,576 bytes"),
        (b'{"request": {"name": "\\ud800"}}', "surrogate"),
        (b'{"upload_urls": [' + b'"",' * 2_000 + b'""]}', "more than 2,000 values"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_strict_json_does_not_know_is_refused(body: bytes, sentence: str) -> None:
    (problem,) = problems_of(body)
    assert sentence in problem.detail


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["request", "upload_urls", "url", "filename", "name", "assets", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON_VALUES | st.builds(lambda urls: {"request": BRIEF, "upload_urls": urls}, JSON_VALUES))
def test_any_body_is_read_or_refused_with_problems(value: object) -> None:
    try:
        read(value)
    except InvalidRequest as error:
        problems = error.problems
    else:
        return
    assert problems

"""A quote's uploads before they are fetched: only what cannot turn out well is refused."""

import json

import pytest

from studio.contracts.problems import Problem as Misfit
from studio.contracts.problems import RequestInfeasible
from studio.contracts.quote_request import QuoteRequest, UploadUrl
from studio.contracts.request import MusicWorkflow
from studio.ingest.declared import declared_filename, declared_uploads, within_request
from studio.ingest.errors import DuplicateFilename, InvalidRequest, Problem
from studio.ingest.strict_json import parse_quote_request
from studio.pricing.freeze import FrozenRender
from studio.pricing.uploads import UploadFacts
from tests.pricing_scenes import DEMO


def quote(*uploads: object, **fields: object) -> QuoteRequest:
    brief: dict[str, object] = {"name": "A test", "screenplay": "A glass airship drifts."}
    urls = [
        f"https://example.com/{upload}" if isinstance(upload, str) else upload for upload in uploads
    ]
    body = {"request": brief | fields, "upload_urls": urls}
    return parse_quote_request(json.dumps(body).encode())


def facts(*uploads: object) -> UploadFacts:
    return declared_uploads(quote(*uploads))


def frozen(*uploads: object, **fields: object) -> FrozenRender:
    wanted = quote(*uploads, **fields)
    return DEMO.freeze(wanted.request, declared_uploads(wanted))


def refusal(*uploads: object, **fields: object) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        declared_uploads(quote(*uploads, **fields))
    return caught.value


@pytest.mark.parametrize(
    ("url", "filename", "label"),
    [
        ("https://example.com/a/hero.png", "", "hero.png"),
        ("https://example.com/a/hero.png", "villain.jpg", "villain.jpg"),
        ("https://example.com/a/hero.png", "folder\\villain.jpg", "villain.jpg"),
        ("https://example.com/hero.png?X-Signature=secret.jpg#part.gif", "", "hero.png"),
        ("https://example.com/h%C3%A9ro%20one.png", "", "héro one.png"),
        ("https://example.com/a%2Fb%5Chero.png", "", "hero.png"),
        ("https://example.com/hero\u202egnp.exe.png", "", "herognp.exe.png"),
        ("https://example.com/%ff%00.png", "", "\N{REPLACEMENT CHARACTER}.png"),
        ("https://example.com/", "", "upload-3"),
        ("https://example.com", "", "upload-3"),
        ("https://example.com/..", "", "upload-3"),
    ],
)
def test_an_upload_is_called_by_its_entry_or_by_its_address(
    url: str, filename: str, label: str
) -> None:
    assert declared_filename(UploadUrl(url=url, filename=filename), 3) == label


def test_kinds_are_guessed_by_the_extension_and_left_open_where_it_does_not_tell() -> None:
    names = ("a.PNG", "b.mp3", "c.mov", "d.pdf", "e.md", "f.mp4", "plain", "v1.2")
    assert facts(*names) == UploadFacts(
        filenames=names,
        audio_count=1,
        image_count=1,
        video_count=1,
        document_count=2,
        fetched=False,
        unsure_count=3,
    )


def test_without_uploads_there_are_none() -> None:
    assert facts() == UploadFacts(fetched=False)


@pytest.mark.parametrize("name", ["a.heic", "render.php", "a.png.exe", "a.svg"])
def test_a_name_that_no_fetched_file_could_keep_is_refused_before_it_is_paid_for(name: str) -> None:
    error = refusal("fine.png", name)
    assert [problem.pointer for problem in error.problems] == ["/upload_urls/1"]
    assert name in error.detail
    assert facts("fine.png", {"url": f"https://example.com/{name}", "filename": "a.png"})


def test_assets_name_what_is_declared() -> None:
    wanted = quote(
        "hero.png",
        {"url": "https://example.com/x?id=1", "filename": "map.pdf"},
        assets=[{"filename": "hero.png"}, {"filename": "maps/map.pdf"}],
    )
    assert declared_uploads(wanted).filenames == ("hero.png", "map.pdf")
    assert DEMO.freeze(wanted.request, declared_uploads(wanted)).request.assets


def test_assets_and_uploads_match_however_their_accents_are_written() -> None:
    decomposed = "he\u0301ro.png"
    wanted = quote("h%C3%A9ro.png", assets=[{"filename": decomposed}])
    assert DEMO.freeze(wanted.request, declared_uploads(wanted)).plan.shots


def test_assets_that_name_nothing_declared_are_refused_as_for_account_renders() -> None:
    error = refusal("hero.png", assets=[{"filename": "hero.png"}, {"filename": "villain.png"}])
    assert error.problems == (
        Problem("/request/assets/1/filename", 'No uploaded file is named "villain.png".'),
    )
    assert error.detail == (
        'assets[] names files that were not uploaded: "villain.png"; name them in upload_urls.'
    )


def test_assets_cannot_tell_two_uploads_of_one_name_apart() -> None:
    uploads = ("a/hero.png", "b/hero.png")
    assert facts(*uploads).image_count == 2
    with pytest.raises(DuplicateFilename):
        declared_uploads(quote(*uploads, assets=[{"filename": "hero.png"}]))


@pytest.mark.parametrize("upload", ["track.mp3", "track.mp4", "track", "download?id=7"])
def test_a_track_may_be_anything_that_could_be_audio(upload: str) -> None:
    music = frozen(upload, music_workflow="uploaded_track").music
    assert music is not None
    assert music.workflow is MusicWorkflow.UPLOADED_TRACK


@pytest.mark.parametrize("uploads", [(), ("a.png", "b.pdf", "c.webm")])
@pytest.mark.parametrize(
    "wish", [{"music_workflow": "uploaded_track"}, {"use_first_audio_asset_as_music": True}]
)
def test_a_track_that_cannot_be_audio_is_refused(
    uploads: tuple[str, ...], wish: dict[str, object]
) -> None:
    with pytest.raises(RequestInfeasible, match="no audio file is among upload_urls"):
        frozen(*uploads, **wish)


def test_a_film_cut_to_a_track_that_is_not_there_yet_has_the_quotes_length() -> None:
    cut = frozen(
        "track.mp3",
        project_mode="music",
        music_workflow="uploaded_track",
        scene_target_duration_seconds=12,
    )
    assert any("measured when it is fetched" in warning for warning in cut.plan.warnings)
    assert sum(shot.frames for shot in cut.plan.shots) == 12 * cut.plan.frames_per_second


@pytest.mark.parametrize(("upload", "handed"), [("a.png", True), ("a", True), ("a.mp3", False)])
def test_pictures_that_may_come_are_counted_on(upload: str, *, handed: bool) -> None:
    plan = frozen(upload, ingredients_mode_enabled=True)
    assert plan.ingredients is handed
    warned = any("no image was uploaded" in warning for warning in plan.plan.warnings)
    assert warned is not handed


def test_an_upload_alone_may_carry_the_brief() -> None:
    assert frozen("brief.pdf", screenplay="").plan.shots
    with pytest.raises(RequestInfeasible, match="The brief is empty"):
        frozen(screenplay="")


def test_problems_of_the_request_are_problems_of_the_quotes_member() -> None:
    assert within_request([Problem("/name", "x")]) == (Problem("/request/name", "x"),)
    misfit = Misfit(pointer="", detail="x")
    assert within_request([misfit]) == (Misfit(pointer="/request", detail="x"),)

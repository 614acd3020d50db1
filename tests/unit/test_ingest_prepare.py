"""Uploads matched with the request: labelled, keyed by content, and refused where it is unclear."""

import hashlib
from pathlib import Path

import pytest

from studio.contracts.assets import AssetKind
from studio.contracts.errors import StudioError
from studio.contracts.request import RenderRequest
from studio.ingest.errors import DuplicateFilename, InvalidRequest, Problem, UnsupportedUpload
from studio.ingest.forms import StagedUpload, SubmittedForm
from studio.ingest.prepare import prepare_uploads
from studio.ingest.strict_json import parse_request

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
TEXT = b"A brief."


class RecordingInspector:
    """Stands where the decoder stands, and remembers what it was asked."""

    def __init__(self, failure: StudioError | None = None) -> None:
        self.asked: list[tuple[Path, AssetKind, str]] = []
        self._failure = failure

    async def __call__(self, path: Path, kind: AssetKind, media_type: str) -> None:
        self.asked.append((path, kind, media_type))
        if self._failure is not None:
            raise self._failure


def form_of(folder: Path, *files: tuple[str, bytes]) -> SubmittedForm:
    uploads = []
    for number, (name, data) in enumerate(files):
        path = folder / f"{number}.upload"
        path.write_bytes(data)
        uploads.append(StagedUpload(path, name, len(data), hashlib.sha256(data).hexdigest()))
    return SubmittedForm(b"{}", tuple(uploads))


def request_of(fields: str = "") -> RenderRequest:
    return parse_request(f'{{"name": "x"{fields}}}'.encode())


@pytest.mark.requirement("INPUT-3")
async def test_uploads_become_assets_with_the_callers_labels(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("hero.png", PNG), ("brief.txt", TEXT))
    request = request_of(
        ', "assets": [{"filename": "refs/hero.png", "label": "Hero", "purpose": "character"}]'
    )
    inspector = RecordingInspector()

    hero, brief = [
        item.asset("proj_api_1") for item in await prepare_uploads(form, request, inspector)
    ]

    assert (hero.index, hero.filename, hero.label, hero.purpose) == (
        0,
        "hero.png",
        "Hero",
        "character",
    )
    assert hero.key == f"projects/proj_api_1/assets/{hashlib.sha256(PNG).hexdigest()}.png"
    assert (hero.kind, hero.media_type, hero.size_bytes) == (AssetKind.IMAGE, "image/png", len(PNG))
    assert (brief.index, brief.kind, brief.label) == (1, AssetKind.DOCUMENT, "")
    assert inspector.asked == [
        (form.uploads[0].path, AssetKind.IMAGE, "image/png"),
        (form.uploads[1].path, AssetKind.DOCUMENT, "text/plain; charset=utf-8"),
    ]


async def test_the_same_content_twice_is_one_object_and_two_assets(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("a.png", PNG), ("b.png", PNG))
    one, other = [
        item.asset("p") for item in await prepare_uploads(form, request_of(), RecordingInspector())
    ]
    assert one.key == other.key
    assert (one.filename, other.filename) == ("a.png", "b.png")


@pytest.mark.requirement("INPUT-4")
async def test_every_asset_that_was_not_uploaded_is_named(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("hero.png", PNG))
    inspector = RecordingInspector()
    request = request_of(
        ', "assets": [{"filename": "hero.png"}, {"filename": "map.png"}, {"filename": "../x.wav"}]'
    )

    with pytest.raises(InvalidRequest) as caught:
        await prepare_uploads(form, request, inspector)

    assert caught.value.detail == (
        'assets[] names files that were not uploaded: "map.png", "x.wav"; upload them as files.'
    )
    assert caught.value.problems == (
        Problem("/assets/1/filename", 'No uploaded file is named "map.png".'),
        Problem("/assets/2/filename", 'No uploaded file is named "x.wav".'),
    )
    assert inspector.asked == []


async def test_names_match_however_their_accents_are_encoded(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("caf\u00e9.png", PNG))
    request = request_of(', "assets": [{"filename": "cafe\\u0301.png", "label": "Café"}]')
    (item,) = await prepare_uploads(form, request, RecordingInspector())
    assert item.label == "Café"


async def test_two_uploads_of_one_name_are_fine_until_the_request_means_one(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("a.png", PNG), ("a.png", PNG))
    assert len(await prepare_uploads(form, request_of(), RecordingInspector())) == 2

    with pytest.raises(DuplicateFilename, match=r'"a\.png" was uploaded 2 times'):
        await prepare_uploads(
            form, request_of(', "assets": [{"filename": "a.png"}]'), RecordingInspector()
        )


async def test_describing_one_file_twice_is_refused(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("a.png", PNG))
    request = request_of(', "assets": [{"filename": "a.png"}, {"filename": "a.png"}]')
    with pytest.raises(InvalidRequest) as caught:
        await prepare_uploads(form, request, RecordingInspector())
    assert [problem.pointer for problem in caught.value.problems] == ["/assets/1/filename"]


@pytest.mark.requirement("MUSIC-5")
async def test_an_uploaded_track_needs_an_uploaded_sound(tmp_path: Path) -> None:
    form = form_of(tmp_path, ("a.png", PNG))
    with pytest.raises(InvalidRequest, match="needs an uploaded audio file") as caught:
        await prepare_uploads(
            form, request_of(', "music_workflow": "uploaded_track"'), RecordingInspector()
        )
    assert caught.value.problems[0].pointer == "/music_workflow"


async def test_a_lying_file_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    inspector = RecordingInspector()
    with pytest.raises(UnsupportedUpload):
        await prepare_uploads(form_of(tmp_path, ("a.png", TEXT)), request_of(), inspector)
    assert inspector.asked == []


async def test_what_the_decoder_refuses_is_said_with_the_callers_name_for_it(
    tmp_path: Path,
) -> None:
    inspector = RecordingInspector(StudioError("The image is cut off."))
    with pytest.raises(StudioError) as caught:
        await prepare_uploads(form_of(tmp_path, ("a.png", PNG)), request_of(), inspector)
    assert caught.value.detail == '"a.png": The image is cut off.'

"""Forms read from a stream: every part where it belongs, and no trace of what is refused."""

import asyncio
import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.ingest.errors import (
    EmptyUpload,
    FormTooLarge,
    IngestError,
    MalformedForm,
    StagingUnavailable,
    TooManyFiles,
    UnsupportedUpload,
)
from studio.ingest.forms import FormFields, FormLimits, SubmittedForm
from studio.ingest.multipart import read_fields, read_form

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TYPE = "multipart/form-data; boundary=fence"
SMALL = FormLimits(
    file_bytes_max=1000, total_bytes_max=1500, files_max=3, request_json_bytes_max=100
)

PAGE = FormFields(
    texts=frozenset({"title", "story"}),
    files=frozenset({"pictures"}),
    texts_title="The text",
    remedy="load the page again",
)


def part(disposition: str | bytes, content: bytes, *headers: bytes) -> bytes:
    raw = disposition.encode() if isinstance(disposition, str) else disposition
    lines = [b"Content-Disposition: form-data; " + raw, *headers]
    return b"--fence\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + content + b"\r\n"


def request_part(content: bytes = b"{}") -> bytes:
    return part('name="request_json"', content)


def file_part(filename: str | bytes, content: bytes, *, name: str = "files") -> bytes:
    raw = filename.encode() if isinstance(filename, str) else filename
    return part(
        b'name="' + name.encode() + b'"; filename="' + raw + b'"',
        content,
        b"Content-Type: application/octet-stream",
    )


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--fence--\r\n"


async def stream_of(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(
    data: bytes,
    staging: Path,
    *,
    limits: FormLimits = SMALL,
    content_type: str | None = TYPE,
    chunk_bytes: int = 64,
) -> SubmittedForm:
    chunks = (data[i : i + chunk_bytes] for i in range(0, len(data), chunk_bytes))
    return await read_form(content_type, stream_of(chunks), staging=staging, limits=limits)


def staged_files(staging: Path) -> list[Path]:
    return list(staging.rglob("*.upload"))


def assert_nothing_staged(staging: Path) -> None:
    assert not staging.exists() or list(staging.iterdir()) == []


@pytest.mark.requirement("INPUT-1", "INPUT-2")
async def test_the_request_and_each_file_come_through(tmp_path: Path) -> None:
    form = await read(
        body(
            file_part("a.png", b"first\r\n--fenc"),
            request_part(b'{"name": "x"}'),
            file_part("b.mp3", b"second" * 100, name="files[]"),
        ),
        tmp_path,
    )

    assert form.request_json == b'{"name": "x"}'
    first, second = form.uploads
    assert (first.filename, first.size_bytes) == ("a.png", 13)
    assert first.path.read_bytes() == b"first\r\n--fenc"
    assert first.sha256 == hashlib.sha256(b"first\r\n--fenc").hexdigest()
    assert (second.filename, second.path.read_bytes()) == ("b.mp3", b"second" * 100)


async def test_discarding_a_form_removes_its_files_and_may_be_repeated(tmp_path: Path) -> None:
    form = await read(body(request_part(), file_part("a.png", b"x")), tmp_path)
    form.discard()
    form.discard()
    assert_nothing_staged(tmp_path)


async def test_forms_side_by_side_do_not_meet(tmp_path: Path) -> None:
    data = body(request_part(), file_part("a.png", b"x"))
    one, other = await asyncio.gather(read(data, tmp_path), read(data, tmp_path))
    one.discard()
    assert other.uploads[0].path.read_bytes() == b"x"


async def test_a_form_without_files_stages_nothing(tmp_path: Path) -> None:
    form = await read(body(request_part()), tmp_path)
    assert form.uploads == ()
    assert_nothing_staged(tmp_path)


async def test_a_page_may_have_other_fields_and_is_told_which_one_a_file_came_in(
    tmp_path: Path,
) -> None:
    data = body(part('name="title"', b"A boat"), file_part("a.txt", b"a", name="pictures"))
    form = await read_fields(TYPE, stream_of([data]), staging=tmp_path, fields=PAGE)
    assert form.texts == {"title": b"A boat"}
    assert [(each.field, each.filename) for each in form.uploads] == [("pictures", "a.txt")]


async def test_all_texts_of_a_page_have_one_limit_and_what_had_come_in_can_be_shown_again(
    tmp_path: Path,
) -> None:
    data = body(part('name="title"', b"A boat"), part('name="story"', b" " * 95))
    with pytest.raises(FormTooLarge, match="The text is larger than 100 bytes") as refused:
        await read_fields(TYPE, stream_of([data]), staging=tmp_path, fields=PAGE, limits=SMALL)
    assert refused.value.texts["title"] == b"A boat"


async def test_a_file_field_left_alone_in_a_browser_is_no_upload(tmp_path: Path) -> None:
    form = await read(body(request_part(), file_part("", b"")), tmp_path)
    assert form.uploads == ()


async def test_the_request_may_come_as_a_file(tmp_path: Path) -> None:
    form = await read(
        body(part('name="request_json"; filename="r.json"', b"{}", b"Content-Type: text/json")),
        tmp_path,
    )
    assert form.request_json == b"{}"


REFUSED = {
    "no request": (body(file_part("a.png", b"x")), MalformedForm, "no request_json"),
    "two requests": (body(request_part(), request_part()), MalformedForm, "more than one"),
    "an unknown field": (
        body(part('name="shot_count"', b"3"), request_part()),
        MalformedForm,
        'unknown field "shot_count"',
    ),
    "a file as text": (body(request_part(), part('name="files"', b"x")), MalformedForm, "is text"),
    "a file without a name": (body(request_part(), file_part("", b"x")), MalformedForm, "filename"),
    "a part without a name": (body(part("", b"x")), MalformedForm, "has no name"),
    "an empty file": (
        body(request_part(), file_part("a.png", b"")),
        EmptyUpload,
        '"a.png" is empty',
    ),
    "an encoded part": (
        body(part('name="request_json"', b"e30=", b"Content-Transfer-Encoding: base64")),
        MalformedForm,
        "Content-Transfer-Encoding",
    ),
    "a repeated header": (
        body(part('name="request_json"', b"{}", b"content-disposition: form-data; name=files")),
        MalformedForm,
        "repeats a header",
    ),
    "many headers": (
        body(part('name="request_json"', b"{}", *(b"X-%d: y" % n for n in range(9)))),
        MalformedForm,
        "header count",
    ),
    "a huge header": (
        body(request_part(), file_part("a" * 5000 + ".png", b"x")),
        MalformedForm,
        "header size",
    ),
    "a bad header": (
        body(part('name="x"', b"", b"No Colon")),
        MalformedForm,
        "not valid multipart",
    ),
    "another boundary": (b"--wall\r\n\r\n--wall--\r\n", MalformedForm, "not valid multipart"),
    "nothing": (b"", MalformedForm, "closing boundary"),
    "no parts": (b"--fence--\r\n", MalformedForm, "no request_json"),
    "a large request": (body(request_part(b" " * 101)), FormTooLarge, "request_json is larger"),
    "a large file": (
        body(file_part("a.png", b"x"), file_part("big.mp4", b"x" * 1001)),
        FormTooLarge,
        '"big.mp4" is larger than 1,000 bytes',
    ),
    "large files together": (
        body(file_part("a.png", b"x" * 900), file_part("b.png", b"x" * 700)),
        FormTooLarge,
        "together",
    ),
    "too many files": (
        body(*(file_part(f"{n}.png", b"x") for n in range(4)), request_part()),
        TooManyFiles,
        "at most 3 files",
    ),
    "an endless epilogue": (
        body(request_part()) + b"x" * 200_000,
        FormTooLarge,
        "The form is larger",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_form_says_why_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    data, error, sentence = REFUSED[name]
    with pytest.raises(error) as caught:
        await read(data, tmp_path)
    assert sentence in caught.value.detail
    assert caught.value.detail.endswith(".")
    assert_nothing_staged(tmp_path)


async def test_limits_are_inclusive(tmp_path: Path) -> None:
    form = await read(
        body(
            request_part(b" " * 100),
            file_part("a.png", b"x" * 1000),
            file_part("b.png", b"x" * 499),
            file_part("c.png", b"x"),
        ),
        tmp_path,
    )
    assert [upload.size_bytes for upload in form.uploads] == [1000, 499, 1]


async def test_the_33rd_file_is_refused_by_the_contracts_own_limits(tmp_path: Path) -> None:
    files = [file_part(f"{n}.png", b"x") for n in range(33)]
    with pytest.raises(TooManyFiles, match="at most 32 files"):
        await read(body(request_part(), *files), tmp_path, limits=FormLimits())
    assert_nothing_staged(tmp_path)


@pytest.mark.parametrize(
    ("content_type", "error"),
    [
        (None, UnsupportedUpload),
        ("", UnsupportedUpload),
        ("application/json", UnsupportedUpload),
        ("multipart/mixed; boundary=fence", UnsupportedUpload),
        ("multipart/form-data", MalformedForm),
        ("multipart/form-data; boundary=", MalformedForm),
        ("multipart/form-data; boundary=" + "b" * 300, MalformedForm),
        ("multipart/form-data; boundary=\u2603", MalformedForm),
    ],
)
async def test_a_content_type_that_cannot_be_read_is_refused(
    tmp_path: Path, content_type: str | None, error: type[IngestError]
) -> None:
    with pytest.raises(error):
        await read(body(request_part()), tmp_path, content_type=content_type)


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\temp\\\\hero.png", "hero.png"),
        ("/abs/hero.png", "hero.png"),
        ("..", "upload-1"),
        ("folder/", "upload-1"),
        ("\x01\x02", "upload-1"),
        ("he\tro\x7f.png", "hero.png"),
        ("gnp.\u202eexe.png", "gnp.exe.png"),
        ("🎬 Cafe\u0301.png", "🎬 Caf\u00e9.png"),
        ("👩\u200d🚀.png", "👩\u200d🚀.png"),
        ("a" * 600 + ".png", "a" * 496 + ".png"),
        (b"\xff\xfe.png", "\ufffd\ufffd.png"),
    ],
)
async def test_a_filename_is_a_clean_label_and_never_a_path(
    tmp_path: Path, sent: str | bytes, label: str
) -> None:
    form = await read(body(request_part(), file_part(sent, b"x")), tmp_path)
    assert form.uploads[0].filename == label
    assert form.uploads[0].path.parent.parent == tmp_path


async def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield body(request_part(), file_part("a.png", b"x"))[:-30]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await read_form(TYPE, broken(), staging=tmp_path)
    assert_nothing_staged(tmp_path)


async def test_cancellation_while_waiting_for_the_client_leaves_nothing(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield file_part("a.mp4", b"x" * 1_000_000)
        waiting.set()
        await asyncio.Event().wait()

    reading = asyncio.create_task(read_form(TYPE, hanging(), staging=tmp_path))
    await waiting.wait()
    assert staged_files(tmp_path) != []
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert_nothing_staged(tmp_path)


async def test_cancellation_while_a_thread_is_writing_leaves_nothing(tmp_path: Path) -> None:
    flowing = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield file_part("a.mp4", b"")[:-2]
        while True:  # the reader only ever waits for its writing thread
            flowing.set()
            yield b"x" * 1_000_000

    reading = asyncio.create_task(read_form(TYPE, endless(), staging=tmp_path))
    await flowing.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert_nothing_staged(tmp_path)


async def test_staging_that_cannot_be_written_is_told_apart_from_a_bad_form(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StagingUnavailable, match="try again later"):
        await read(body(request_part(), file_part("a.png", b"x")), tmp_path / "file" / "staging")


WHOLE = body(
    request_part(b'{"name": "x"}'),
    file_part("a.png", b"\r\n--fence\r\r\n--fenc\r\n-- fence" * 3),
    file_part("b.txt", b"--fence--"),
)


@unhurried
@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=30))
async def test_where_the_stream_is_cut_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    staging = tmp_path_factory.mktemp("staging")
    edges = [0, *sorted(cuts), len(WHOLE)]
    chunks = [WHOLE[a:b] for a, b in itertools.pairwise(edges)]

    form = await read_form(TYPE, stream_of(chunks), staging=staging)

    assert form.request_json == b'{"name": "x"}'
    assert [upload.path.read_bytes() for upload in form.uploads] == [
        b"\r\n--fence\r\r\n--fenc\r\n-- fence" * 3,
        b"--fence--",
    ]
    form.discard()


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 2, 3))
async def test_a_truncated_form_is_refused_wherever_it_ends(tmp_path: Path, length: int) -> None:
    with pytest.raises(MalformedForm):
        await read(WHOLE[: min(length, len(WHOLE) - 4)], tmp_path)
    assert_nothing_staged(tmp_path)


FRAGMENTS = (
    *(b"--fence", b"\r\n", b"--", b"Content-Disposition: form-data; name=", b'"files"', b"{}"),
    *(b'"request_json"', b'; filename="', b'"', b";", b"\\", b"\r", b"\n", b": ", b" "),
)


@unhurried
@given(
    data=st.binary(max_size=400)
    | st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=5), max_size=40).map(b"".join)
)
async def test_any_bytes_are_a_form_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    staging = tmp_path_factory.mktemp("staging")
    with contextlib.suppress(IngestError):
        (await read(b"--fence\r\n" + data, staging, chunk_bytes=7)).discard()
    assert_nothing_staged(staging)


@unhurried
@given(filename=st.binary(max_size=60))
async def test_any_filename_becomes_a_label_that_is_not_a_path(
    tmp_path_factory: pytest.TempPathFactory, filename: bytes
) -> None:
    staging = tmp_path_factory.mktemp("staging")
    escaped = filename.replace(b"\r", b"").replace(b"\n", b"").replace(b'"', b"")
    try:
        form = await read(body(request_part(), file_part(b"x" + escaped, b"data")), staging)
    except MalformedForm:
        return  # such as an unfinished escape
    for upload in form.uploads:
        assert upload.filename.strip(". ")
        assert not set(upload.filename) & set("/\\\x00\n\u202e")
        assert upload.path.read_bytes() == b"data"
    form.discard()

"""What is refused: a clear sentence, nothing spent, nothing left on disk."""

import asyncio
import io
import json
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.limits import INSPECTIONS_AT_ONCE_MAX, UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX
from studio.contracts.assets import AssetKind
from studio.db.engine import Database
from studio.media.inspect import Inspection
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack, make_stack

RENDERS = "/api/agent/renders"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Refusal:
    status: int
    words: str


async def refuse(stack: ApiStack, parts: list[tuple[str, object]], expected: Refusal) -> None:
    """Post a form and check that it is refused in these words and leaves no trace."""
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, files=parts)  # type: ignore[arg-type]
        await check(stack, answer.status_code, answer.json(), expected)
        assert (await client.get(RENDERS)).json()["items"] == []


async def check(
    stack: ApiStack, status: int, problem: dict[str, object], expected: Refusal
) -> None:
    detail = str(problem["detail"])
    assert status == expected.status, detail
    assert expected.words.lower() in detail.lower()
    assert detail.endswith((".", "?"))
    assert stack.available() == 1000
    assert stack.stored_files() == []
    assert stack.workflows.started == {}


def with_file(name: str, content: bytes, **fields: object) -> list[tuple[str, object]]:
    return [
        ("request_json", (None, json.dumps({**BRIEF, **fields}))),
        ("files", (name, content, "image/png")),
    ]


def png_of(width: int, height: int) -> bytes:
    """A well-formed PNG of any size in a few bytes: what a decompression bomb looks like."""
    row = b"\x00" * (1 + (width + 7) // 8)
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "line 1"),
        ("[]", "object"),
        ('{"name": NaN}', "NaN"),
        ('{"name": "a", "name": "b"}', "twice"),
        ("[" * 40 + "]" * 40, "32 levels"),
        ('{"name": "' + "x" * MEBIBYTE + '"}', "1 MiB"),
        ("", "JSON"),
    ],
)
async def test_json_that_is_not_strict_is_refused(stack: ApiStack, text: str, words: str) -> None:
    status = 413 if len(text) > MEBIBYTE else 422
    await refuse(stack, [("request_json", (None, text))], Refusal(status, words))


@pytest.mark.parametrize(
    ("fields", "pointer", "words"),
    [
        ({"shot_cout": 3}, "/shot_cout", "shot_count"),
        ({"shot_count": True}, "/shot_count", "whole number"),
        ({"shot_count": 2.5}, "/shot_count", "whole number"),
        ({"shot_count": 0}, "/shot_count", "at least 1"),
        ({"shot_count": 65}, "/shot_count", "at most 64"),
        ({"scene_target_duration_seconds": 601}, "/scene_target_duration_seconds", "600"),
        ({"name": "  "}, "/name", "empty"),
        ({"name": "x" * 201}, "/name", "200"),
        ({"name": "bell \u0007"}, "/name", "control character"),
        ({"screenplay": "x" * 100_001}, "/screenplay", "100,000"),
        ({"project_mode": "film"}, "/project_mode", "scene"),
        ({"video_model": "veo-9"}, "/video_model", "veo-3.1-fast-generate-001"),
        ({"visual_style_preset": "noir9"}, "/visual_style_preset", "realistic_cinematic"),
        ({"video_resolution": "8k"}, "/video_resolution", "720p"),
        ({"wait_for_completion_seconds": 601}, "/wait_for_completion_seconds", "600"),
        ({"assets": [{"filename": "a.png"}]}, "/assets/0/filename", "a.png"),
        ({"screenplay": "", "instructions": ""}, "/screenplay", "brief is empty"),
    ],
)
@pytest.mark.requirement("BRIEF-4", "INPUT-4")
async def test_a_wrong_field_is_refused_with_a_pointer_to_it(
    stack: ApiStack, fields: dict[str, object], pointer: str, words: str
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, json={**BRIEF, **fields})

    problem = answer.json()
    await check(stack, answer.status_code, problem, Refusal(422, words))
    assert pointer in [error["pointer"] for error in problem["errors"]]


@pytest.mark.requirement("BRIEF-5")
async def test_an_infeasible_duration_is_refused_with_the_feasible_range(stack: ApiStack) -> None:
    request = {**BRIEF, "shot_count": 2, "scene_target_duration_seconds": 300}
    parts: list[tuple[str, object]] = [("request_json", (None, json.dumps(request)))]
    await refuse(stack, parts, Refusal(422, "16"))


@pytest.mark.requirement("MUSIC-5")
async def test_an_uploaded_track_without_audio_is_refused(stack: ApiStack, png: bytes) -> None:
    parts = with_file("still.png", png, music_workflow="uploaded_track")
    await refuse(stack, parts, Refusal(422, "audio"))


async def test_everything_wrong_is_said_at_once(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            RENDERS, json={**BRIEF, "shot_count": 0, "name": "", "shot_cout": 1}
        )

    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/shot_count", "/name", "/shot_cout"}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "request_json"),
        ([("request_json", (None, "{}")), ("request_json", (None, "{}"))], "more than one"),
        ([("request_json", (None, "{}")), ("extra", (None, "x"))], "extra"),
    ],
)
async def test_a_form_with_other_fields_is_refused(
    stack: ApiStack, parts: list[tuple[str, object]], words: str
) -> None:
    await refuse(stack, parts or [("files", ("a.txt", b"text"))], Refusal(422, words))


async def test_a_file_that_lies_about_its_type_is_refused(stack: ApiStack, png: bytes) -> None:
    await refuse(stack, with_file("film.mp4", png), Refusal(415, "film.mp4"))


async def test_a_program_is_refused_whatever_it_is_called(stack: ApiStack) -> None:
    elf = b"\x7fELF" + b"\x00" * 100
    await refuse(stack, with_file("still.png", elf), Refusal(415, "still.png"))


async def test_a_truncated_png_is_refused(stack: ApiStack, png: bytes) -> None:
    await refuse(stack, with_file("still.png", png[:-20]), Refusal(415, "still.png"))


async def test_an_empty_file_is_refused(stack: ApiStack) -> None:
    await refuse(stack, with_file("still.png", b""), Refusal(422, "empty"))


async def test_a_picture_that_is_huge_when_decoded_is_refused(stack: ApiStack) -> None:
    await refuse(stack, with_file("still.png", png_of(20_000, 20_000)), Refusal(415, "still.png"))


async def test_a_document_that_is_huge_when_unpacked_is_refused(stack: ApiStack) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\x00" * (80 * MEBIBYTE))
    await refuse(stack, with_file("brief.docx", buffer.getvalue()), Refusal(415, "brief.docx"))


async def test_thirty_three_files_are_refused(stack: ApiStack, png: bytes) -> None:
    parts: list[tuple[str, object]] = [("request_json", (None, json.dumps(BRIEF)))]
    parts += [("files", (f"{number}.png", png)) for number in range(33)]
    await refuse(stack, parts, Refusal(413, "32 files"))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "C:\\Users\\me\\🎬 hall.png", "/srv/\u202egnp.exe.png"]
)
async def test_a_file_name_is_a_label_and_never_a_path(
    stack: ApiStack, png: bytes, name: str
) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, files=with_file(name, png))  # type: ignore[arg-type]

    assert answer.status_code == 201
    project_id = answer.json()["project_id"]
    (stored,) = stack.stored_files()
    assert stored.startswith(f"storage/objects/projects/{project_id}/assets/")


async def test_a_body_that_announces_too_much_is_refused_unread(stack: ApiStack) -> None:
    key = stack.open_account()
    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(600 * MEBIBYTE),
    }
    async with stack.client(key) as client:
        answer = await client.post(RENDERS, content=b"", headers=headers)

    await check(stack, answer.status_code, answer.json(), Refusal(413, "larger than"))


async def test_a_file_above_its_limit_is_refused_while_it_is_read(stack: ApiStack) -> None:
    key = stack.open_account()
    sent_mebibytes = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent_mebibytes
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.mp4"\r\n\r\n'
        for sent_mebibytes in range(1, 400):  # noqa: B007 - read after the request
            yield b"\x00" * MEBIBYTE

    async with stack.client(key) as client:
        answer = await client.post(
            RENDERS,
            content=body(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )

    await check(stack, answer.status_code, answer.json(), Refusal(413, "100 MiB"))


async def test_a_form_that_breaks_off_is_refused(stack: ApiStack) -> None:
    key = stack.open_account()
    async with stack.client(key) as client:
        answer = await client.post(
            RENDERS,
            content=b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.png"\r\n',
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )

    await check(stack, answer.status_code, answer.json(), Refusal(422, "closing boundary"))


async def test_one_account_may_send_only_so_many_submissions_at_once(stack: ApiStack) -> None:
    key = stack.open_account()
    opened = asyncio.Event()
    reading = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal reading
        reading += 1
        if reading == UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX:
            opened.set()
        await asyncio.Event().wait()
        yield b""

    headers = {"Content-Type": "application/json"}
    async with stack.client(key) as client:
        held = [
            asyncio.create_task(client.post(RENDERS, content=endless(), headers=headers))
            for _ in range(UPLOADS_IN_FLIGHT_PER_ACCOUNT_MAX)
        ]
        await opened.wait()
        answer = await client.post(RENDERS, json=BRIEF)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    await check(stack, answer.status_code, answer.json(), Refusal(429, "submissions"))
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_million_values_are_refused_before_each_is_looked_at(stack: ApiStack) -> None:
    text = '{"name": "x", "assets": [' + "1," * 500_000 + "1]}"
    await refuse(stack, [("request_json", (None, text))], Refusal(422, "2,000 values"))


async def test_files_of_all_callers_are_looked_at_in_turn(
    sqlite_database: Database, tmp_path: Path, png: bytes
) -> None:
    looking = most = 0
    full = asyncio.Event()

    async def inspect(_path: Path, _kind: AssetKind, _media_type: str) -> Inspection:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        if looking >= INSPECTIONS_AT_ONCE_MAX:
            for _ in range(100):  # room for one too many to come this far
                await asyncio.sleep(0)
            full.set()
        await full.wait()
        looking -= 1
        return Inspection(64, 48)

    stack = make_stack(sqlite_database, tmp_path, inspect=inspect)
    stack.configure(active_renders_max=20)
    keys = [stack.open_account(f"acct_{number}") for number in range(2)]
    async with stack.client() as client:
        answers = await asyncio.gather(
            *(
                client.post(RENDERS, files=with_file("a.png", png), headers={KEY_HEADER: key})  # type: ignore[arg-type]
                for key in keys * 6
            )
        )

    assert {answer.status_code for answer in answers} == {201}
    assert most == INSPECTIONS_AT_ONCE_MAX

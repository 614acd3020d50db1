"""A film is written below one folder, and over nothing that must stay."""

import asyncio
import errno
import os
import ssl
from pathlib import Path

import pytest

from tests.kit.tls_host import Internet, answer
from tests.mcp.downloads.film_scenes import FILM, FOUND, URL, Scene

OLD = b"something of the user's"


@pytest.fixture
def root(scene: Scene) -> Path:
    scene.root.mkdir()
    return scene.root


@pytest.mark.mcp_case("12.1")
@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (".", "itself"),
        ("~/film.mp4", "not expanded"),
        ("~root/film.mp4", "not expanded"),
        ("../film.mp4", ".."),
        ("a/../film.mp4", ".."),
        ("a/../../film.mp4", ".."),
        ("..", ".."),
        ("/etc/film.mp4", "outside"),
        ("/dev/null", "outside"),
        ("/", "folder"),
        ("//film.mp4", "outside"),
        ("film.mp4/", "folder"),
        ("a/.", "folder"),
        ("film\x00.mp4", "control"),
        ("film\n.mp4", "control"),
        ("C:/Users/me/Videos/fvs-render.mp4", "Windows"),
        ("c:film.mp4", "Windows"),
        ("videos\\film.mp4", "Windows"),
        ("\\\\host\\share\\film.mp4", "Windows"),
        ("file:///tmp/film.mp4", "address"),
        ("https://media.example/film.mp4", "address"),
        ("nul", "device"),
        ("a/CON.mp4", "device"),
        ("lpt1.mp4/film.mp4", "device"),
        ("x" * 256, "255"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 128, "255"),
        ("x/" * 2048 + "film.mp4", "4095"),
        ("film\ud800.mp4", "not text"),
    ],
)
async def test_a_path_that_cannot_be_meant_is_refused_without_a_connection(
    scene: Scene, internet: Internet, path: str, word: str
) -> None:
    code, sentence = await scene.refusal(path=path)

    assert code == "path_not_allowed"
    assert word in sentence
    assert (internet.looked_up, scene.files()) == ([], [])


async def test_an_absolute_path_below_the_folder_is_taken(scene: Scene) -> None:
    path = scene.root / "a" / "film.mp4"

    assert (await scene.saved(path=str(path))).path == str(path)
    assert path.read_bytes() == FILM


async def test_a_name_of_a_file_may_be_as_long_as_names_can_be(scene: Scene) -> None:
    await scene.saved(path="x" * 255)

    assert scene.files() == ["x" * 255]


@pytest.mark.requirement("DOWN-2")
@pytest.mark.mcp_case("13.1")
async def test_an_existing_file_is_refused_and_not_touched(
    scene: Scene, internet: Internet, root: Path
) -> None:
    file = root / "film.mp4"
    file.write_bytes(OLD)
    before = file.stat()

    code, sentence = await scene.refusal()

    after = file.stat()
    assert code == "file_exists"
    assert "overwrite" in sentence
    assert file.read_bytes() == OLD
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert internet.looked_up == []


@pytest.mark.mcp_case("13.1")
async def test_an_existing_file_is_replaced_where_that_is_wanted(scene: Scene, root: Path) -> None:
    (root / "film.mp4").write_bytes(OLD)
    (root / "other.mp4").hardlink_to(root / "film.mp4")

    saved = await scene.saved(overwrite=True)

    assert saved.replaced
    assert (root / "film.mp4").read_bytes() == FILM
    assert (root / "film.mp4").stat().st_mode & 0o777 == 0o600
    assert (root / "other.mp4").read_bytes() == OLD
    assert scene.files() == ["film.mp4", "other.mp4"]


async def test_overwriting_what_does_not_exist_makes_it(scene: Scene) -> None:
    assert not (await scene.saved(overwrite=True)).replaced


@pytest.mark.mcp_case("13.2")
async def test_a_failed_download_leaves_the_older_file(
    scene: Scene, internet: Internet, root: Path
) -> None:
    (root / "film.mp4").write_bytes(OLD)
    internet.answers[FOUND] = answer(FILM, headers={"Content-Length": str(len(FILM) + 9)})

    await scene.refusal(overwrite=True)

    assert (root / "film.mp4").read_bytes() == OLD
    assert scene.files() == ["film.mp4"]


@pytest.mark.mcp_case("12.2")
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["link to a file", "link to nothing", "folder", "pipe"])
async def test_what_is_no_plain_file_is_not_written_to(
    scene: Scene, internet: Internet, root: Path, tmp_path: Path, kind: str, *, overwrite: bool
) -> None:
    target, place = tmp_path / "outside.txt", root / "film.mp4"
    if kind == "link to a file":
        target.write_bytes(OLD)
        place.symlink_to(target)
    elif kind == "link to nothing":
        place.symlink_to(target)
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)

    code, _ = await scene.refusal(overwrite=overwrite)

    assert (code, internet.looked_up) == ("path_not_allowed", [])
    assert target.exists() == (kind == "link to a file")
    assert not target.exists() or target.read_bytes() == OLD


@pytest.mark.mcp_case("12.2")
@pytest.mark.parametrize("path", ["way/film.mp4", "way/deeper/film.mp4", "real/way/film.mp4"])
async def test_no_link_on_the_way_is_followed(
    scene: Scene, root: Path, tmp_path: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "real").mkdir()
    (root / "way").symlink_to(outside)
    (root / "real" / "way").symlink_to(outside)

    assert (await scene.refusal(path=path))[0] == "path_not_allowed"
    assert list(outside.iterdir()) == []


async def test_a_file_on_the_way_is_no_folder(scene: Scene, root: Path) -> None:
    (root / "way").write_bytes(OLD)

    assert (await scene.refusal(path="way/film.mp4"))[0] == "path_not_allowed"
    assert (root / "way").read_bytes() == OLD


async def test_the_folder_itself_may_be_reached_through_a_link(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    internet.answers[FOUND] = answer(FILM)
    (tmp_path / "disk").mkdir()
    (tmp_path / "films").symlink_to(tmp_path / "disk")

    await Scene(internet, trust, tmp_path).saved(path="a/film.mp4")

    assert (tmp_path / "disk" / "a" / "film.mp4").read_bytes() == FILM


@pytest.mark.mcp_case("12.2")
async def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(
    scene: Scene, internet: Internet, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "way").mkdir()

    async def swap(writer: asyncio.StreamWriter) -> None:
        (root / "way").rmdir()
        (root / "way").symlink_to(outside)
        writer.write(answer(FILM))

    internet.answers[FOUND] = swap

    assert (await scene.refusal(path="way/film.mp4"))[0] == "path_not_allowed"
    assert list(outside.iterdir()) == []


@pytest.mark.mcp_case("13.1")
@pytest.mark.parametrize("is_link", [False, True])
async def test_a_file_that_appears_meanwhile_is_not_touched(
    scene: Scene, root: Path, tmp_path: Path, *, is_link: bool
) -> None:
    target = tmp_path / "outside.txt"
    target.write_bytes(OLD)

    async def appear(_received_bytes: int, _size_bytes: int | None) -> None:
        if is_link:
            (root / "film.mp4").symlink_to(target)
        else:
            (root / "film.mp4").write_bytes(OLD)

    with pytest.raises(Exception, match="output_path"):
        await scene.films.save(URL, "film.mp4", on_bytes=appear)

    assert (root / "film.mp4").read_bytes() == target.read_bytes() == OLD
    assert scene.files() == ["film.mp4"]


@pytest.mark.mcp_case("13.1")
async def test_of_two_downloads_to_one_place_one_wins_and_one_is_refused(scene: Scene) -> None:
    first, second = await asyncio.gather(scene.saved(), scene.saved(), return_exceptions=True)

    assert sorted(type(each).__name__ for each in (first, second)) == ["FileExists", "SavedFilm"]
    assert scene.files() == ["film.mp4"]


async def test_a_folder_that_cannot_be_written_to_is_said_to_be(scene: Scene) -> None:
    scene.root.write_bytes(OLD)

    code, sentence = await scene.refusal()

    assert (code, os.strerror(errno.ENOTDIR) in sentence) == ("not_saved", True)


@pytest.mark.mcp_case("14.4")
async def test_a_full_disk_is_said_to_be(
    internet: Internet, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    """A limit of the process on the size of files stands for it: the kernel refuses alike."""
    import resource
    import signal

    internet.answers[FOUND] = answer(FILM * 700)
    scene = Scene(internet, trust, tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, hard))
    try:
        code, sentence = await scene.refusal()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)

    assert (code, "full" in sentence, scene.files()) == ("not_saved", True, [])

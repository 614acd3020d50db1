from pathlib import Path

import pytest
from PIL import Image

from studio.contracts.assets import AssetKind
from studio.contracts.documents import AssetClass
from studio.providers.local.analyst import LocalAnalyst, colour_name
from studio.providers.ports import DescribeRequest, Description, TranscribeRequest
from tests.local_scenes import pattern


async def described(
    pictures: list[Path],
    kind: AssetKind = AssetKind.IMAGE,
    label: str = "",
) -> Description | None:
    request = DescribeRequest("local-analyst", kind, pictures, "IMG_1.png", label)
    return await LocalAnalyst().describe(request)


def frames(folder: Path, *shifts: int) -> list[Path]:
    for number, shift in enumerate(shifts):
        picture = pattern((320, 90)).crop((shift, 0, shift + 160, 90))
        picture.save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(len(shifts))]


async def test_a_picture_is_described_by_its_shape_its_light_and_its_colours(
    tmp_path: Path,
) -> None:
    Image.new("RGB", (160, 90), (20, 60, 160)).save(tmp_path / "a.png")
    found = await described([tmp_path / "a.png"], label="The lake")
    assert found == Description("A wide picture, dark, mostly blue.", AssetClass.OTHER, "The lake")


async def test_a_videos_movement_is_told(tmp_path: Path) -> None:
    still = await described(frames(tmp_path, 0, 0, 0), AssetKind.VIDEO)
    moving = await described(frames(tmp_path, 0, 25, 60), AssetKind.VIDEO)
    assert still is not None
    assert moving is not None
    assert still.text.endswith("It hardly moves.")
    assert "moves a lot" in moving.text


async def test_what_cannot_be_seen_is_not_described(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    assert await described([tmp_path / "a.png", tmp_path / "nowhere.png"]) is None
    assert await described([], AssetKind.AUDIO) is None


async def test_nothing_is_transcribed(tmp_path: Path) -> None:
    request = TranscribeRequest("local-analyst", tmp_path / "speech.wav", 3.0)
    assert await LocalAnalyst().transcribe(request) is None


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0.05, 0.05, 0.05), "black"), ((1, 1, 1), "white"), ((0.5, 0.5, 0.5), "grey"),
        ((1, 0, 0), "red"), ((1, 0, 0.1), "red"), ((0.4, 0.2, 0.05), "brown"),
        ((1, 0.5, 0), "orange"), ((0, 0.8, 0.1), "green"), ((0.5, 0.1, 0.9), "violet"),
    ],
)  # fmt: skip
def test_colours_have_plain_names(colour: tuple[float, float, float], name: str) -> None:
    assert colour_name(*colour) == name

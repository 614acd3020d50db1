from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.providers.errors import ProviderRejected
from studio.providers.local.art.grades import grade_of
from studio.providers.local.art.lettering import lift_lettering, write_lettering
from studio.providers.local.image import IMAGE_SIDE_MAX, LocalImageModel
from studio.providers.local.words import DEFAULT_SCENE, SCENE_WORDS
from studio.providers.ports import ImageRequest
from tests.local_scenes import image_request, pattern

SCENES = [*SCENE_WORDS, DEFAULT_SCENE]


async def drawn(request: ImageRequest, folder: Path, name: str = "still.png") -> Image.Image:
    path = folder / name
    await LocalImageModel().draw(request, path)
    with Image.open(path) as picture:
        picture.load()
        return picture.copy()


def solid(folder: Path, colour: tuple[int, int, int], size: tuple[int, int] = (300, 400)) -> Path:
    path = folder / f"{'-'.join(map(str, colour))}.png"
    Image.new("RGB", size, colour).save(path)
    return path


def share_of(picture: Image.Image, hue: int) -> float:
    """How much of the picture is strongly of one hue (Pillow's 0 to 255)."""
    pixels = np.asarray(picture.convert("HSV"), np.int16)
    distance = np.abs((pixels[..., 0] - hue + 128) % 256 - 128)
    return float(((distance < 14) & (pixels[..., 1] > 110) & (pixels[..., 2] > 60)).mean())


@pytest.mark.parametrize("scene", SCENES)
async def test_every_scene_fills_the_frame_with_light_and_dark(tmp_path: Path, scene: str) -> None:
    picture = await drawn(image_request(f"A {scene} at dusk with a woman."), tmp_path)
    luma = np.asarray(picture.convert("L"), np.float32)
    assert picture.size == (320, 180)
    assert picture.mode == "RGB"
    assert 15 < luma.mean() < 240
    assert luma.std() > 12


@pytest.mark.requirement("INPUT-6")
@pytest.mark.parametrize("scene", SCENES)
async def test_an_uploaded_picture_is_seen_in_the_frame(tmp_path: Path, scene: str) -> None:
    upload = solid(tmp_path, (255, 0, 255))
    picture = await drawn(image_request(f"A {scene}.", references=[upload]), tmp_path)
    assert share_of(picture, hue=213) > 0.1


async def test_every_one_of_many_uploads_is_seen(tmp_path: Path) -> None:
    hues = {(255, 0, 0): 0, (0, 255, 0): 85, (0, 0, 255): 170, (255, 0, 255): 213}
    uploads = [solid(tmp_path, colour) for colour in hues]
    request = image_request("A corridor.", size=(640, 360), references=uploads)
    picture = await drawn(request, tmp_path)
    shares = [share_of(picture, hue) for hue in hues.values()]
    assert min(shares) > 0.004
    assert shares[0] == max(shares)


async def test_more_uploads_than_a_scene_has_places_for_are_all_hung(tmp_path: Path) -> None:
    uploads = [solid(tmp_path, (i, 255 - i, 128)) for i in range(32)]
    assert (await drawn(image_request(references=uploads), tmp_path)).size == (320, 180)


async def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    request = image_request("A forest and a man.", references=[solid(tmp_path, (9, 99, 200))])
    await drawn(request, tmp_path, "first.png")
    await drawn(request, tmp_path, "second.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


async def test_another_seed_gives_another_picture(tmp_path: Path) -> None:
    first = await drawn(image_request(seed=1), tmp_path)
    second = await drawn(image_request(seed=2), tmp_path)
    assert first.tobytes() != second.tobytes()


@pytest.mark.requirement("BRIEF-2")
async def test_the_style_grades_the_picture(tmp_path: Path) -> None:
    noir = await drawn(image_request("A neon street.", style="film_noir"), tmp_path)
    anime = await drawn(image_request("A neon street.", style="anime"), tmp_path)
    saturations = [float(np.asarray(p.convert("HSV"))[..., 1].mean()) for p in (noir, anime)]
    assert saturations[0] < saturations[1] / 2


def test_an_unnamed_style_has_a_look_of_its_own() -> None:
    assert grade_of("whatever you like") == grade_of("")


async def test_a_caption_is_written_only_where_the_brief_asks_for_one(tmp_path: Path) -> None:
    def lower_left(picture: Image.Image) -> bytes:
        return picture.crop((0, 150, 160, 180)).tobytes()

    async def lettered(style: str, title: str = "A QUIET HALL") -> bytes:
        return lower_left(await drawn(image_request(title=title, style=style), tmp_path))

    assert await lettered("") == await lettered("", title="")
    assert await lettered("No text overlays.") == await lettered("", title="")
    assert await lettered("With text overlays.") != await lettered("", title="")


async def test_the_mark_stands_in_every_still(tmp_path: Path) -> None:
    picture = await drawn(image_request(style="No text overlays."), tmp_path)
    clean = picture.copy()
    clean.info = dict(picture.info)
    lift_lettering(clean)
    corner = (240, 160, 320, 180)
    assert picture.crop(corner).tobytes() != clean.crop(corner).tobytes()


def test_lettering_can_be_lifted_off_again() -> None:
    original = pattern((640, 360))
    lettered = original.copy()
    write_lettering(lettered, "The caption of a shot")
    lettered.info["fvs-animatic-caption"] = "The caption of a shot"
    lift_lettering(lettered)
    difference = np.abs(np.asarray(lettered, np.int16) - np.asarray(original, np.int16))
    assert difference.max() <= 6


@pytest.mark.parametrize("title", ["🎬 emoji", "東京の夜", "عربى", "\x7f\u200b", "W" * 500])
async def test_any_title_can_be_written(tmp_path: Path, title: str) -> None:
    request = image_request(title=title, style="With captions.")
    assert (await drawn(request, tmp_path)).size == (320, 180)


@pytest.mark.parametrize("size", [(16, 16), (90, 160), (37, 211), (640, 270)])
async def test_any_shape_can_be_drawn(tmp_path: Path, size: tuple[int, int]) -> None:
    upload = solid(tmp_path, (200, 30, 30), size=(500, 20))
    request = image_request("A corridor of photographs and a man", size=size, references=[upload])
    assert (await drawn(request, tmp_path)).size == size


@pytest.mark.parametrize("size", [(0, 90), (8, 8), (IMAGE_SIDE_MAX + 1, 90), (8000, 8000)])
async def test_a_size_that_no_picture_has_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ProviderRejected, match="cannot be drawn"):
        await drawn(image_request(size=size), tmp_path)


async def test_a_reference_that_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(ProviderRejected, match=r"notes\.png cannot be read"):
        await drawn(image_request(references=[path]), tmp_path)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "1", "I;16"])
async def test_references_of_every_mode_are_drawn(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("reference.jpg" if mode == "CMYK" else "reference.png")
    Image.new(mode, (40, 30)).save(path)
    assert (await drawn(image_request(references=[path]), tmp_path)).size == (320, 180)


async def test_a_palette_that_is_no_palette_is_no_obstacle(tmp_path: Path) -> None:
    request = image_request(palette=("teal", "#12", "#zzzzzz", "#ffffff"))
    assert (await drawn(request, tmp_path)).size == (320, 180)

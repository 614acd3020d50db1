"""What makes a local film worth watching: shots that differ, people who stay the same, depth."""

import asyncio
import itertools
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.catalog.catalogue import load_catalogue
from studio.contracts.documents import AssetClass
from studio.providers.local.art.cels import LAYERS_CHUNK, Cel, Motion, layers_of
from studio.providers.local.art.grades import GRADES, grade_of
from studio.providers.local.art.staging import pose_in
from studio.providers.local.art.wardrobe import costume_of
from studio.providers.local.image import draw_still
from studio.providers.local.layers import pose_of
from studio.providers.local.specimen import draw_specimen
from studio.providers.local.video import LocalVideoModel
from studio.providers.ports import ImageRequest, Picture
from tests.local_scenes import (
    REFERENCE_SCREENPLAY,
    footage,
    image_request,
    pattern,
    planned,
    video_request,
)

SIZE = (320, 180)
STYLES = [style.id for style in load_catalogue().styles()]


def glance(path: Path) -> NDArray[np.float32]:
    """What is seen at a glance: 16 x 9 colours from 0 to 1."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize((16, 9), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def distance(first: Path, second: Path) -> float:
    return float(np.abs(glance(first) - glance(second)).mean())


def drawn(folder: Path, name: str, request: ImageRequest) -> Path:
    draw_still(request, folder / name)
    return folder / name


def upload(folder: Path, colour: str, role: AssetClass, name: str = "") -> Picture:
    path = folder / f"{colour}.png"
    Image.new("RGB", (300, 400), colour).save(path)
    return Picture(key=path.name, path=path, name=name, role=role)


def reference_shots(folder: Path) -> list[Path]:
    return [
        drawn(
            folder,
            f"{s.index}.png",
            image_request(s.description, palette=s.palette, index=s.index, title=s.title),
        )
        for s in planned(REFERENCE_SCREENPLAY).shots
    ]


def test_the_shots_of_a_film_differ_at_a_glance(tmp_path: Path) -> None:
    for first, second in itertools.combinations(reference_shots(tmp_path), 2):
        assert distance(first, second) > 0.09


@pytest.mark.requirement("BRIEF-2")
def test_every_preset_looks_like_no_other(tmp_path: Path) -> None:
    paths = [tmp_path / f"{style}.png" for style in STYLES]
    for style, path in zip(STYLES, paths, strict=True):
        draw_specimen(style, path, *SIZE)
    pairs = itertools.combinations(paths, 2)
    assert min((distance(a, b), a.stem, b.stem) for a, b in pairs) > (0.03, "", "")


def test_a_specimen_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_specimen("watercolour", tmp_path / name, *SIZE)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_every_preset_of_the_catalogue_has_a_grade() -> None:
    assert set(STYLES) == set(GRADES)
    assert grade_of("film_noir. Rainy") == GRADES["film_noir"]
    assert grade_of("a hand-painted watercolor") == GRADES["watercolour"]


@pytest.mark.parametrize(
    ("text", "pose"),
    [
        ("A woman enters a hall.", "walk"),
        ("She reaches toward a photograph.", "reach"),
        ("He steps in as stars fall overhead.", "look_up"),
        ("A man waits.", "stand"),
    ],
)
def test_people_do_what_the_text_says(text: str, pose: str) -> None:
    assert pose_in(text) == pose


def test_a_character_wears_the_colours_of_their_picture_in_every_shot(tmp_path: Path) -> None:
    red = upload(tmp_path, "#b02020", AssetClass.CHARACTER)
    with Image.open(red.path) as portrait:
        costume = costume_of("Film", "A woman waits.", portrait)
        assert costume == costume_of("Another", "She walks.", portrait)
    assert costume.coat[0] > 2 * max(costume.coat[1:])
    nobody = costume_of("Film", "A woman waits.", None)
    assert nobody == costume_of("Film", "She walks home.", None)


def test_an_uploaded_place_is_where_the_shot_happens(tmp_path: Path) -> None:
    bay = upload(tmp_path, "#20d020", AssetClass.ENVIRONMENT, name="The ocean bay")
    here = glance(drawn(tmp_path, "here.png", image_request("Waves of the sea.", references=[bay])))
    elsewhere = drawn(tmp_path, "away.png", image_request("A city street.", references=[bay]))
    greens = [(g[..., 1] > g[..., 0] + 0.25).mean() for g in (here, glance(elsewhere))]
    assert greens[0] > 0.6
    assert greens[1] < 0.3


@pytest.mark.parametrize("kind", ["still", "sway", "float", "orbit", "rush", "walk", "breathe"])
def test_whatever_moves_starts_where_the_still_shows_it(kind: str) -> None:
    motion = Motion(kind, 1.2, phase=0.0, around=(0.5, 0.5), reach=(0.3, 0.0))
    cel = Cel(Image.new("RGBA", (40, 40)), (0.8, 0.5), motion)
    first, later = (pose_of(cel, SIZE, seconds) for seconds in (0.0, 2.0))
    assert (first.x, first.y) == pytest.approx((0.8, 0.5), abs=0.01)
    assert first.scale == pytest.approx(1.0, abs=0.02)
    assert (first == later) == (kind == "still")


def test_a_still_carries_its_layers_and_a_copy_does_not(tmp_path: Path) -> None:
    path = drawn(tmp_path, "a.png", image_request("A woman in a corridor of photographs."))
    with Image.open(path) as still:
        layers = layers_of(still)
        still.save(tmp_path / "copy.png")
    assert layers is not None
    assert layers.size == SIZE
    assert {cel.motion.kind for cel in layers.cels} >= {"sway", "breathe"}
    with Image.open(tmp_path / "copy.png") as copy:
        assert layers_of(copy) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0", struct.pack(">I", 99), struct.pack(">I", 2) + b"{}", b"\xff" * 64,
     struct.pack(">I", 27) + b'{"size":[1,1],"lengths":[9]}'],
)  # fmt: skip
def test_layers_that_cannot_be_read_are_no_layers(tmp_path: Path, content: bytes) -> None:
    notes = PngInfo()
    notes.add(LAYERS_CHUNK, content)
    pattern().save(tmp_path / "a.png", pnginfo=notes)
    with Image.open(tmp_path / "a.png") as still:
        assert layers_of(still) is None


async def test_a_clip_in_layers_shows_its_keyframe_and_is_the_same_every_time(
    tmp_path: Path,
) -> None:
    still = drawn(tmp_path, "a.png", image_request("A woman in a corridor of photographs."))

    async def fetch(_key: str, destination: Path) -> None:
        await asyncio.to_thread(shutil.copyfile, still, destination)

    for name in ("first", "second"):
        model = LocalVideoModel(tmp_path / name, fetch)
        handle = await model.submit(video_request(), {})
        await model.collect(handle, tmp_path / f"{name}.mp4")
    assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()
    opening = Image.fromarray(footage(tmp_path / "first.mp4").frames[0])
    opening.save(tmp_path / "opening.png")
    assert distance(tmp_path / "opening.png", still) < 0.05


async def test_people_come_nearer_than_the_place_behind_them(tmp_path: Path) -> None:
    """Parallax: under a moving camera the layers of a still move by different amounts."""
    still = drawn(tmp_path, "a.png", image_request("A woman waits in a corridor.", seed=3))
    with Image.open(still) as opened:
        opened.save(tmp_path / "flat.png")

    clips = {}
    for name in ("a", "flat"):

        async def fetch(_key: str, destination: Path, name: str = name) -> None:
            await asyncio.to_thread(shutil.copyfile, tmp_path / f"{name}.png", destination)

        model = LocalVideoModel(tmp_path / f"work-{name}", fetch)
        request = video_request(camera_move="pan_right", width=320, height=180)
        await model.collect(await model.submit(request, {}), tmp_path / f"{name}.mp4")
        clips[name] = footage(tmp_path / f"{name}.mp4").frames.astype(np.int16)
    first, last = (np.abs(clips["a"][i] - clips["flat"][i]).mean() for i in (0, -1))
    assert max(first, last) > 1.0

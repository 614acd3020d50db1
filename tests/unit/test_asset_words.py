"""What an upload is for, by the caller's words."""

import pytest

from studio.contracts.documents import AssetClass
from studio.media.asset_words import class_from_words

CHARACTER, ENVIRONMENT = AssetClass.CHARACTER, AssetClass.ENVIRONMENT
PROP, STYLE, MUSIC = AssetClass.PROP, AssetClass.STYLE, AssetClass.MUSIC


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("main character", CHARACTER),
        ("Portrait of Ana", CHARACTER),
        ("the hero", CHARACTER),
        ("hero in the garden", CHARACTER),
        ("the hero's sword", PROP),
        ("the hero\N{RIGHT SINGLE QUOTATION MARK}s sword", PROP),
        ("sword of the hero", PROP),
        ("photo of the castle", ENVIRONMENT),
        ("reference for the environment", ENVIRONMENT),
        ("use as a style reference", STYLE),
        ("mood board for the villain's lair", STYLE),
        ("LOCATION", ENVIRONMENT),
        ("opening song", MUSIC),
        ("for in of at", None),
        ("heroic", None),
        ("Ana", None),
        ("", None),
    ],
)
def test_a_text_names_a_class_or_none(text: str, named: AssetClass | None) -> None:
    assert class_from_words("", text, "") == named
    assert class_from_words(text, "", "") == named


def test_the_purpose_counts_before_the_label_and_the_label_before_the_name() -> None:
    assert class_from_words("castle", "a character", "sword.png") == CHARACTER
    assert class_from_words("castle", "as you like", "sword.png") == ENVIRONMENT
    assert class_from_words("Ana", "", "sword.png") == PROP


@pytest.mark.parametrize(
    ("filename", "named"),
    [
        ("hero_portrait-2.png", CHARACTER),
        ("OldLighthouse.final.webp", ENVIRONMENT),
        ("sword", PROP),
        ("IMG_1234.JPG", None),
        (".png", None),
    ],
)
def test_a_files_name_is_read_in_words(filename: str, named: AssetClass | None) -> None:
    assert class_from_words("", "", filename) == named

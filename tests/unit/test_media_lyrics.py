"""Lyrics as models write them: which lines are sung, and when."""

import pytest

from studio.media.lyrics import read_lyrics


def sung(text: str, seconds: float = 60.0) -> list[tuple[float, str]]:
    return [(s.start_seconds, s.text) for s in read_lyrics(text, seconds).transcript.segments]


def words(text: str) -> list[str]:
    return [line for _, line in sung(text)]


@pytest.mark.parametrize(
    "text",
    [
        "[0:05] Row your boat\n[0:12.5] down the stream",
        "[00:05.00]Row your boat\n[00:12.50]down the stream",
        "(0:05) Row your boat\n(0:12.5): down the stream",
        "[0:00:05] Row your boat\n[0:00:12.5] down the stream",
        "[0:05 - 0:10] Row your boat\n[0:12.5 - 0:20] down the stream",
        "[[A0]]\n[5.0:] Row your boat\n[[B1]]\n[12.5:16.0] down the stream",
        "[0:05] [Verse]\nRow your boat\n[0:12.5]\ndown the stream",
    ],
)
def test_times_are_read(text: str) -> None:
    assert sung(text) == [(5.0, "Row your boat"), (12.5, "down the stream")]
    assert read_lyrics(text, 60).timed


def test_a_line_ends_where_the_next_begins_and_at_the_latest_after_eight_seconds() -> None:
    lines = read_lyrics("[0:01] one\n[0:03] two\n[0:30] three", 33).transcript.segments

    assert [line.end_seconds for line in lines] == [3, 11, 33]


def test_lines_without_times_are_spread_by_their_lengths() -> None:
    lyrics = read_lyrics("aaaa\n\naaaaaaaa\naaaa", 16)

    assert [s.start_seconds for s in lyrics.transcript.segments] == [0, 4, 12]
    assert not lyrics.timed


def test_lines_between_times_are_spread_between_them() -> None:
    assert sung("[0:10] aaaa\naaaa\n[0:20] aa") == [(10, "aaaa"), (15, "aaaa"), (20, "aa")]


def test_names_of_sections_are_not_sung() -> None:
    text = (
        "[Intro]\n**Verse 1:** \nShe came\nChorus: (Oh oh) sing\n(Bridge)\n## Outro\nVerse II\n"
        "Intro: soft piano, slow\n[instrumental break]\nthe end (the end)"
    )

    assert words(text) == ["She came", "(Oh oh) sing", "the end (the end)"]


def test_words_that_only_begin_like_a_section_are_sung() -> None:
    lines = ["Bridge over water", "Hook me up", "Solo tonight", "Breaking the chorus line"]

    assert words("\n".join(lines)) == lines


@pytest.mark.parametrize("text", ["[0:50] late\n[0:10] early", "[0:50] late\nearly\nlater"])
def test_times_that_cannot_be_are_not_believed(text: str) -> None:
    assert not read_lyrics(text, 60).timed
    assert sung(text)[0][0] == 0


def test_nothing_is_later_than_the_track() -> None:
    lyrics = read_lyrics("[0:05] one\n[0:15] two\n[99:59] three", 10)

    assert [(s.start_seconds, s.end_seconds) for s in lyrics.transcript.segments] == [(5, 10)]


@pytest.mark.parametrize("text", ["", "[", "[[[[\n]]", "[0:01]", "\u202e\x00\n...", "(" * 5000])
def test_what_holds_no_words_has_no_lines(text: str) -> None:
    lyrics = read_lyrics(text, 60)

    assert lyrics.transcript.segments == ()
    assert not lyrics.timed


def test_a_flood_is_cut() -> None:
    assert len(words("la\n" * 100_000)) == 400
    assert [len(line) for line in words("x" * 50_000)] == [300]
    assert words(" " * 19_000 + "(" + " " * 900) == []
    assert words("a\u202eb\x1b[2Jc") == ["a b [2Jc"]

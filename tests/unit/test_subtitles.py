"""Subtitles that any player reads, whatever a model wrote; ffmpeg's reader is the judge."""

import re
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.contracts.documents import Segment, Transcript
from studio.media.subtitles import (
    CUE_SECONDS_MAX,
    CUE_SECONDS_MIN,
    LINE_LENGTH_MAX,
    LINES_MAX,
    SHOWN_SECONDS_MIN,
    web_vtt,
)

FILM_SECONDS = 20.0
Cue = tuple[float, float, str]


def said(*segments: tuple[float, float, str]) -> Transcript:
    return Transcript(
        segments=tuple(
            Segment(start_seconds=start, end_seconds=end, text=text)
            for start, end, text in segments
        )
    )


def read(folder: Path, words: str | None) -> list[Cue]:
    """The cues as ffmpeg reads them, times in seconds."""
    assert words is not None
    path = folder / "subtitles.vtt"
    path.write_text(words, encoding="utf-8")
    with av.open(str(path), format="webvtt") as container:
        (stream,) = container.streams.subtitles
        return [
            (
                float((packet.pts or 0) * packet.time_base),
                float(((packet.pts or 0) + (packet.duration or 0)) * packet.time_base),
                bytes(packet).decode(),
            )
            for packet in container.demux(stream)
            if packet.size and packet.time_base is not None
        ]


def test_what_is_said_is_read_at_its_time(tmp_path: Path) -> None:
    words = web_vtt(FILM_SECONDS, speech=said((0.3, 2.8, "A boat."), (5, 7, "It sinks.")))

    assert read(tmp_path, words) == [(0.3, 2.8, "A boat."), (5.0, 7.0, "It sinks.")]


def test_a_film_without_words_has_no_subtitles() -> None:
    assert web_vtt(FILM_SECONDS) is None
    assert web_vtt(FILM_SECONDS, speech=Transcript(), lyrics=said((1, 2, "  "))) is None


def test_long_speech_is_shared_out_in_two_lines_at_a_time(tmp_path: Path) -> None:
    text = "The old harbour wakes before the sun and every boat remembers its way home. " * 3
    cues = read(tmp_path, web_vtt(FILM_SECONDS, speech=said((1, 16, text))))

    assert " ".join(" ".join(cue[2].split()) for cue in cues) == text.strip()
    assert len(cues) > 2
    for start, end, shown in cues:
        assert len(shown.splitlines()) <= LINES_MAX
        assert max(map(len, shown.splitlines())) <= LINE_LENGTH_MAX
        assert CUE_SECONDS_MIN <= end - start <= CUE_SECONDS_MAX


def test_a_short_word_stays_long_enough_to_be_read(tmp_path: Path) -> None:
    cues = read(tmp_path, web_vtt(FILM_SECONDS, speech=said((3, 3.2, "Go!"))))

    assert cues == [(3.0, 4.0, "Go!")]


def test_cues_never_overlap_nor_leave_the_film(tmp_path: Path) -> None:
    speech = said((-1, 2, "Before."), (1, 6, "One."), (4, 9, "Two."), (18, 30, "Last."))
    cues = read(tmp_path, web_vtt(FILM_SECONDS, speech=speech))

    assert [text for _, _, text in cues] == ["Before.", "One.", "Two.", "Last."]
    assert all(end < start for (_, end, _), (start, _, _) in pairwise(cues))
    assert (cues[0][0], cues[-1][1]) == (0.0, FILM_SECONDS)


def test_markup_and_arrows_of_a_model_are_only_text(tmp_path: Path) -> None:
    hostile = "<script>a</script> & 00:00:00.000 --> 00:00:09.000\n\nNOTE b\x00\x1b[2J"
    words = web_vtt(FILM_SECONDS, speech=said((1, 4, hostile)))

    assert words is not None
    assert "<" not in words
    assert len(re.findall("-->", words)) == 1
    cues = read(tmp_path, words)
    assert len(cues) == 1
    assert "&lt;script&gt;" in cues[0][2]
    assert "\x1b" not in cues[0][2]


def test_lyrics_are_marked_and_begin_where_the_track_does(tmp_path: Path) -> None:
    lyrics = said((2, 9, "Never heard"), (12, 14, "Row, row your boat"))
    words = web_vtt(FILM_SECONDS, lyrics=lyrics, lyrics_start_seconds=10.0)

    assert read(tmp_path, words) == [(2.0, 4.0, "♪ Row, row your boat ♪")]
    assert words is not None
    assert "NOTE" not in words


def test_times_that_were_estimated_are_said_to_be(tmp_path: Path) -> None:
    words = web_vtt(FILM_SECONDS, lyrics=said((1, 3, "La")), lyrics_timed=False)

    assert words is not None
    assert "NOTE The times of the lyrics are estimated." in words
    assert len(read(tmp_path, words)) == 1


def test_a_voice_is_shown_rather_than_the_song_under_it(tmp_path: Path) -> None:
    words = web_vtt(
        FILM_SECONDS, speech=said((1, 4, "Listen.")), lyrics=said((2, 5, "La"), (6, 8, "Lo"))
    )

    assert [text for _, _, text in read(tmp_path, words)] == ["Listen.", "♪ Lo ♪"]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -float("inf")])
def test_times_that_are_no_times_are_left_out(seconds: float) -> None:
    assert web_vtt(FILM_SECONDS, speech=said((seconds, 2, "A"), (1, seconds, "B"))) is None


times = st.floats(-5, 30, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(times, times, st.text(max_size=200)), max_size=12))
def test_whatever_a_model_wrote_is_valid(
    tmp_path_factory: pytest.TempPathFactory, segments: list[tuple[float, float, str]]
) -> None:
    words = web_vtt(FILM_SECONDS, speech=said(*segments))
    if words is None:
        return
    cues = read(tmp_path_factory.mktemp("vtt"), words)
    assert len(cues) == words.count("-->")
    before = -1.0
    for start, end, text in cues:
        assert before < start
        assert SHOWN_SECONDS_MIN - 0.002 <= end - start <= CUE_SECONDS_MAX + 0.002
        assert end <= FILM_SECONDS
        assert len(text.splitlines()) <= LINES_MAX
        before = end

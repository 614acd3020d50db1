"""The offline critic. Model id `local-critic`: it measures; it has no taste and claims none."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from studio.contracts.limits import IMAGE_PIXELS_MAX
from studio.providers.ports import ReviewRequest, Verdict

LENSES: Final = ("technique",)
"""Exposure, contrast, shape, movement and sound: what can be measured, for one vote."""
SCORE_MAX: Final = 10.0
SCORE_PASSING: Final = 5.0
SAMPLED_FRAMES: Final = 8
_SAMPLE_SIZE: Final = (160, 90)
_SOUND_SAMPLES_MAX: Final = 48_000 * 4

# Luma in steps of 0 to 255.
_DARK_MEAN: Final = 14.0
_BRIGHT_MEAN: Final = 243.0
_BLANK_DEVIATION: Final = 4.0
_FLAT_DEVIATION: Final = 14.0
_FROZEN_DIFFERENCE: Final = 0.35
_STILL_DIFFERENCE: Final = 1.2
_SILENT_LEVEL: Final = 10 ** (-60 / 20)

_ASPECT_MIN: Final = 9 / 21
_ASPECT_MAX: Final = 21 / 9
"""From upright to widest screen: what film frames are."""

Luma = NDArray[np.float32]


@dataclass
class _Findings:
    """What a check found: `faults` fail the picture, `flaws` cost points each."""

    faults: list[str] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)

    def verdict(self, praise: str) -> Verdict:
        if self.faults:
            return Verdict(passed=False, score=1.0, remark=_sentence(self.faults + self.flaws))
        score = SCORE_MAX - 1.5 - 1.5 * len(self.flaws)
        remark = _sentence(self.flaws) if self.flaws else praise
        return Verdict(passed=score >= SCORE_PASSING, score=score, remark=remark)


class LocalCritic:
    """Critic port. Where it cannot look (no file, no decoder) it passes without a score."""

    @property
    def lenses(self) -> Sequence[str]:
        return LENSES

    async def review_image(self, request: ReviewRequest) -> Verdict:
        return await asyncio.to_thread(_review_image, request.media)

    async def review_clip(self, request: ReviewRequest) -> Verdict:
        return await asyncio.to_thread(_review_clip, request.media)


def _review_image(path: Path) -> Verdict:
    try:
        with Image.open(path) as opened:
            size = opened.size
            if size[0] * size[1] > IMAGE_PIXELS_MAX:
                return _unseen("the picture has too many pixels to look at")
            opened.draft("RGB", _SAMPLE_SIZE)
            luma = _small_luma(opened)
    except (UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        return Verdict(passed=False, score=0.0, remark=f"This is no picture: {error}.")
    except OSError as error:
        if path.exists():
            return Verdict(passed=False, score=0.0, remark=f"The picture is damaged: {error}.")
        return _unseen("the picture is not there")
    findings = _Findings()
    _check_shape(size, findings)
    _check_exposure([luma], findings)
    return findings.verdict("Exposure, contrast and shape are sound.")


def _review_clip(path: Path) -> Verdict:
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return Verdict(passed=False, score=0.0, remark="The clip has no picture.")
            frames, size = _sampled_frames(container)
        with av.open(str(path)) as container:
            level = _sound_level(container)
    except InvalidDataError:
        return Verdict(passed=False, score=0.0, remark="The clip cannot be decoded.")
    except (FFmpegError, OSError) as error:
        return _unseen(f"the clip could not be opened: {error}")
    if not frames:
        return Verdict(passed=False, score=0.0, remark="The clip has no frames.")
    findings = _Findings()
    _check_shape(size, findings)
    _check_exposure(frames, findings)
    _check_movement(frames, findings)
    if level is None:
        findings.flaws.append("it has no sound")
    elif level < _SILENT_LEVEL:
        findings.flaws.append("its sound is silence")
    return findings.verdict("It decodes, moves, is well exposed and has sound.")


def _sampled_frames(
    container: "av.container.InputContainer",
) -> tuple[list[Luma], tuple[int, int]]:
    """Up to `SAMPLED_FRAMES` frames spread over the clip, small and grey, and the frame's size."""
    stream = container.streams.video[0]
    stream.thread_type = "NONE"
    total = max(stream.frames, 1)
    wanted = {round(i * (total - 1) / (SAMPLED_FRAMES - 1)) for i in range(SAMPLED_FRAMES)}
    frames: list[Luma] = []
    for number, frame in enumerate(container.decode(stream)):
        if number in wanted:
            grey = frame.reformat(*_SAMPLE_SIZE, format="gray").to_ndarray()
            frames.append(grey.astype(np.float32))
    return frames, (stream.width, stream.height)


def _sound_level(container: "av.container.InputContainer") -> float | None:
    """Root mean square (1 = full scale) of the first seconds; None without a sound stream."""
    if not container.streams.audio:
        return None
    squares, samples = 0.0, 0
    resampler = av.AudioResampler(format="flt", layout="mono")
    for frame in container.decode(audio=0):
        for part in resampler.resample(frame):
            values = part.to_ndarray()
            squares += float(np.square(values).sum())
            samples += values.size
        if samples >= _SOUND_SAMPLES_MAX:
            break
    return (squares / samples) ** 0.5 if samples else 0.0


def _small_luma(picture: Image.Image) -> Luma:
    small = picture.convert("L").resize(_SAMPLE_SIZE, Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def _check_shape(size: tuple[int, int], findings: _Findings) -> None:
    aspect = size[0] / size[1]
    if not _ASPECT_MIN <= aspect <= _ASPECT_MAX:
        findings.flaws.append(f"its shape ({size[0]} x {size[1]}) is not a film frame's")


def _check_exposure(frames: list[Luma], findings: _Findings) -> None:
    brightest = max(float(f.mean()) for f in frames)
    darkest = min(float(f.mean()) for f in frames)
    contrast = max(float(f.std()) for f in frames)
    if brightest < _DARK_MEAN:
        findings.faults.append("it is black")
    elif darkest > _BRIGHT_MEAN:
        findings.faults.append("it is white")
    elif contrast < _BLANK_DEVIATION:
        findings.faults.append("it is blank")
    elif contrast < _FLAT_DEVIATION:
        findings.flaws.append("it is flat, with little contrast")


def _check_movement(frames: list[Luma], findings: _Findings) -> None:
    if len(frames) == 1:
        findings.faults.append("it is a single frame")
        return
    moved = max(float(np.abs(frames[0] - f).mean()) for f in frames[1:])
    if moved < _FROZEN_DIFFERENCE:
        findings.faults.append("it is frozen")
    elif moved < _STILL_DIFFERENCE:
        findings.flaws.append("it hardly moves")


def _unseen(reason: str) -> Verdict:
    return Verdict(passed=True, score=None, remark=f"Not looked at: {reason}.")


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."

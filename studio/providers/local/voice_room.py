"""A small warm room around the local voice: less hiss, more chest, a little echo."""

import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LOW_CUT_HZ: Final = 85.0
_CHEST_HZ: Final = 190.0
_CHEST_GAIN: Final = 0.35
_HARSH_HZ: Final = 3_100.0
_HARSH_CUT: Final = 0.42
_AIR_HZ: Final = 5_200.0
_ECHO_SECONDS: Final = 0.40
_ECHO_DECAY: Final = 11.0
_ECHO_LEVEL: Final = 0.20
_PEAK: Final = 0.80
"""About -2 dBFS: an encoder after it overshoots."""
_SEED: Final = 17
"""The room is always the same one."""

Samples = NDArray[np.float64]


def warm_up(path: Path) -> None:
    """Rewrite a 16-bit mono WAV with softer highs and a short room tail."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    if not len(raw):
        return
    sound = _in_room(_equalised(raw / 32_768, rate), rate)
    peak = max(float(np.abs(sound).max()), 1e-9)
    samples = np.round(sound * (_PEAK / peak) * 32_767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def _equalised(sound: Samples, rate: int) -> Samples:
    length = _fast_length(len(sound))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / rate), 1.0)
    gain = 1 / np.sqrt(1 + (_LOW_CUT_HZ / hertz) ** 6)
    gain *= 1 + _CHEST_GAIN * np.exp(-(np.log2(hertz / _CHEST_HZ) ** 2))
    gain *= 1 - _HARSH_CUT * np.exp(-((np.log2(hertz / _HARSH_HZ) / 0.55) ** 2))
    gain /= np.sqrt(1 + (hertz / _AIR_HZ) ** 4)
    shaped: Samples = np.fft.irfft(np.fft.rfft(sound, length) * gain, length)[: len(sound)]
    return shaped


def _in_room(sound: Samples, rate: int) -> Samples:
    """The sound and its echoes, longer by the room's tail."""
    tail = int(_ECHO_SECONDS * rate)
    seconds = np.arange(tail) / rate
    echoes = np.random.default_rng(_SEED).normal(0, 1, tail) * np.exp(-_ECHO_DECAY * seconds)
    echoes[: int(0.012 * rate)] = 0
    room = np.convolve(echoes, np.full(8, 0.125), "same")
    room *= np.linspace(1, 0, tail) / max(float(np.sqrt((room**2).sum())), 1e-9)
    length = _fast_length(len(sound) + tail)
    wet = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(room, length), length)
    mixed: Samples = wet[: len(sound) + tail] * _ECHO_LEVEL
    mixed[: len(sound)] += sound
    return mixed


def _fast_length(length: int) -> int:
    """A length whose transform is fast: a power of two, or three quarters of one."""
    power = 1 << max(length - 1, 1).bit_length()
    three = 3 * power // 4
    return three if three >= length else power

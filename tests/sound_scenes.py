"""Recordings with a known pulse, or with none, written as the decoder of uploads writes them."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
Sound = NDArray[np.float64]


def write_wav(path: Path, sound: Sound) -> Path:
    """16-bit 48 kHz stereo."""
    samples = (np.clip(sound, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.repeat(samples[:, None], 2, axis=1).tobytes())
    return path


def beats_of(bpm: float, seconds: float, lead_seconds: float = 0.1) -> list[float]:
    return list(np.arange(lead_seconds, seconds - 0.1, 60 / bpm))


def clicks(bpm: float, seconds: float, *, lead_seconds: float = 0.1, noise: float = 0.0) -> Sound:
    """A metronome."""
    return played(seconds, [(beat, click) for beat in beats_of(bpm, seconds, lead_seconds)], noise)


def drums(bpm: float, seconds: float, *, lead_seconds: float = 0.1, noise: float = 0.0) -> Sound:
    """Bass drum and snare in turn, hi-hats on the half beats too."""
    hits: list[tuple[float, Callable[[], Sound]]] = []
    for count, beat in enumerate(beats_of(bpm, seconds, lead_seconds)):
        hits += [(beat, snare if count % 2 else kick), (beat, hat), (beat + 30 / bpm, hat)]
    return played(seconds, hits, noise)


def chords(bpm: float, seconds: float) -> Sound:
    """Soft chords, one a beat, the harmony changing every fourth."""
    return played(
        seconds,
        [
            (beat, lambda root=(220.0, 262.0, 330.0, 294.0)[count // 4 % 4]: chord(root, 60 / bpm))  # type: ignore[misc]  # a default binds the loop's value
            for count, beat in enumerate(beats_of(bpm, seconds))
        ],
    )


def played(
    seconds: float, hits: list[tuple[float, Callable[[], Sound]]], noise: float = 0.0
) -> Sound:
    sound: Sound = noise * np.random.default_rng(5).normal(size=int(seconds * RATE_HZ))
    for start, instrument in hits:
        place = round(start * RATE_HZ)
        part = instrument()[: max(0, len(sound) - place)]
        sound[place : place + len(part)] += part
    return sound


def click() -> Sound:
    t = times(0.03)
    return np.asarray(0.6 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.006))


def kick() -> Sound:
    t = times(0.25)
    return np.asarray(
        0.8 * np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t / 0.02)))) * np.exp(-t / 0.08)
    )


def snare() -> Sound:
    t = times(0.2)
    return np.asarray(0.4 * np.random.default_rng(1).normal(size=len(t)) * np.exp(-t / 0.05))


def hat() -> Sound:
    t = times(0.06)
    noise = np.diff(np.random.default_rng(2).normal(size=len(t)), prepend=0)
    return np.asarray(0.12 * noise * np.exp(-t / 0.015))


def chord(root_hz: float, seconds: float) -> Sound:
    t = times(2 * seconds)
    tones = [
        np.sin(2 * np.pi * root_hz * ratio * harmonic * t) / harmonic
        for ratio in (1, 1.26, 1.5)
        for harmonic in (1, 2, 3)
    ]
    return np.asarray(0.06 * np.sum(tones, axis=0) * np.minimum(1, t / 0.02) * np.exp(-t / 0.5))


def babble(seconds: float, seed: int) -> Sound:
    """Syllables and pauses of uneven length, as in speech."""
    chance = np.random.default_rng(seed)
    sound, start = np.zeros(int(seconds * RATE_HZ)), 0.2
    while start < seconds - 0.5:
        t = times(chance.uniform(0.08, 0.3))
        pitch_hz = chance.uniform(100, 180)
        voiced = np.sum([np.sin(2 * np.pi * pitch_hz * h * t) / h for h in range(1, 15)], axis=0)
        place = round(start * RATE_HZ)
        sound[place : place + len(t)] += chance.uniform(0.05, 0.2) * voiced * np.hanning(len(t))
        pause = chance.uniform(0.2, 0.8) if chance.random() < 0.15 else chance.uniform(0, 0.06)
        start += len(t) / RATE_HZ + pause
    return sound


def hiss(seconds: float, seed: int) -> Sound:
    return np.asarray(0.2 * np.random.default_rng(seed).normal(size=int(seconds * RATE_HZ)))


def tone(seconds: float, hertz: float = 440.0) -> Sound:
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * times(seconds)))


def times(seconds: float) -> Sound:
    return np.asarray(np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
